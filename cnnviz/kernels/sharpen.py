"""The image plus its edges."""

from __future__ import annotations

from cnnviz.kernels._entry import Entry
from cnnviz.kernels._stencil import array

KERNELS = (
    Entry(
        "sharpen",
        lambda: array([[0, -1, 0], [-1, 5, -1], [0, -1, 0]]),
        "sharper image, the image minus its Laplacian",
        "Gonzalez and Woods, Digital Image Processing: Laplacian sharpening",
    ),
)
