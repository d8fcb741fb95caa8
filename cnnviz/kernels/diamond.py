"""The average over a diamond."""

from __future__ import annotations

import numpy as np

from cnnviz.kernels._entry import Array, Entry, odd_size
from cnnviz.kernels._stencil import average, grid


def diamond(size: int) -> Array:
    """Return the mean over the cells within `size // 2` steps along rows and columns."""
    x, y = grid(size)
    return average(np.abs(x) + np.abs(y) <= size // 2)


KERNELS = (
    Entry(
        "diamond",
        diamond,
        "average over a diamond, a square on its corner",
        "the cells with |x| + |y| <= (SIZE - 1)/2, sum 1",
        (odd_size(5),),
    ),
)
