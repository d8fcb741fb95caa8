"""The binomial average, a Gaussian blur in small whole numbers."""

from __future__ import annotations

from math import comb

from cnnviz.kernels._entry import Array, Entry, odd_size
from cnnviz.kernels._stencil import product


def binomial(size: int) -> Array:
    """Return the product of a row of Pascal's triangle with itself, scaled to sum to 1."""
    row = [comb(size - 1, i) / 2 ** (size - 1) for i in range(size)]
    return product(row, row)


KERNELS = (
    Entry(
        "binomial",
        binomial,
        "smooth blur, close to a Gaussian of variance (SIZE - 1)/4",
        "Pascal's triangle; Burt and Adelson 1983 use size 5",
        (odd_size(3),),
    ),
)
