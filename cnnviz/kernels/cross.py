"""The average over a diagonal cross."""

from __future__ import annotations

import numpy as np

from cnnviz.kernels._entry import Array, Entry, odd_size
from cnnviz.kernels._stencil import average, grid


def cross(size: int) -> Array:
    """Return the mean over the two diagonals."""
    x, y = grid(size)
    return average(np.abs(x) == np.abs(y))


KERNELS = (
    Entry(
        "cross",
        cross,
        "average over the two diagonals, an x",
        "the cells with |x| = |y|, sum 1",
        (odd_size(3),),
    ),
)
