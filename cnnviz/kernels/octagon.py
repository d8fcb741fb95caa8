"""The average over an octagon."""

from __future__ import annotations

import numpy as np

from cnnviz.kernels._entry import Array, Entry, odd_size
from cnnviz.kernels._stencil import average, grid


def octagon(size: int) -> Array:
    """Return the mean over a square whose corners are cut as in a regular octagon."""
    x, y = grid(size)
    return average(np.abs(x) + np.abs(y) <= round(2**0.5 * (size // 2)))


KERNELS = (
    Entry(
        "octagon",
        octagon,
        "average over an octagon, nearly round",
        "the cells with |x| + |y| <= sqrt(2) (SIZE - 1)/2 rounded, sum 1",
        (odd_size(7, low=5),),
    ),
)
