"""The bilinear average: weights that fall off evenly."""

from __future__ import annotations

import numpy as np

from cnnviz.kernels._entry import Array, Entry, odd_size
from cnnviz.kernels._stencil import grid, product


def tent(size: int) -> Array:
    """Return the product of two triangles, scaled to sum to 1."""
    row = (size + 1) / 2 - np.abs(grid(size)[0][0])
    row /= row.sum()
    return product(row, row)


KERNELS = (
    Entry(
        "tent",
        tent,
        "tent average, a box twice; enlarging by (SIZE + 1)/2 with it is bilinear",
        "1 - |x|/((SIZE + 1)/2) in both directions, sum 1; Bartlett's window",
        (odd_size(3),),
    ),
)
