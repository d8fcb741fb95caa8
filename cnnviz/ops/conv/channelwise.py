"""Convolution of every channel with kernels of its own (depthwise), channels last throughout.

For many groups of one channel. Each tap is one pass over lines of `W' · C` values that lie side by
side in memory: the kernels are repeated along such a line once, and a band whose windows are
`stride` columns apart is dealt into `stride` bands whose windows are neighbours.
"""

from __future__ import annotations

import numpy as np

from cnnviz.ops.checks import Array
from cnnviz.ops.conv.job import Job

# Values in a band of the output: it, one product and the input rows stay in the cache.
BAND = 2**15


def run(image: Array, kernels: Array, job: Job, out: Array) -> None:
    """Convolve one image `(H, W, C)` into `out`, `(H', W', filters)`; `kernels` has one channel."""
    height, width, filters = out.shape
    line = width * filters
    taps = np.tile(kernels[:, :, 0], (1, 1, width))
    step = max(1, BAND // line)
    term = np.empty((min(step, height), line), out.dtype)
    for first in range(0, height, step):
        total = out[first : first + step].reshape(-1, line)
        dealt = _deal(job.band(image, first, len(total)), job, filters)
        stop = job.rows.stride * (len(total) - 1) + 1
        for i, j in np.ndindex(*taps.shape[:2]):
            start, phase = divmod(j * job.columns.dilation, job.columns.stride)
            top = i * job.rows.dilation
            lines = dealt[phase][top : top + stop : job.rows.stride, start * filters :][:, :line]
            if i == j == 0:
                np.multiply(lines, taps[i, j], out=total)
            else:
                total += np.multiply(lines, taps[i, j], out=term[: len(total)])


def _deal(band: Array, job: Job, filters: int) -> dict[int, Array]:
    """Return the columns that windows read, by their remainder: each `(rows, columns · filters)`.

    A channel with several filters is repeated for each of them.
    """
    stride, axis = job.columns.stride, job.columns
    phases = {j * axis.dilation % stride for j in range(axis.kernel_size)}
    repeats = filters // band.shape[2]
    dealt = {phase: band[:, phase::stride] for phase in phases}
    if repeats > 1:
        dealt = {phase: part.repeat(repeats, axis=2) for phase, part in dealt.items()}
    return {phase: part.reshape(len(part), -1) for phase, part in dealt.items()}
