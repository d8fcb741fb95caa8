"""Convolution as a sum of shifted images: the definition itself, a band of rows at a time.

Every value of the input stays in its own windows, so this is also what makes a band again in which
another strategy would spread a value that is not finite.
"""

from __future__ import annotations

from itertools import product

import numpy as np

from cnnviz.ops.checks import Array
from cnnviz.ops.conv.job import Job

# Values of a plane in a band, which stays in the cache.
PLANE = 2**16


def prepare(kernels: Array, job: Job) -> Array:
    """Return the kernels as they are."""
    return kernels


def run(batch: Array, kernels: Array, job: Job, out: Array, rows: slice) -> None:
    """Convolve rows of images `(N, H, W, C)` into `out`, `(N, H', W', filters)`."""
    height = max(1, PLANE // (len(job.padded.columns) * job.rows.stride))
    for n, first in product(range(len(out)), range(rows.start, rows.stop, height)):
        part = out[n, first : min(first + height, rows.stop)]
        lines = job.lines(batch[n : n + 1], first, len(part), out.dtype)[0]
        for f, own in job.by_filter(lines, kernels.shape[3]):
            part[:, :, f] = _sum(own, kernels[..., f], job, part.shape[:2])
        job.finish(part)


def _sum(lines: Array, kernel: Array, job: Job, shape: tuple[int, ...]) -> Array:
    """Return `Σ w · lines[i :: stride, c, j :: stride]` over the taps of one kernel."""
    stop, end = (
        axis.stride * (count - 1) + 1
        for axis, count in zip((job.rows, job.columns), shape, strict=True)
    )
    total, term = np.zeros(shape, lines.dtype), np.empty(shape, lines.dtype)
    for i, j, c in np.argwhere(kernel).tolist():  # zeros add nothing
        top, left = i * job.rows.dilation, j * job.columns.dilation
        down = slice(top, top + stop, job.rows.stride)
        across = slice(left, left + end, job.columns.stride)
        total += np.multiply(lines[down, c, across], kernel[i, j, c], out=term)
    return total
