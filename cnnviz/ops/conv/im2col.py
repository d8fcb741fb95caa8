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

from cnnviz.calls import Do, now
from cnnviz.geometry import Shape
from cnnviz.ops.checks import Array
from cnnviz.ops.conv.job import Job, in_one_run
from cnnviz.ops.conv.parts import by_rows, cut
from cnnviz.ops.conv.products import matrix, product
from cnnviz.ops.scratch import scratch
from cnnviz.ops.threads import WORK

WRITTEN = True
# Windows in a band at most and at least, and values in its matrix: enough for the product to run at
# full speed. On several threads BAND is twice as quick as what would stay in the cache: with more
# calls they wait for each other's hold of the interpreter's lock. So it is with the parts.
WINDOWS = 2**13
FEW = 2**8
VALUES = 2**22
BAND = 2**20
PARTS = 4
# Columns from which a band has more rows, up to so many values: with fewer rows than a window has
# they are read again and again.
WIDE = 2**10
MORE = 2**20
# Channels a group, and values in a row of a window where they lie side by side, from which copying
# them beats copying runs of columns; these are long only in wide images.
RUN = 16
JOINED = 24


def prepare(kernels: Array, job: Job) -> tuple[Array, Shape]:
    """Return the kernels as a matrix, a filter a column, and their shape."""
    return kernels.reshape(-1, kernels.shape[3]), kernels.shape


def parts(
    shape: Shape, state: tuple[Array, Shape], job: Job
) -> list[tuple[slice, tuple[slice, slice]]]:
    """Return the parts of an output `(N, H', W', filters)`: rows, or filters of few rows."""
    count, height, width, filters = shape
    macs = prod(shape) * state[0].shape[0]
    several = min(PARTS, height * width // FEW) // 2 * 2
    if count == 1 and several == 0 and macs >= WORK and not job.finish.whole:
        of = 16 if job.groups == 1 else filters // job.groups
        return [(slice(0, 1), (slice(0, height), some)) for some in cut(filters, 2, of=of)]
    rows = by_rows(shape, macs, max(1, several))
    return [(images, (piece, slice(0, filters))) for images, piece in rows]


def run(
    batch: Array,
    state: tuple[Array, Shape],
    job: Job,
    out: Array,
    part: tuple[slice, slice],
    do: Do = now,
) -> None:
    """Convolve rows of `(N, H, W, C)` with some filters, into `out` `(N, H', W', filters)`.

    Of however many groups.
    """
    weights, kernel = state
    rows, filters = part
    values = BAND * len(weights) // (len(weights) + kernel[3])
    each = kernel[3] // job.groups
    groups = range(filters.start // each, -(-filters.stop // each))
    for band, group, windows in matrices(batch, kernel, job, rows, values, groups, do):
        if group == groups[0]:
            wanted = out[band][..., filters]
            made = in_one_run(wanted)
        mine = slice(max(filters.start, group * each), min(filters.stop, (group + 1) * each))
        columns = slice(mine.start - filters.start, mine.stop - filters.start)
        product(windows, weights[:, mine], made.reshape(-1, made.shape[3])[:, columns], do)
        if group == groups[-1]:
            job.finish(made, filters, do)
            if made is not wanted:
                do(np.copyto, wanted, made)


def matrices(
    batch: Array,
    kernel: Shape,
    job: Job,
    outputs: slice | None = None,
    values: int = VALUES,
    groups: range | None = None,
    do: Do = now,
) -> Iterator[tuple[tuple[slice, slice], int, Array]]:
    """Yield the windows of a batch or of some output rows, band by band, a group after another.

    As the images and output rows of the band, the group, and the matrix of its windows, `(windows,
    kh · kw · channels)`, which is overwritten by the next.
    """
    kh, kw, channels, _ = kernel
    enough = min(JOINED, job.columns.output // 3)
    joined = job.groups == 1 and job.columns.dilation == 1 and channels * kw >= enough
    windows = _from_runs_of_channels if joined or channels >= RUN else _from_planes
    for images, rows in _bands(batch, kernel, job, outputs or slice(0, job.rows.output), values):
        count = len(batch[images]) * (rows.stop - rows.start) * job.columns.output
        room = scratch("first", (count * kh * kw * channels,), batch.dtype)
        for group in groups or range(job.groups):
            own = slice(group * channels, (group + 1) * channels)
            made = windows(batch[images][..., own], kernel, job, rows, room, do)
            yield (images, rows), group, made


def _bands(
    batch: Array, kernel: Shape, job: Job, outputs: slice, values: int
) -> Iterator[tuple[slice, slice]]:
    """Yield images and output rows: some rows of one image, or several whole images."""
    kh, kw, channels, _ = kernel
    count, height, width = len(batch), outputs.stop - outputs.start, job.columns.output
    windows = min(WINDOWS, max(FEW, values // (kh * kw * channels)))
    lines = max(1, windows // width)
    if width > WIDE:
        lines = max(lines, min(2 * kh, MORE // (width * kh * kw * channels)))
    together = max(1, min(lines // height, VALUES // job.cells(batch.shape[3]), count))
    together = -(-count // -(-count // together))  # bands of one size
    for image in range(0, count, together):
        for first in range(outputs.start, outputs.stop, lines):
            yield slice(image, image + together), slice(first, min(first + lines, outputs.stop))


def _from_runs_of_channels(
    batch: Array, kernel: Shape, job: Job, outputs: slice, room: Array, do: Do
) -> Array:
    """Return the matrix of windows of a group's channels, laid out in `room`."""
    kh, kw, channels, _ = kernel
    rows = outputs.stop - outputs.start
    band = job.band(batch, outputs.start, rows, do=do)
    image, down, across, deep = band.strides
    taps = down * job.rows.dilation, across * job.columns.dilation
    strides = (image, down * job.rows.stride, across * job.columns.stride, *taps, deep)
    shape = (len(batch), rows, job.columns.output, kh, kw, channels)
    view = as_strided(band, shape, strides, writeable=False)
    if kh * kw == 1:  # most often no copy
        return matrix(view, do)
    do(np.copyto, room.reshape(shape), view)
    return room.reshape(-1, kh * kw * channels)


def _from_planes(
    batch: Array, kernel: Shape, job: Job, outputs: slice, room: Array, do: Do
) -> Array:
    """Return the same matrix, transposed in memory: a line of it is a shifted plane."""
    kh, kw, channels, _ = kernel
    rows = outputs.stop - outputs.start
    planes = job.planes(batch, outputs.start, rows, do)
    deep, image, down, across = planes.strides
    taps = down * job.rows.dilation, across * job.columns.dilation
    strides = (*taps, deep, image, down * job.rows.stride, across * job.columns.stride)
    shape = (kh, kw, channels, len(batch), rows, job.columns.output)
    # One copy for all taps: a call each would hand the interpreter's lock to and fro.
    do(np.copyto, room.reshape(shape), as_strided(planes, shape, strides, writeable=False))
    return room.reshape(kh * kw * channels, -1).T
