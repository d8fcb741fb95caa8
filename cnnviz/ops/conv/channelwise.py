"""Convolution of every channel with kernels of its own (depthwise), channels last throughout.

For many groups of one channel. Each tap is one pass over lines of `W' · C` values that lie side by
side in memory: the kernels are repeated along such a line once, and a band whose windows are
`stride` columns apart is dealt into `stride` bands whose windows are neighbours.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from math import gcd

import numpy as np
from numpy.lib.stride_tricks import as_strided

from cnnviz.ops.checks import Array
from cnnviz.ops.conv.job import Job

# Values in a band of the output: it and the input rows stay in the cache.
BAND = 2**15


def prepare(kernels: Array, job: Job) -> Array:
    """Return the kernels, `(kh, kw, 1, filters)`, repeated along a line of the output."""
    return np.tile(kernels[:, :, 0], (1, 1, job.columns.output))


def run(batch: Array, taps: Array, job: Job, out: Array, rows: slice) -> None:
    """Convolve rows of images `(N, H, W, C)` into `out`, `(N, H', W', filters)`."""
    count, _, width, filters = out.shape
    line = width * filters
    step = max(1, BAND // line)
    for n, first in product(range(count), range(rows.start, rows.stop, step)):
        part = out[n, first : min(first + step, rows.stop)]
        straight = part.flags.c_contiguous
        total = part.reshape(-1, line) if straight else np.empty((len(part), line), out.dtype)
        band = job.band(batch[n : n + 1], first, len(total))[0]
        for turn, (js, lines) in enumerate(_deal(band, job, total.shape, filters)):
            # One pass a tap: products are added as they are made.
            operands = lines, taps[:, js]
            if turn == 0:
                np.einsum("ijrl,ijl->rl", *operands, out=total)
            else:
                total += np.einsum("ijrl,ijl->rl", *operands)
        if not straight:
            part[...] = total.reshape(part.shape)
        job.finish(part)


def _deal(
    band: Array, job: Job, shape: tuple[int, ...], filters: int
) -> Iterator[tuple[slice, Array]]:
    """Yield the columns of the kernel that read the same columns of the band, and what they read.

    Which are those with the same remainder by the stride. What they read is `(kh, columns, rows,
    W' · filters)`; a channel with several filters is repeated for each of them.
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
        strides = (down * job.rows.dilation, across, down * job.rows.stride, along)
        view = (job.rows.kernel_size, count, *shape)
        yield js, as_strided(lines[:, start * filters :], view, strides, writeable=False)
