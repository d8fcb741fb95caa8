"""The kernel that changes nothing."""

from __future__ import annotations

from cnnviz.kernels._entry import Array, Entry
from cnnviz.kernels._stencil import array


def identity() -> Array:
    """Return 1 in the middle of zeros."""
    return array([[0, 0, 0], [0, 1, 0], [0, 0, 0]])


KERNELS = (
    Entry(
        "identity",
        identity,
        "the image itself, to compare with",
        "the unit impulse: the neutral element of convolution",
    ),
)
