"""Sliding taps as a matrix: a product with it makes several windows of a row or a column at once.

A matrix product is so much faster than sums of shifted arrays that the zeros in it cost less.
"""

from __future__ import annotations

import numpy as np

from cnnviz.geometry import Axis, Shape
from cnnviz.ops.checks import Array


def banded(taps: Array, count: int, axis: Axis) -> Array:
    """Return the matrix `(count, cells, ...)` of `count` windows with `taps`, `(k, ...)`.

    Row `r` has the taps where window `r` reads, and zeros elsewhere.
    """
    matrix = np.zeros((count, reach(count, axis), *taps.shape[1:]), taps.dtype)
    for r in range(count):
        start = r * axis.stride
        matrix[r, start : start + axis.extent : axis.dilation] = taps
    return matrix


def reach(count: int, axis: Axis) -> int:
    """Return how many cells `count` windows read."""
    return (count - 1) * axis.stride + axis.extent


def windows(lines: Array, left: int, shape: Shape, step: int) -> Array:
    """Return matrices `(count, cells, width)` of `lines`, `(rows, C, W)`, that lie in one piece.

    They begin at column `left`, and are `step` rows apart. NumPy's `as_strided` takes as long as
    some products.
    """
    _, channels, width = lines.shape
    line = width * lines.itemsize
    strides = (step * channels * line, line, lines.itemsize)
    return np.ndarray(shape, lines.dtype, lines, left * lines.itemsize, strides)
