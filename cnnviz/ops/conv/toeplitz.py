"""Convolution as products with Toeplitz matrices, for few filters with few taps.

What a column of the kernel makes of some output rows is a banded matrix times the rows that they
read, for any number of columns of the image. One product makes it for all columns of the kernel;
what they made is added, each shifted by its column. Columns that are alike, as those of symmetric
kernels, are made once.
"""

from __future__ import annotations

from itertools import product

import numpy as np

from cnnviz.ops.checks import Array
from cnnviz.ops.conv.banded import banded, reach, windows
from cnnviz.ops.conv.job import Job
from cnnviz.ops.scratch import scratch

# Output rows of a product: zeros among the taps against products that are too small.
ROWS = 4
# Multiply-adds of a product: OpenBLAS copies the factors of larger ones first, which for so narrow
# ones takes half of the time.
SMALL = 10**6
# Values that the products of a tile make. They stay in the cache if one thread works; of several,
# which wait for each other between calls, larger ones are quicker.
VALUES = 2**17
MORE = 2**21

CONVERTS = True
SPREADS = ROWS  # zeros in the matrices times NaN


State = list[tuple[Array, list[int]]]


def prepare(kernels: Array, job: Job) -> State:
    """Return the matrices of the columns of each filter, and which of them each column has.

    Of `n` columns that differ they are `(n, rows, cells · C)`.
    """
    made = []
    for f in range(kernels.shape[3]):
        columns = [kernels[:, j, :, f] for j in range(kernels.shape[1])]
        alike = [
            next(i for i, other in enumerate(columns) if np.array_equal(column, other))
            for column in columns
        ]
        apart = sorted(set(alike))
        matrix = banded(kernels[..., f][:, apart], min(ROWS, job.rows.output), job.rows)
        laid = np.ascontiguousarray(matrix.transpose(2, 0, 1, 3))  # from rows, cells, n, C
        made.append((laid.reshape(*laid.shape[:2], -1), [apart.index(i) for i in alike]))
    return made


def run(batch: Array, state: State, job: Job, out: Array, rows: slice) -> None:
    """Convolve rows of images `(N, H, W, C)` into `out`, `(N, H', W', filters)`."""
    kw, block, cells = max(matrices.shape for matrices, _ in state)
    wide, stride = job.columns.output, job.columns.stride
    pieces = -(-wide * stride * kw * block * cells // SMALL)
    step = max(-(-wide // pieces), 4 * job.columns.extent)  # each also reads that of the next
    values = VALUES if rows == slice(0, job.rows.output) else MORE
    most = block * max(1, values // (step * stride * kw * block))
    count = -(-(rows.stop - rows.start) // most)  # tiles of one size
    high = -(-(rows.stop - rows.start) // count // block) * block
    for n, first in product(range(len(out)), range(rows.start, rows.stop, high)):
        part = out[n, first : min(first + high, rows.stop)]
        lines = job.lines(batch[n : n + 1], first, len(part), out.dtype)[0]
        whole = len(part) // block * block
        for f, own in job.by_filter(lines, len(state)):
            matrices, columns = state[f]
            for left in range(0, wide, step):
                tile = part[:, left : left + step, f]
                if whole:
                    _fill(tile[:whole], own, matrices, columns, job, left * stride)
                if whole < len(part):
                    rest = len(part) - whole
                    some = matrices[:, :rest, : reach(rest, job.rows) * own.shape[1]]
                    read = own[whole * job.rows.stride :]
                    _fill(tile[whole:], read, some, columns, job, left * stride)
        job.finish(part)


def _fill(
    tile: Array, lines: Array, matrices: Array, columns: list[int], job: Job, left: int
) -> None:
    """Fill a tile of one map, some blocks of rows, with what is made of lines from `left` on."""
    apart, height, cells = matrices.shape
    count, wide = len(tile) // height, tile.shape[1]
    width = reach(wide, job.columns)
    room = scratch("toeplitz", (count, apart * height, -(-width // 16) * 16), lines.dtype)
    read = windows(lines, left, (count, cells, width), height * job.rows.stride)
    np.matmul(matrices.reshape(apart * height, cells), read, out=room[..., :width])

    made = room.reshape(count, apart, height, -1)
    step, dilation = job.columns.stride, job.columns.dilation
    end = step * (wide - 1) + 1
    terms = [made[:, i, :, j * dilation : j * dilation + end : step] for j, i in enumerate(columns)]
    sums = tile.reshape(terms[0].shape)
    first = min(range(len(terms)), key=lambda j: columns.count(columns[j]))
    total = terms.pop(first)
    if columns.count(columns[first]) > 1:  # other columns read it too
        total = np.add(total, terms.pop(), out=sums)
    for term in terms[:-1]:
        total += term
    if terms:
        np.add(total, terms[-1], out=sums)
    elif total is not sums:
        sums[...] = total
