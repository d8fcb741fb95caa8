"""1 × 1 convolution: pixels times filters, a matrix product of the image as it lies."""

from __future__ import annotations

import numpy as np

from cnnviz.calls import Do, now
from cnnviz.ops.checks import Array
from cnnviz.ops.conv.job import Job, in_one_run
from cnnviz.ops.conv.products import matrix, product

WRITTEN = True


def prepare(kernels: Array, job: Job) -> Array:
    """Return kernels `(1, 1, C, filters)` as a matrix."""
    weights: Array = kernels[0, 0]
    return weights


def run(batch: Array, weights: Array, job: Job, out: Array, rows: slice, do: Do = now) -> None:
    """Convolve rows of images `(N, H, W, C)` into `out`, `(N, H', W', filters)`."""
    down, across = job.rows.stride, job.columns.stride
    read = batch[:, rows.start * down : (rows.stop - 1) * down + 1 : down]
    if across > 1:
        read = read[:, :, : (out.shape[2] - 1) * across + 1 : across]
    part = out[:, rows]  # which is one matrix: rows of one image, or images that are whole
    made = in_one_run(part)
    product(matrix(read, do), weights, made.reshape(-1, weights.shape[1]), do)
    job.finish(made, do=do)
    if made is not part:
        do(np.copyto, part, made)
