"""The ways in which small kernels are made: products of vectors, turning, averages of shapes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from cnnviz.kernels._entry import Array

DIRECTIONS = ("n", "ne", "e", "se", "s", "sw", "w", "nw")  # clockwise, n is up
_RING = ((0, 0), (0, 1), (0, 2), (1, 2), (2, 2), (2, 1), (2, 0), (1, 0))


def array(rows: Sequence[Sequence[float]]) -> Array:
    """Return rows of numbers as a kernel."""
    return np.array(rows, dtype=np.float64)


def product(column: Sequence[float] | Array, row: Sequence[float] | Array) -> Array:
    """Return the separable kernel that applies `column` down and `row` across."""
    return np.outer(column, row) + 0.0  # -1 times 0 is -0, which a picture would show


def turned(kernel: Array, eighths: int) -> Array:
    """Turn a 3x3 kernel by moving its ring `eighths` of a turn, counter-clockwise as seen.

    >>> turned(array([[0, 0, 0], [-1, 0, 1], [0, 0, 0]]), 1).tolist()
    [[0.0, 0.0, 1.0], [0.0, 0.0, 0.0], [-1.0, 0.0, 0.0]]
    """
    result = kernel.copy()
    for i, cell in enumerate(_RING):
        result[cell] = kernel[_RING[(i + eighths) % 8]]
    return result


def facing(kernel: Array, direction: str, was: str = "n") -> Array:
    """Turn a 3x3 kernel that answers towards `was` so that it answers towards `direction`."""
    return turned(kernel, DIRECTIONS.index(was) - DIRECTIONS.index(direction))


def binomial_row(size: int, order: int = 0) -> Array:
    """Return the derivative of an order, smoothed by sums of neighbours to `size` cells.

    >>> binomial_row(5).tolist(), binomial_row(5, 1).tolist()
    ([1.0, 4.0, 6.0, 4.0, 1.0], [-1.0, -2.0, 0.0, 2.0, 1.0])
    """
    row = np.ones(1)
    for i in range(size - 1):
        row = np.convolve(row, (-1.0, 1.0) if i < order else (1.0, 1.0))
    return row


def offsets(size: int) -> Array:
    """Return the distances of `size` cells from their middle."""
    return np.arange(size, dtype=np.float64) - (size - 1) / 2


def grid(size: int) -> tuple[Array, Array]:
    """Return the columns and rows of `size` x `size` cells, counted from the middle."""
    return offsets(size)[None, :], offsets(size)[:, None]


def average(shape: np.ndarray[Any, Any]) -> Array:
    """Return the kernel that averages the cells where `shape` is true."""
    kernel: Array = shape / np.count_nonzero(shape)
    return kernel
