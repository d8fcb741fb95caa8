"""Matrix products as OpenBLAS makes them fastest on one core."""

from __future__ import annotations

from math import ceil

import numpy as np

from cnnviz.calls import Do, now
from cnnviz.ops.checks import Array
from cnnviz.ops.scratch import scratch

# Products of up to so many multiply-adds are made where the matrices lie; others copy them first.
DIRECT = 10**6
# Rows of a piece from which that is quicker: 145 GFLOP/s for 110 of 64 by 64 weights.
ROWS = 64


def product(left: Array, weights: Array, out: Array, do: Do = now) -> None:
    """Write `left @ weights` to `out`, in pieces that are not copied if they are large enough."""
    rows, channels = left.shape
    count = pieces(rows, left.size * weights.shape[1] / DIRECT, ROWS)
    if count == 1:
        do(np.matmul, left, weights, out=out)
        return
    if left.flags.c_contiguous:
        stack = left.reshape(count, -1, channels)
    else:  # a row behind each other in memory
        stack = left.T.reshape(channels, count, -1).transpose(1, 2, 0)
    do(np.matmul, stack, weights, out=out.reshape(count, -1, out.shape[1]))


def matrix(values: Array, do: Do = now) -> Array:
    """Return `(..., C)` as a matrix of C columns: a view, or a copy where there is none."""
    shape = -1, values.shape[-1]
    made = values.reshape(shape)
    if do is now or np.may_share_memory(made, values):
        return made
    room = scratch("first", values.shape, values.dtype)
    do(np.copyto, room, values)
    return room.reshape(shape)


def pieces(count: int, least: float, size: int) -> int:
    """Return the fewest equal pieces of `count`, at least `least`; one if not of `size` each."""
    most = count // size
    return next((n for n in range(max(1, ceil(least)), most + 1) if count % n == 0), 1)
