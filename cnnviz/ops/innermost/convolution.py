"""Convolution at stride 1 with images innermost, and its gradients, as matrix products.

The rows of the image are laid out once for each column of the kernel, shifted by it. Then what any
output row reads is one block of memory, with a line for each cell of the kernel and each channel:
`kw` copies of the image make the windows of all `kh` rows of the kernel.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, reduce
from typing import Any, TypeGuard

import numpy as np

from cnnviz.geometry import Axis, Shape
from cnnviz.ops.checks import Array
from cnnviz.ops.threads import share

Axes = tuple[Axis, Axis]
Gradients = tuple[tuple[Array, ...], Array]

# Values of shifted rows that are laid out at a time.
BAND = 2**19
# Multiply-adds of a band from which another thread pays, and bands of work that is divided.
WORK, LEAST = 2**23, 4
# Lines of shifted rows up to which the kernels' gradient is a product a row: of few lines one of
# all rows runs at a third of the speed.
FEW = 32
# Multiply-adds up to which OpenBLAS multiplies without copying first, which takes half the time
# where there are few filters; fewer columns than that are too few.
SMALL, COLUMNS = 10**6, 96


def fits(axes: tuple[Axis, ...], groups: int) -> TypeGuard[Axes]:
    """Tell whether a convolution is one of these."""
    return (
        len(axes) == 2
        and groups == 1
        and all(
            axis.stride == axis.dilation == 1 and max(axis.before, axis.after) < axis.kernel_size
            for axis in axes
        )
    )


class Convolution:
    """A convolution and its way back.

    Parameters
    ----------
    x : ndarray
        `(C, H, W, N)`.
    kernels : ndarray
        `(kh, kw, C, filters)` in one run of memory, of the type of `x`.
    axes : pair of Axis
        The window laid on rows and columns.
    bias : ndarray, optional
        `(filters,)`.

    Attributes
    ----------
    y : ndarray
        `(filters, H', W', N)`.

    Examples
    --------
    >>> from cnnviz.geometry import Window
    >>> x, ones = np.arange(9.0).reshape(1, 3, 3, 1), np.ones((2, 2, 1, 1))
    >>> Convolution(x, ones, Window.of(2).on((3, 3))).y[0, ..., 0].tolist()
    [[8.0, 12.0], [20.0, 24.0]]
    """

    def __init__(self, x: Array, kernels: Array, axes: Axes, bias: Array | None = None) -> None:
        self._x, self._kernels, self._axes = x, kernels, axes
        self.y, work, bands = _convolution(x, kernels, axes, bias)
        share(work, bands)

    def gradients(self, gradient: Array, *, of_inputs: bool = True) -> Gradients:
        """Return the gradients of the input, `()` without `of_inputs`, and of the kernels.

        That of the input is the convolution of the output's with turned kernels.
        """
        x, kernels, axes = self._x, self._kernels, self._axes
        bands = _bands(x, kernels.shape, axes)
        work = _kernel_gradient(x, gradient, kernels.shape, axes)
        parts: list[Callable[[], Any]] = [partial(work, band) for band in bands]
        inputs: tuple[Array, ...] = ()
        if of_inputs:
            turned = np.ascontiguousarray(kernels[::-1, ::-1].swapaxes(2, 3))
            rows, columns = (_adjoint(axis) for axis in axes)
            out, convolve, others = _convolution(gradient, turned, (rows, columns), None)
            parts += [partial(convolve, band) for band in others]
            inputs = (out,)
        total: Array = reduce(np.add, share(lambda part: part(), parts)[: len(bands)])
        return inputs, total.reshape(kernels.shape)


def _convolution(
    x: Array, kernels: Array, axes: Axes, bias: Array | None
) -> tuple[Array, Callable[[slice], None], list[slice]]:
    """Return an output, what fills a band of its rows, and the bands."""
    rows, columns = axes
    shape, filters = kernels.shape, kernels.shape[3]
    out = np.empty((filters, rows.output, columns.output, x.shape[3]), x.dtype)
    lines, matrix = out.reshape(filters, rows.output, -1), kernels.reshape(-1, filters).T
    pieces = _pieces(matrix.size, lines.shape[2])

    def work(band: slice) -> None:
        part, windows = lines[:, band], _windows(x, shape, axes, band)
        if pieces > 1:
            cut = windows.reshape(*windows.shape[:2], pieces, -1).swapaxes(1, 2)
            made = part.reshape(*part.shape[:2], pieces, -1)
            np.matmul(matrix, cut, out=made.transpose(1, 2, 0, 3))
        else:
            np.matmul(matrix, windows, out=part.swapaxes(0, 1))
        if bias is not None:
            part += bias[:, np.newaxis, np.newaxis]

    return out, work, _bands(x, shape, axes)


def _kernel_gradient(
    x: Array, gradient: Array, kernel: Shape, axes: Axes
) -> Callable[[slice], Array]:
    """Return what gives the gradient of the kernels from a band of output rows."""
    kh, kw, channels, filters = kernel
    upstream = gradient.reshape(filters, axes[0].output, -1)

    def few(band: slice) -> Array:
        windows = _windows(x, kernel, axes, band)
        made: Array = np.matmul(windows, upstream[:, band].transpose(1, 2, 0)).sum(axis=0)
        return made

    def many(band: slice) -> Array:
        count = band.stop - band.start
        laid = np.empty((kw * channels, count + kh - 1, upstream.shape[2]), x.dtype)
        _lay(x, axes, band.start, laid.reshape(kw, channels, len(laid[0]), -1, x.shape[3]))
        flat = upstream[:, band].reshape(filters, -1).T
        made = np.empty((kh, len(laid), filters), x.dtype)
        for i in range(kh):
            np.matmul(laid[:, i : i + count].reshape(len(laid), -1), flat, out=made[i])
        return made

    return few if kw * channels <= FEW else many


def _pieces(size: int, columns: int) -> int:
    """Return in how many pieces a row's product with a matrix of that size is faster than whole."""
    least = -(-size * columns // SMALL)
    most = max(1, columns // COLUMNS)
    return next((n for n in range(least, most + 1) if columns % n == 0), 1)


def _adjoint(axis: Axis) -> Axis:
    """Return the axis along which the input's gradient is a convolution of the output's."""
    before, after = axis.kernel_size - 1 - axis.before, axis.kernel_size - 1 - axis.after
    return Axis(axis.output, axis.kernel_size, 1, 1, before, after, axis.size, "floor")


def _bands(x: Array, kernel: Shape, axes: Axes) -> list[slice]:
    """Return the output rows that are made at a time."""
    rows, columns = axes
    line = columns.output * x.shape[3] * kernel[1] * kernel[2]
    most = max(1, BAND // line - kernel[0] + 1)
    macs = line * kernel[0] * kernel[3] * rows.output
    count = max(min(LEAST, macs // WORK), -(-rows.output // most))
    step = -(-rows.output // max(1, count))
    return [slice(at, min(at + step, rows.output)) for at in range(0, rows.output, step)]


def _windows(x: Array, kernel: Shape, axes: Axes, band: slice) -> Array:
    """Return what output rows read, `(count, kh·kw·C, W'·N)`: views of rows that overlap."""
    kh, kw = kernel[:2]
    count, width, n = band.stop - band.start, axes[1].output, x.shape[3]
    laid = np.empty((count + kh - 1, kw, len(x), width, n), x.dtype)
    _lay(x, axes, band.start, laid.transpose(1, 2, 0, 3, 4))
    row, _, line, _, cell = laid.strides
    return _view(laid, (count, kh * kw * len(x), width * n), (row, line, cell))


def _lay(x: Array, axes: Axes, first: int, laid: Array) -> None:
    """Fill `(kw, C, rows, W', N)` with padded rows from `first` on, shifted by each column."""
    rows, columns = axes
    top, height = first - rows.before, laid.shape[2]
    x = np.ascontiguousarray(x)
    band, offset = x[:, max(0, top) : top + height], max(0, top) * x.strides[1]
    if band.shape[1] < height or columns.before or columns.after:
        width = columns.before + columns.size + columns.after
        padded = np.zeros((len(x), height, width, x.shape[3]), x.dtype)
        low, left = max(0, -top), columns.before
        padded[:, low : low + band.shape[1], left : left + columns.size] = band
        x, offset = padded, 0
    channel, row, column, cell = x.strides
    laid[...] = _view(x, laid.shape, (column, channel, row, column, cell), offset)


def _view(array: Array, shape: Shape, strides: Shape, offset: int = 0) -> Array:
    """Return a view of an array in one run of memory; `as_strided` takes 10 us."""
    return np.ndarray(shape, array.dtype, array, offset, strides)
