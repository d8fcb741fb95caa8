"""Transposed convolution by the definition: each input cell writes a weighted kernel.

One matrix product of the input's cells with all kernels, whose columns are added to the output one
tap of the kernel at a time, `strides` apart: no zeros are put between cells and multiplied.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

import numpy as np

from cnnviz.files import check_bytes
from cnnviz.geometry import Axis
from cnnviz.ops.checks import Array
from cnnviz.ops.conv.parts import by_rows
from cnnviz.ops.threads import share
from cnnviz.ops.windows import tap

# Filters a group from which adding runs of filters beats adding runs of columns of a plane.
RUN = 16
# Products in a band.
VALUES = 2**19
# Parts of an image: the rows that two of them write are multiplied twice.
PARTS = 2


def run(
    batch: Array,
    weights: Array,
    axes: tuple[Axis, Axis],
    groups: int,
    bias: Array,
    out: Array,
) -> None:
    """Fill `out`, `(N, H', W', filters)`, from `batch`, `(N, H, W, C)`, both of one type.

    `weights` are `(kh, kw, filters/groups, C)`, `bias` one of each filter; `axes` are those of the
    adjoint convolution.
    """
    rows, columns = axes
    check_bytes(weights.nbytes // weights.shape[3] * batch.shape[2], "one row of products")

    def fill(part: tuple[slice, slice]) -> None:
        images, lines = part
        read, own = _part(rows, lines)
        made = out[images, lines]
        made[...] = 0
        if own.output:
            _scatter(batch[images, read], weights, (own, columns), groups, made)
        if bias.any():
            made += bias

    share(fill, by_rows(out.shape, batch.size * weights[..., 0].size, PARTS))


def _part(axis: Axis, lines: slice) -> tuple[slice, Axis]:
    """Return which input cells are written to some output cells, and the axis of these alone."""
    start, stop = axis.before + lines.start, axis.before + lines.stop
    first = min(max(0, -((axis.extent - 1 - start) // axis.stride)), axis.output)
    last = max(first, min(axis.output, (stop - 1) // axis.stride + 1))
    size = lines.stop - lines.start
    own = replace(axis, size=size, before=start - first * axis.stride, output=last - first)
    return slice(first, last), own


def _scatter(
    batch: Array, weights: Array, axes: tuple[Axis, Axis], groups: int, out: Array
) -> None:
    """Add the products of every input cell with the kernels to `out`, a band at a time."""
    rows, columns = axes
    kh, kw, filters, channels = weights.shape
    each = channels // groups
    planar = filters < RUN
    phases = _phases(out, rows, columns, planar)
    across = list(_reach(columns, columns.output))
    for images, lines in _bands(batch.shape, kh * kw * filters):
        cells = batch[images, lines]
        down = list(_reach(rows, cells.shape[1], lines.start))
        for group in range(groups):
            read = slice(group * each, (group + 1) * each)
            made = slice(group * filters, (group + 1) * filters)
            products = _products(cells[..., read], weights[..., read], planar)
            for (i, r, top, y), (j, c, left, x) in product(down, across):
                phases[top, left][images, y, x, made] += products[i, j, :, r, c]
    if planar:
        for (top, left), phase in phases.items():
            out[:, top :: rows.stride, left :: columns.stride] = phase


def _reach(axis: Axis, count: int, first: int = 0) -> Iterator[tuple[int, slice, int, slice]]:
    """Yield where each tap of the kernel writes `count` input cells from the `first` on.

    As the tap, which of those cells it writes to the output, the phase that they are written to
    (output cells that lie a stride apart, by the first of them), and which cells of that.
    """
    for i in range(axis.kernel_size):
        met = tap(axis, i, axis.size, count, (first, 0))
        if met is not None:
            inputs, cells = met
            start, phase = divmod(cells.start, axis.stride)
            yield i, inputs, phase, slice(start, start + inputs.stop - inputs.start)


def _phases(out: Array, rows: Axis, columns: Axis, planar: bool) -> dict[tuple[int, int], Array]:
    """Return the phases of `out` that the kernel is written to, by their first row and column.

    Each is a view of `out`, or, if `planar`, zeros of its shape whose planes are contiguous.
    """
    tops, lefts = (
        {(i * axis.dilation - axis.before) % axis.stride for i in range(axis.kernel_size)}
        for axis in (rows, columns)
    )
    phases = {}
    for top, left in product(tops, lefts):
        phase = out[:, top :: rows.stride, left :: columns.stride]
        if planar:
            planes = np.zeros(phase.transpose(0, 3, 1, 2).shape, out.dtype)
            phase = planes.transpose(0, 2, 3, 1)
        phases[top, left] = phase
    return phases


def _products(cells: Array, weights: Array, planar: bool) -> Array:
    """Return cells times kernels, `(kh, kw, N, H, W, filters)`; `planar` puts filters outermost."""
    kernel, channels = weights.shape[:3], weights.shape[3]
    matrix, flat = weights.reshape(-1, channels), cells.reshape(-1, channels)
    # A product of a column and a row is every product of their values: no sums, and ten times
    # faster as that.
    times = np.multiply if channels == 1 else np.matmul
    if planar:
        planes = times(matrix, flat.T).reshape(*kernel, *cells.shape[:3])
        return planes.transpose(0, 1, 3, 4, 5, 2)
    return times(flat, matrix.T).reshape(*cells.shape[:3], *kernel).transpose(3, 4, 0, 1, 2, 5)


def _bands(shape: tuple[int, ...], products: int) -> Iterator[tuple[slice, slice]]:
    """Yield images and rows that have few enough products, so many a cell; several small images."""
    n, height, width, _ = shape
    lines = max(1, VALUES // (width * products))
    for image in range(0, n, max(1, lines // height)):
        for first in range(0, height, lines):
            yield slice(image, image + max(1, lines // height)), slice(first, first + lines)
