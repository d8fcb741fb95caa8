"""The average over a ring."""

from __future__ import annotations

import numpy as np

from cnnviz.errors import SpecError
from cnnviz.kernels._entry import LARGEST, Array, Entry, Number, odd_size
from cnnviz.kernels._stencil import average, grid


def ring(size: int, inner: int | None) -> Array:
    """Return the mean over the disk of `size` without that of `inner`; one cell wide if None."""
    inner = size - 2 if inner is None else inner
    if inner >= size:
        raise SpecError(f"inner {inner} is not smaller than size {size}")
    radius = np.hypot(*grid(size))
    return average((radius <= size / 2) & (radius > inner / 2))


KERNELS = (
    Entry(
        "ring",
        ring,
        "average over a ring; INNER is the width of the hole",
        "the cells with INNER/2 < sqrt(x^2 + y^2) <= SIZE/2, sum 1",
        (odd_size(7, low=3), Number("inner", None, 1, LARGEST, odd=True)),
    ),
)
