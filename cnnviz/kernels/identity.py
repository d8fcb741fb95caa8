"""The kernel that changes nothing."""

from __future__ import annotations

from cnnviz.kernels._entry import Entry
from cnnviz.kernels._stencil import array

KERNELS = (
    Entry(
        "identity",
        lambda: array([[0, 0, 0], [0, 1, 0], [0, 0, 0]]),
        "the image itself, to compare with",
        "the unit impulse: the neutral element of convolution",
    ),
)
