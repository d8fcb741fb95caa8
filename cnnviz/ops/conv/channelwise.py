"""Convolution of every channel with kernels of its own (depthwise), channels last throughout.

For many groups of one channel. Each tap is one pass over pixels that lie side by side in memory:
the kernels are repeated along a chunk of such a line once, and a band whose windows are `stride`
columns apart is dealt into `stride` bands whose windows are neighbours.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from math import gcd, prod

import numpy as np
from numpy.lib.stride_tricks import as_strided

from cnnviz.geometry import Shape
from cnnviz.ops.checks import Array
from cnnviz.ops.conv.job import Job
from cnnviz.ops.conv.parts import Rows, by_rows
from cnnviz.ops.scratch import scratch

# Values that a band reads: several threads wait for each other between bands.
BAND = 2**19
# Values in a chunk of a line: its sums and taps stay in the first-level cache.
CHUNK = 2**10
# Multiply-adds of matrix products that take as long as one of these.
COST = 16


def prepare(kernels: Array, job: Job) -> Array:
    """Return the kernels, `(kh, kw, 1, filters)`, repeated along a chunk of a line of the output.

    A chunk is the part of a line that is nearest to `CHUNK` values.
    """
    width, filters = job.columns.output, kernels.shape[3]
    parts = (n for n in range(1, width + 1) if width % n == 0)
    pixels = min(parts, key=lambda n: max(n * filters / CHUNK, CHUNK / (n * filters)))
    return np.tile(kernels[:, :, 0], (1, 1, pixels))


def parts(shape: Shape, taps: Array, job: Job) -> list[Rows]:
    """Return the parts of an output `(N, H', W', filters)`."""
    return by_rows(shape, COST * prod(shape) * prod(taps.shape[:2]), 2)


def run(batch: Array, taps: Array, job: Job, out: Array, rows: slice) -> None:
    """Convolve rows of images `(N, H, W, C)` into `out`, `(N, H', W', filters)`."""
    count, _, width, filters = out.shape
    chunk = taps.shape[2]
    step = max(1, BAND // (width * filters * job.rows.stride * job.columns.stride))
    for n, first in product(range(count), range(rows.start, rows.stop, step)):
        part = out[n, first : min(first + step, rows.stop)]
        straight = part.flags.c_contiguous
        total = part if straight else scratch("first", part.shape, out.dtype)
        total = total.reshape(len(part), -1, chunk)
        band = job.band(batch[n : n + 1], first, len(total))[0]
        for turn, (js, chunks) in enumerate(_deal(band, job, total.shape, filters)):
            # One pass a tap: products are added as they are made.
            operands = chunks, taps[:, js]
            if turn == 0:
                np.einsum("ijrql,ijl->rql", *operands, out=total)
            else:
                total += np.einsum("ijrql,ijl->rql", *operands)
        if not straight:
            part[...] = total.reshape(part.shape)
        job.finish(part)


def _deal(
    band: Array, job: Job, shape: tuple[int, ...], filters: int
) -> Iterator[tuple[slice, Array]]:
    """Yield the columns of the kernel that read the same columns of the band, and what they read.

    Which are those with the same remainder by the stride. What they read is `(kh, columns, rows,
    chunks, values)`; a channel with several filters is repeated for each of them.
    """
    stride, dilation = job.columns.stride, job.columns.dilation
    apart = stride // gcd(stride, dilation)
    for j in range(min(apart, job.columns.kernel_size)):
        start, phase = divmod(j * dilation, stride)
        dealt = band[:, phase::stride]
        repeats = filters // band.shape[2]
        lines = (dealt.repeat(repeats, axis=2) if repeats > 1 else dealt).reshape(len(band), -1)
        js = slice(j, None, apart)
        count = len(range(*js.indices(job.columns.kernel_size)))
        down, along = lines.strides
        across = apart * dilation // stride * filters * along
        tap = down * job.rows.dilation, across
        strides = (*tap, down * job.rows.stride, shape[2] * along, along)
        view = (job.rows.kernel_size, count, *shape)
        yield js, as_strided(lines[:, start * filters :], view, strides, writeable=False)
