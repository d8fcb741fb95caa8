"""Convolution with a large kernel: down the columns by frequencies, along them by taps.

The discrete Fourier transform of bands of `n` rows is a matrix product, as is the way back, of
which the rows that wrapped around are left out (overlap-save). In between each frequency is slid
along the columns by products with banded matrices: of complex numbers, as pairs of real ones.

Of `k x k` taps that is about `14 k` multiply-adds a value, in matrix products all of them, where
`toeplitz` takes `k (k + 3)` and the sums; of 31 x 31 it is a quarter faster than FFTs of tiles.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.lib.stride_tricks import as_strided

from cnnviz.ops.checks import Array
from cnnviz.ops.conv.banded import banded
from cnnviz.ops.conv.job import Job
from cnnviz.ops.scratch import scratch

# Output columns of a product along the columns, and of a tile.
COLUMNS = 32
TILE = 2048

CONVERTS = True
SPREADS = 16  # rows of a band at least, all of them sums of all that are read


@dataclass(eq=False, repr=False)
class State:
    """What the products are with; `h` frequencies, each as its real and imaginary part."""

    forward: Array  # (h · 2, n)
    taps: list[Array]  # of each filter: (C, in 2, h, out 2, cells, columns)
    backward: Array  # (n - kh + 1, h · 2)


def prepare(kernels: Array, job: Job) -> State:
    """Transform the columns of kernels `(kh, kw, C, filters)`, and lay them along diagonals."""
    reach, dtype = job.rows.extent, kernels.dtype
    n = 16 * -(-3 * reach // 16)
    angles = 2 * np.pi / n * np.outer(np.arange(n // 2 + 1), np.arange(n))
    waves = np.stack([np.cos(angles), -np.sin(angles)], axis=1)  # h, 2, n
    twice = np.full((n // 2 + 1, 1, 1), 2 / n)  # the other half are the conjugates
    twice[[0, -1]] = 1 / n

    read = waves[:, :, : reach : job.rows.dilation]
    real, imaginary = np.einsum("hpi,ijcf->pfchj", read, kernels.astype(np.float64))
    # The conjugate, since kernels slide unturned, times a complex number, in and out.
    pairs = np.array([[real, -imaginary], [imaginary, real]])
    matrix = banded(pairs.transpose(5, 2, 3, 0, 4, 1).astype(dtype), COLUMNS, job.columns)
    taps = np.ascontiguousarray(matrix.transpose(2, 3, 4, 5, 6, 1, 0))
    return State(
        waves.reshape(-1, n).astype(dtype),
        list(taps),
        np.ascontiguousarray((waves * twice).reshape(-1, n)[:, : n - reach + 1].T, dtype),
    )


def run(batch: Array, state: State, job: Job, out: Array, rows: slice) -> None:
    """Convolve rows of images `(N, H, W, C)` into `out`, `(N, H', W', filters)`."""
    high, wide = len(state.backward), job.columns.output
    for n, first in product(range(len(out)), range(rows.start, rows.stop, high)):
        part = out[n, first : min(first + high, rows.stop)]
        lines = job.lines(batch[n : n + 1], first, len(part), out.dtype)[0]
        for f, own in job.by_filter(lines, len(state.taps)):
            for left in range(0, wide, TILE):
                tile = part[:, left : left + TILE, f]
                _fill(tile, own[:, :, left:], state.taps[f], state, job.columns.extent - 1)
        job.finish(part)


def _fill(tile: Array, lines: Array, taps: Array, state: State, more: int) -> None:
    """Fill a tile of one map from lines `(rows, C, W)`, of which it reads `more` columns beyond."""
    channels, _, h, _, cells, columns = taps.shape
    width = min(lines.shape[2], tile.shape[1] + more)
    # Windows of neighbours overlap, those of every so many do not, as a matrix needs it.
    turns = -(-cells // columns)
    count = -(-tile.shape[1] // (turns * columns))
    length = turns * count * columns
    read = scratch("frequencies", (h, 2, channels, length + more), lines.dtype)
    read[..., width:] = 0
    forward = state.forward[:, : len(lines)]
    into = read.reshape(2 * h, channels, -1)[:, :, :width].transpose(1, 0, 2)
    np.matmul(forward, lines.transpose(1, 0, 2)[:, :, :width], out=into)

    made = scratch("slid", (2, h, 2, length), lines.dtype)
    total, term = (_in_turns(each, (turns, count, columns), columns) for each in made)
    for k, (c, part) in enumerate(product(range(channels), range(2))):
        neighbours = _in_turns(read[:, part : part + 1, c], (turns, count, cells), columns)
        np.matmul(neighbours, taps[c, part][:, :, np.newaxis], out=term if k else total)
        if k:
            made[0] += made[1]

    slid = made[0].reshape(2 * h, length)[:, : tile.shape[1]]
    backward = state.backward[: len(tile)]
    if tile.strides[1] == tile.itemsize:
        np.matmul(backward, slid, out=tile)
    else:
        tile[...] = backward @ slid


def _in_turns(lines: Array, shape: tuple[int, ...], columns: int) -> Array:
    """Return `(h, parts, turns, count, cells)` of lines `(h, parts, length)`.

    Each holds some cells, `columns` behind those of the turn before.
    """
    turns, across = shape[0], columns * lines.itemsize
    strides = (*lines.strides[:2], across, turns * across, lines.itemsize)
    return as_strided(lines, (*lines.shape[:2], *shape), strides)
