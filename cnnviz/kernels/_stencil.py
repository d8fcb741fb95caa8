"""The two ways in which small kernels are made: a product of vectors, and turning."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cnnviz.kernels._entry import Array

_RING = ((0, 0), (0, 1), (0, 2), (1, 2), (2, 2), (2, 1), (2, 0), (1, 0))


def array(rows: Sequence[Sequence[float]]) -> Array:
    """Return rows of numbers as a kernel."""
    return np.array(rows, dtype=np.float64)


def product(column: Sequence[float], row: Sequence[float]) -> Array:
    """Return the separable kernel that applies `column` down and `row` across."""
    return np.outer(column, row).astype(np.float64)


def turned(kernel: Array, eighths: int) -> Array:
    """Turn a 3x3 kernel by moving its ring `eighths` of a turn, counter-clockwise as seen.

    >>> turned(array([[0, 0, 0], [-1, 0, 1], [0, 0, 0]]), 1).tolist()
    [[0.0, 0.0, 1.0], [0.0, 0.0, 0.0], [-1.0, 0.0, 0.0]]
    """
    result = kernel.copy()
    for i, cell in enumerate(_RING):
        result[cell] = kernel[_RING[(i + eighths) % 8]]
    return result
