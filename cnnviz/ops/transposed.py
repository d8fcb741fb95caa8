"""Transposed convolution: the adjoint of `conv2d`, which decoders and generators enlarge with.

One matrix product of the input's cells with all kernels, whose columns are added to the output one
tap of the kernel at a time, `strides` apart: no zeros are put between cells and multiplied.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import numpy as np
from numpy.typing import ArrayLike

from cnnviz.errors import SpecError
from cnnviz.files import check_bytes
from cnnviz.geometry import Axis, Padding, Size
from cnnviz.geometry.transposed import TransposedWindow
from cnnviz.ops.checks import Array, as_batch, check_finite, result_type
from cnnviz.ops.conv.checks import offsets, positive, ranked
from cnnviz.ops.conv.engine import as_weights, check_result, like
from cnnviz.ops.windows import tap

# Filters a group from which adding runs of filters beats adding runs of columns of a plane.
RUN = 16
# Products in a band.
VALUES = 2**18


def conv2d_transpose(
    x: ArrayLike,
    kernels: ArrayLike,
    *,
    strides: Size = 1,
    padding: Padding = "valid",
    output_padding: Size = 0,
    dilation_rate: Size = 1,
    groups: int = 1,
    bias: ArrayLike | None = None,
    flip: bool = False,
) -> Array:
    """Write kernels, weighted by the input's values, over a larger image and add them up.

    The adjoint of `conv2d`, as PyTorch's, Keras's and ONNX's transposed convolutions.

    Parameters
    ----------
    x : array_like
        `(H, W)`, `(H, W, C)` or `(N, H, W, C)`.
    kernels : array_like
        `(kh, kw)`, written by every channel; `(kh, kw, C)`, one filter; or
        `(kh, kw, filters/groups, C)`.
    strides, dilation_rate : int or (h, w)
        Output cells between two input cells, and between two cells of a written kernel.
    padding : str, int or tuple
        What is cropped: that of the convolution whose adjoint this is, as in `conv2d`. `"same"`
        gives `n s` cells (TensorFlow's and Keras's).
    output_padding : int or (h, w)
        Cells more at the end, fewer than `strides`. Keras's "valid", which is longer where the
        kernel is smaller than the stride, is an `output_padding` of `s - d(k - 1) - 1`.
    groups : int
        Channels and filters are split into this many groups that do not see each other.
    bias : float or (filters,), optional
        Added to each feature map.
    flip : bool
        Rotate the kernels by 180 degrees first.

    Returns
    -------
    ndarray
        float64 if `x` is float64, otherwise float32; `(n - 1) s + d(k - 1) + 1 - pads +
        output_padding` cells an axis. `(H', W')` for an `(H, W)` input and one 2-D kernel;
        otherwise the rank of `x`, at least 3, with filters last.

    Raises
    ------
    SpecError
        If shapes and settings do not fit each other.
    InputError
        If a kernel or the bias holds NaN or infinity.
    RefusedError
        If the result is over the byte budget.

    Notes
    -----
    `y[o s - top + i d, p s - left + j d, f] += x[o, p, c] · kernels[i, j, f, c]` for every `o`,
    `p`, `i`, `j` and `c`; sizes as in relationship 14 of Dumoulin and Visin, "A guide to
    convolution arithmetic for deep learning" (2016).

    Examples
    --------
    >>> conv2d_transpose([[1, 2]], [[1, 1, 1]], strides=2).tolist()
    [[1.0, 1.0, 3.0, 2.0, 2.0]]
    """
    batch = as_batch(x)
    channels = batch.shape[3]
    weights = _stack(kernels, channels, groups)
    window = TransposedWindow.of(
        weights.shape[:2],
        strides=strides,
        padding=padding,
        output_padding=output_padding,
        dilation_rate=dilation_rate,
    )
    axes = window.on(batch.shape[1:3])
    dtype = result_type(batch)
    weights = as_weights(weights, dtype)
    filters = weights.shape[2] * groups
    added = offsets(bias, filters)
    shape = (len(batch), axes[0].output, axes[1].output, filters)
    check_result(shape, dtype)
    check_bytes(weights.nbytes // channels * batch.shape[2], "one row of products")

    out = np.zeros(shape, dtype)
    adjoint = axes[0].adjoint, axes[1].adjoint
    with np.errstate(all="ignore"):
        batch = batch.astype(dtype, copy=False)
        _scatter(batch, weights[::-1, ::-1] if flip else weights, adjoint, groups, out)
        if added is not None:
            out += added.astype(dtype)
    return like(out, x, plain=np.ndim(kernels) == 2)


def _stack(kernels: ArrayLike, channels: int, groups: int) -> Array:
    """Return kernels as `(kh, kw, filters/groups, C)`, or raise `SpecError`."""
    groups = positive(groups, "groups")
    weights = ranked(kernels, "filters/groups, C")
    if groups > 1 and weights.ndim < 4:
        raise SpecError(
            f"groups {groups} with kernels {weights.shape}",
            hint="give kernels (kh, kw, filters/groups, C)",
        )
    if weights.ndim == 2:
        check_finite(weights, "kernel")  # before its numbers are repeated
        weights = np.broadcast_to(weights[:, :, np.newaxis], (*weights.shape, channels))
    if weights.ndim == 3:
        weights = weights[:, :, np.newaxis]
    read = weights.shape[3]
    if read != channels:
        raise SpecError(
            f"kernels {np.shape(kernels)} read {read} channels, the input has {channels}"
        )
    if channels % groups:
        raise SpecError(f"groups {groups} does not divide {channels} channels")
    return weights


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
