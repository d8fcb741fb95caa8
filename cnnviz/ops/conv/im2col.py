"""Convolution as a matrix product: every window a row, every filter a column.

For many filters. A band of output rows at a time, so that the matrix of windows, which holds each
input value up to `kh · kw` times, stays small. After Chellapilla, Puri and Simard, "High
Performance Convolutional Neural Networks for Document Processing" (2006).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.lib.stride_tricks import as_strided

from cnnviz.geometry import Shape
from cnnviz.ops.checks import Array
from cnnviz.ops.conv.job import Job

# Windows in a band, and values in its matrix: enough for the product to run at full speed.
WINDOWS = 2**13
VALUES = 2**22
# Channels a group from which copying runs of channels beats copying runs of columns.
RUN = 16


def run(image: Array, kernels: Array, job: Job, out: Array) -> None:
    """Convolve one image `(H, W, C)` into `out`, `(H', W', filters)`."""
    kh, kw, channels, filters = kernels.shape
    weights = kernels.reshape(kh * kw * channels, filters)
    per_group = filters // job.groups
    width = out.shape[1]
    height = max(1, min(WINDOWS // width, VALUES // (width * len(weights))))
    windows = _from_runs_of_channels if channels >= RUN else _from_planes
    for first in range(0, len(out), height):
        part = out[first : first + height]
        flat = part.reshape(-1, filters)
        for group, matrix in enumerate(windows(image, kernels.shape, job, first, len(part))):
            mine = slice(group * per_group, (group + 1) * per_group)
            if job.groups == 1:
                np.matmul(matrix, weights, out=flat)
            else:
                flat[:, mine] = matrix @ weights[:, mine]


def _from_runs_of_channels(
    image: Array, kernel: Shape, job: Job, first: int, rows: int
) -> Iterator[Array]:
    """Yield the matrix of windows of each group, `(windows, kh · kw · channels)`."""
    kh, kw, channels, _ = kernel
    band = job.band(image, first, rows)
    down, across, deep = band.strides
    down_tap, across_tap = down * job.rows.dilation, across * job.columns.dilation
    strides = (down * job.rows.stride, across * job.columns.stride, down_tap, across_tap, deep)
    for start in range(0, image.shape[2], channels):
        shape = (rows, job.columns.output, kh, kw, channels)
        view = as_strided(band[:, :, start:], shape, strides, writeable=False)
        yield view.reshape(-1, kh * kw * channels)


def _from_planes(image: Array, kernel: Shape, job: Job, first: int, rows: int) -> Iterator[Array]:
    """Yield the same matrices, transposed in memory: a line of them is a shifted plane."""
    kh, kw, channels, _ = kernel
    planes = job.planes(image, first, rows)
    stop = job.rows.stride * (rows - 1) + 1
    end = job.columns.stride * (job.columns.output - 1) + 1
    lines = np.empty((kh, kw, channels, rows, job.columns.output), image.dtype)
    for start in range(0, image.shape[2], channels):
        group = planes[start : start + channels]
        for i, j in np.ndindex(kh, kw):
            top, left = i * job.rows.dilation, j * job.columns.dilation
            lines[i, j] = group[
                :, top : top + stop : job.rows.stride, left : left + end : job.columns.stride
            ]
        yield lines.reshape(kh * kw * channels, -1).T
