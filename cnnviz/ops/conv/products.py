"""Matrix products as OpenBLAS makes them fastest on one core."""

from __future__ import annotations

from math import ceil

import numpy as np

from cnnviz.ops.checks import Array

# Products of up to so many multiply-adds are made where the matrices lie; others copy them first.
DIRECT = 10**6
# Rows of a piece from which that is quicker: 145 GFLOP/s for 110 of 64 by 64 weights.
ROWS = 64


def product(matrix: Array, weights: Array, out: Array) -> None:
    """Write `matrix @ weights` to `out`, in pieces that are not copied if they are large enough."""
    rows, channels = matrix.shape
    count = pieces(rows, matrix.size * weights.shape[1] / DIRECT, ROWS)
    if count == 1:
        np.matmul(matrix, weights, out=out)
        return
    if matrix.flags.c_contiguous:
        stack = matrix.reshape(count, -1, channels)
    else:  # a row behind each other in memory
        stack = matrix.T.reshape(channels, count, -1).transpose(1, 2, 0)
    np.matmul(stack, weights, out=out.reshape(count, -1, out.shape[1]))


def pieces(count: int, least: float, size: int) -> int:
    """Return the fewest equal pieces of `count`, at least `least`; one if not of `size` each."""
    most = count // size
    return next((n for n in range(max(1, ceil(least)), most + 1) if count % n == 0), 1)
