"""Convolution as a matrix product: every window a row, every filter a column.

For many filters. A band of output rows at a time, or several small images, so that the matrix of
windows, which holds each input value up to `kh · kw` times, stays small. After Chellapilla, Puri
and Simard, "High Performance Convolutional Neural Networks for Document Processing" (2006).
"""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

import numpy as np
from numpy.lib.stride_tricks import as_strided

from cnnviz.geometry import Shape
from cnnviz.ops.checks import Array
from cnnviz.ops.conv.job import Job

# Windows in a band, and values in its matrix: enough for the product to run at full speed.
WINDOWS = 2**13
VALUES = 2**22
# Channels a group, and values in a row of a window where they lie side by side, from which copying
# them beats copying runs of columns; these are long only in wide images.
RUN = 16
JOINED = 24


def run(batch: Array, kernels: Array, job: Job, out: Array) -> None:
    """Convolve images `(N, H, W, C)` into `out`, `(N, H', W', filters)`; small ones together."""
    filters = kernels.shape[3]
    weights = kernels.reshape(-1, filters)
    for part, group, matrix in matrices(batch, kernels.shape, job):
        flat = out[part].reshape(-1, filters)
        if job.groups == 1:
            np.matmul(matrix, weights, out=flat)
        else:
            mine = job.filters(group, filters)
            flat[:, mine] = matrix @ weights[:, mine]


def matrices(
    batch: Array, kernel: Shape, job: Job
) -> Iterator[tuple[tuple[slice, slice], int, Array]]:
    """Yield the windows of a batch, band after band, and group after group within a band.

    As the images and output rows of the band, the group, and the matrix of its windows, `(windows,
    kh · kw · channels)`, which is overwritten by the next.
    """
    kh, kw, channels, _ = kernel
    enough = min(JOINED, job.columns.output // 3)
    joined = job.groups == 1 and job.columns.dilation == 1 and channels * kw >= enough
    windows = _from_runs_of_channels if joined or channels >= RUN else _from_planes
    room = np.empty(0, batch.dtype)
    for images, rows in _bands(batch, kernel, job):
        count = len(batch[images]) * (rows.stop - rows.start) * job.columns.output
        if room.size < count * kh * kw * channels:
            room = np.empty(count * kh * kw * channels, batch.dtype)
        for group, matrix in enumerate(windows(batch[images], kernel, job, rows, room)):
            yield (images, rows), group, matrix


def _bands(batch: Array, kernel: Shape, job: Job) -> Iterator[tuple[slice, slice]]:
    """Yield images and output rows: some rows of one image, or several whole images."""
    kh, kw, channels, _ = kernel
    count, height, width = len(batch), job.rows.output, job.columns.output
    lines = max(1, min(WINDOWS // width, VALUES // (width * kh * kw * channels)))
    together = max(1, min(lines // height, VALUES // job.cells(batch.shape[3]), count))
    together = -(-count // -(-count // together))  # bands of one size
    for image in range(0, count, together):
        for first in range(0, height, lines):
            yield slice(image, image + together), slice(first, min(first + lines, height))


def _from_runs_of_channels(
    batch: Array, kernel: Shape, job: Job, outputs: slice, room: Array
) -> Iterator[Array]:
    """Yield the matrix of windows of each group, laid out in `room`."""
    kh, kw, channels, _ = kernel
    rows = outputs.stop - outputs.start
    band = job.band(batch, outputs.start, rows)
    image, down, across, deep = band.strides
    taps = down * job.rows.dilation, across * job.columns.dilation
    strides = (image, down * job.rows.stride, across * job.columns.stride, *taps, deep)
    for start in range(0, batch.shape[3], channels):
        shape = (len(batch), rows, job.columns.output, kh, kw, channels)
        view = as_strided(band[..., start:], shape, strides, writeable=False)
        if kh * kw == 1:  # most often no copy
            yield view.reshape(-1, channels)
        else:
            room[: view.size].reshape(shape)[...] = view
            yield room[: view.size].reshape(-1, kh * kw * channels)


def _from_planes(
    batch: Array, kernel: Shape, job: Job, outputs: slice, room: Array
) -> Iterator[Array]:
    """Yield the same matrices, transposed in memory: a line of them is a shifted plane."""
    kh, kw, channels, _ = kernel
    rows = outputs.stop - outputs.start
    planes = job.planes(batch, outputs.start, rows)
    stop = job.rows.stride * (rows - 1) + 1
    end = job.columns.stride * (job.columns.output - 1) + 1
    shape = (kh, kw, channels, len(batch), rows, job.columns.output)
    lines = room[: prod(shape)].reshape(shape)
    for start in range(0, batch.shape[3], channels):
        group = planes[start : start + channels]
        for i, j in np.ndindex(kh, kw):
            top, left = i * job.rows.dilation, j * job.columns.dilation
            across = slice(left, left + end, job.columns.stride)
            lines[i, j] = group[:, :, top : top + stop : job.rows.stride, across]
        yield lines.reshape(kh * kw * channels, -1).T
