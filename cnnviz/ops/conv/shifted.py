"""Convolution as a sum of shifted images, a band of rows at a time.

For few filters: `out = Σ w[i, j] · image[i:, j:]`, each term one pass over data that stays in the
processor's cache. Channels become planes, so that every pass runs over contiguous memory, and a
kernel of rank 1 is applied as a column and a row.
"""

from __future__ import annotations

from itertools import product

import numpy as np

from cnnviz.ops.checks import Array
from cnnviz.ops.conv.job import Job

# Values of one plane in a band, and of all its planes: a band and its sums stay in the cache.
PLANE = 2**16
BAND = 2**18

Tap = tuple[float, int, int, int]  # weight, channel, row and column
Steps = tuple[list[Tap], list[Tap]]  # down the columns first, if anything, and across


def prepare(kernels: Array, job: Job) -> tuple[int, list[Steps]]:
    """Return the channels that a filter reads, and the taps of each filter."""
    return kernels.shape[2], [_steps(kernels[..., f], job) for f in range(kernels.shape[3])]


def run(batch: Array, state: tuple[int, list[Steps]], job: Job, out: Array, rows: slice) -> None:
    """Convolve rows of images `(N, H, W, C)` into `out`, `(N, H', W', filters)`."""
    channels, filters = state
    width = len(job.padded.columns)
    lines = min(PLANE // width, BAND // (width * batch.shape[3]))
    height = max(1, lines // job.rows.stride)
    per_group = out.shape[3] // job.groups

    for n, first in product(range(len(out)), range(rows.start, rows.stop, height)):
        part = out[n, first : min(first + height, rows.stop)]
        planes = job.planes(batch[n : n + 1], first, len(part))[:, 0]
        for f, (down, across) in enumerate(filters):
            start = f // per_group * channels
            own = planes[start : start + channels]
            strides = (job.rows.stride, job.columns.stride)
            if down:
                own = slide(own, down, (strides[0], 1), (len(part), width))[np.newaxis]
                strides = (1, strides[1])
            part[:, :, f] = slide(own, across, strides, part.shape[:2])
        job.finish(part)


def slide(
    planes: Array, taps: list[Tap], strides: tuple[int, int], shape: tuple[int, ...]
) -> Array:
    """Return the `shape` array `Σ w · planes[c, i :: strides[0], j :: strides[1]]` over `taps`."""
    rows, width = shape
    line = planes.shape[2]
    if strides == (1, 1):
        # One flat run from the first cell to the last: the cells between two lines are computed
        # in vain, which costs less than starting a loop for each line.
        length = (rows - 1) * line + width
        flat = planes.reshape(len(planes), -1)
        views = [(w, flat[c, i * line + j :][:length]) for w, c, i, j in taps]
        lines = np.empty(rows * line, planes.dtype)
        total, result = lines[:length], lines.reshape(rows, line)[:, :width]
    else:
        down, across = strides
        stop, end = down * (rows - 1) + 1, across * (width - 1) + 1
        views = [(w, planes[c, i : i + stop : down, j : j + end : across]) for w, c, i, j in taps]
        total = result = np.empty((rows, width), planes.dtype)
    _accumulate(views, total)
    return result


def _accumulate(views: list[tuple[float, Array]], total: Array) -> None:
    if not views:
        total[...] = 0
        return
    (weight, view), *others = views
    np.multiply(view, weight, out=total)
    term = np.empty_like(total)
    for weight, view in others:
        if weight == 1:
            total += view
        elif weight == -1:
            total -= view
        else:
            np.multiply(view, weight, out=term)
            total += term


def _steps(kernel: Array, job: Job) -> Steps:
    """Return the taps of one filter `(kh, kw, C)`, as a column and a row if that is less work."""
    taps = _taps(kernel, job)
    factors = factor(kernel[:, :, 0]) if kernel.shape[2] == 1 else None
    if factors is not None:
        column, row = factors
        down, across = _taps(column[:, None, None], job), _taps(row[None, :, None], job)
        if len(down) + len(across) + 1 < len(taps):
            return down, across
    return [], taps


def _taps(kernel: Array, job: Job) -> list[Tap]:
    down, across = job.rows.dilation, job.columns.dilation
    cells = np.argwhere(kernel.transpose(2, 0, 1)).tolist()  # zeros add nothing
    return [(float(kernel[i, j, c]), c, i * down, j * across) for c, i, j in cells]


def factor(kernel: Array) -> tuple[Array, Array] | None:
    """Return `column` and `row` with `outer(column, row) == kernel`, None if its rank is not 1.

    Whole numbers are split into whole numbers, so that sums of whole pixels stay exact.

    >>> factor(np.array([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]]))
    (array([1., 2., 1.]), array([-1.,  0.,  1.]))
    """
    values = kernel.astype(np.float64)
    i, j = np.unravel_index(np.argmax(np.abs(values)), values.shape)
    if values[i, j] == 0:
        return None
    whole = np.array_equal(values, np.rint(values)) and abs(values[i, j]) < 2**53
    divisor = np.gcd.reduce(values[i].astype(np.int64)) if whole else values[i, j]
    row = values[i] / divisor
    column = values[:, j] / row[j]
    error = np.abs(np.outer(column, row) - values).max()
    tolerance = 0.0 if whole else 2 * float(np.finfo(kernel.dtype).eps) * abs(values[i, j])
    return (column, row) if error <= tolerance else None
