"""Convolution with a kernel of rank 1 as a column and a row, each a product with a banded matrix.

Down the columns the matrix stands before the rows of the image; along them it stands behind tiles
of the columns, so that each product writes what it makes where it belongs.
"""

from __future__ import annotations

from itertools import product
from typing import cast

import numpy as np
from numpy.lib.stride_tricks import as_strided

from cnnviz.ops.checks import Array
from cnnviz.ops.conv.banded import banded, reach, windows
from cnnviz.ops.conv.factors import factor
from cnnviz.ops.conv.job import Job
from cnnviz.ops.scratch import scratch

# Output rows and columns of a product, and values of a band.
SIDE = 16
VALUES = 2**19

CONVERTS = True
SPREADS = SIDE  # zeros in the matrices times NaN

State = list[tuple[Array, Array]]


def prepare(kernels: Array, job: Job) -> State:
    """Return the matrices of the column and of the row of each filter, `(kh, kw, 1, filters)`."""
    made = []
    for f in range(kernels.shape[3]):
        column, row = cast(tuple[Array, Array], factor(kernels[:, :, 0, f]))
        down = banded(column.astype(kernels.dtype), min(SIDE, job.rows.output), job.rows)
        across = banded(row.astype(kernels.dtype), min(SIDE, job.columns.output), job.columns)
        made.append((down, np.ascontiguousarray(across.T)))
    return made


def run(batch: Array, state: State, job: Job, out: Array, rows: slice) -> None:
    """Convolve rows of images `(N, H, W, C)` into `out`, `(N, H', W', filters)`."""
    width, block = len(job.padded.columns), len(state[0][0])
    high = block * max(1, VALUES // (width * block))
    for n, first in product(range(len(out)), range(rows.start, rows.stop, high)):
        part = out[n, first : min(first + high, rows.stop)]
        lines = job.lines(batch[n : n + 1], first, len(part), out.dtype)[0]
        for f, own in job.by_filter(lines, len(state)):
            down, across = state[f]
            _rows(_columns(own, down, len(part), job), across, part[:, :, f], job)
        job.finish(part)


def _columns(lines: Array, down: Array, height: int, job: Job) -> Array:
    """Return `height` rows of what the column makes of `lines`, `(rows, 1, W)`."""
    block, cells = down.shape
    width, step = lines.shape[2], block * job.rows.stride
    made = scratch("separable", (height, width), lines.dtype)
    count, rest = divmod(height, block)
    if count:
        read = windows(lines, 0, (count, cells, width), step)
        np.matmul(down, read, out=made[: count * block].reshape(count, block, width))
    if rest:
        some = down[:rest, : reach(rest, job.rows)]
        np.matmul(some, lines[count * step :, 0], out=made[count * block :])
    return made


def _rows(made: Array, across: Array, part: Array, job: Job) -> None:
    """Fill a band of one map, `part`, with what the row makes of rows `made`."""
    cells, block = across.shape
    count, rest = divmod(part.shape[1], block)
    step = block * job.columns.stride
    # A product writes side by side only: maps that lie otherwise are copied.
    straight = part.strides[1] == part.itemsize
    total = part if straight else scratch("separable map", part.shape, part.dtype)
    if count:
        down, across_ = made.strides
        tiles = as_strided(made, (count, len(made), cells), (step * across_, down, across_))
        down, across_ = total.strides
        sums = as_strided(total, (count, len(made), block), (block * across_, down, across_))
        np.matmul(tiles, across, out=sums)
    if rest:
        some = across[: reach(rest, job.columns), :rest]
        np.matmul(made[:, count * step :][:, : len(some)], some, out=total[:, count * block :])
    if not straight:
        part[...] = total
