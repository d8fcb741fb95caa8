"""Convolution of sequences, images one cell wide: their windows lie in memory as they are.

For few filters. A run of cells holds several windows, and a product with a banded matrix makes them
at once. Runs that overlap cannot be rows of one matrix: every so manieth is, in turns.
"""

from __future__ import annotations

import numpy as np

from cnnviz.ops.checks import Array
from cnnviz.ops.conv.banded import banded, reach
from cnnviz.ops.conv.job import Job
from cnnviz.ops.conv.planner import SEQUENCE
from cnnviz.ops.scratch import scratch

# Columns of a product: narrower ones take as long, in wider ones there are more zeros.
COLUMNS = 32

SPREADS = COLUMNS // SEQUENCE  # zeros in the matrices times NaN


def prepare(kernels: Array, job: Job) -> Array:
    """Return the matrix `(cells, C, windows, filters)` of a row."""
    block = max(1, COLUMNS // kernels.shape[3])
    matrix = banded(kernels[:, 0], min(block, job.rows.output), job.rows)
    return np.ascontiguousarray(np.moveaxis(matrix, 0, 2))


def run(batch: Array, matrix: Array, job: Job, out: Array, rows: slice) -> None:
    """Convolve rows of images `(N, H, 1, C)` into `out`, `(N, H', 1, filters)`."""
    part = out[:, rows]
    count, windows = part.shape[:2]
    read = job.lines if matrix.shape[1] == 1 else job.band
    cells = np.ascontiguousarray(read(batch, rows.start, windows)).reshape(count, -1)
    straight = part[0].flags.c_contiguous
    made = part if straight else scratch("sequence", part.shape, out.dtype)
    _fill(made, cells, matrix, job)
    if not straight:
        part[...] = made
    job.finish(part)


def _fill(made: Array, cells: Array, matrix: Array, job: Job) -> None:
    """Fill `made`, `(N, windows, 1, filters)`, from cells `(N, cells · C)`."""
    length, channels, block, filters = matrix.shape
    count, windows = made.shape[:2]
    step = block * job.rows.stride
    turns = -(-length // step)
    whole, rest = divmod(windows, block)
    flat = matrix.reshape(length * channels, -1)
    size = cells.itemsize
    for turn in range(min(turns, whole)):
        first = turn * step * channels
        shape = count, -(-(whole - turn) // turns), length * channels
        strides = cells.strides[0], turns * step * channels * size, size
        read = np.ndarray(shape, cells.dtype, cells, first * size, strides)
        first = turn * block * filters
        strides = made.strides[0], turns * block * filters * size, size
        sums = np.lib.stride_tricks.as_strided(
            made[:, turn * block :], (*shape[:2], block * filters), strides
        )
        np.matmul(read, flat, out=sums)
    if rest:
        some = reach(rest, job.rows)
        part = np.ascontiguousarray(matrix[:some, :, :rest]).reshape(some * channels, -1)
        tail = cells[:, whole * step * channels :][:, : some * channels]
        made[:, whole * block :] = (tail @ part).reshape(count, rest, 1, filters)
