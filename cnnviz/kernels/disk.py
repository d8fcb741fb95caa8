"""The average over a disk: the blur of a lens out of focus."""

from __future__ import annotations

import numpy as np

from cnnviz.kernels._entry import Array, Entry, odd_size
from cnnviz.kernels._stencil import average, grid


def disk(size: int) -> Array:
    """Return the mean over the cells whose middle is within `size / 2` of the centre."""
    return average(np.hypot(*grid(size)) <= size / 2)


KERNELS = (
    Entry(
        "disk",
        disk,
        "average over a disk, the blur of a lens out of focus",
        "the cells with x^2 + y^2 <= (SIZE/2)^2, sum 1",
        (odd_size(7),),
    ),
)
