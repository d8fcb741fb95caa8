"""1 × 1 convolution: pixels times filters, a matrix product of the image as it lies."""

from __future__ import annotations

from cnnviz.ops.checks import Array
from cnnviz.ops.conv.job import Job
from cnnviz.ops.conv.products import product


def prepare(kernels: Array, job: Job) -> Array:
    """Return kernels `(1, 1, C, filters)` as a matrix."""
    matrix: Array = kernels[0, 0]
    return matrix


def run(batch: Array, weights: Array, job: Job, out: Array, rows: slice) -> None:
    """Convolve rows of images `(N, H, W, C)` into `out`, `(N, H', W', filters)`."""
    channels, filters = weights.shape
    down, across = job.rows.stride, job.columns.stride
    read = batch[:, rows.start * down : (rows.stop - 1) * down + 1 : down]
    if across > 1:
        read = read[:, :, : (out.shape[2] - 1) * across + 1 : across]
    part = out[:, rows]  # which is one matrix: rows of one image, or images that are whole
    product(read.reshape(-1, channels), weights, part.reshape(-1, filters))
    job.finish(part)
