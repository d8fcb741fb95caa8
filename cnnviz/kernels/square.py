"""The average over a square."""

from __future__ import annotations

import numpy as np

from cnnviz.kernels._entry import Array, Entry, odd_size
from cnnviz.kernels._stencil import average


def square(size: int) -> Array:
    """Return the mean over all cells."""
    return average(np.ones((size, size)))


KERNELS = (
    Entry(
        "square",
        square,
        "average over a square; the same as box",
        "1/SIZE^2 everywhere",
        (odd_size(3),),
    ),
)
