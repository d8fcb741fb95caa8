"""The image as a relief."""

from __future__ import annotations

from cnnviz.kernels._entry import Entry
from cnnviz.kernels._stencil import array

KERNELS = (
    Entry(
        "emboss",
        lambda: array([[-2, -1, 0], [-1, 1, 1], [0, 1, 2]]),
        "relief; lifts what is brighter to the lower right",
        "the image plus its slope to the lower right; as on setosa.io, Image Kernels",
    ),
)
