"""The average over a plus."""

from __future__ import annotations

from cnnviz.kernels._entry import Array, Entry, odd_size
from cnnviz.kernels._stencil import average, grid


def plus(size: int) -> Array:
    """Return the mean over the middle row and the middle column."""
    x, y = grid(size)
    return average((x == 0) | (y == 0))


KERNELS = (
    Entry(
        "plus",
        plus,
        "average over a + of lines one cell wide; OpenCV calls it a cross",
        "the cells with x = 0 or y = 0, sum 1",
        (odd_size(3),),
    ),
)
