"""Local connections without shared weights: each place of the output has kernels of its own."""

from __future__ import annotations

from math import prod

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import ArrayLike

from cnnviz.errors import SpecError
from cnnviz.files import check_bytes
from cnnviz.geometry import Axis, Padding, Size, Window
from cnnviz.ops.checks import Array, as_batch, check_finite, real_array, result_type
from cnnviz.ops.conv.engine import as_weights, check_result
from cnnviz.ops.padding import Padded
from cnnviz.ops.sequences import UNIT, as_sequences
from cnnviz.ops.windows import tap


def locally_connected2d(
    x: ArrayLike,
    kernels: ArrayLike,
    *,
    kernel_size: Size,
    strides: Size = 1,
    padding: Padding = "valid",
    bias: ArrayLike | None = None,
) -> Array:
    """Do what `conv2d` does with other kernels at each place of the output.

    Parameters
    ----------
    x : array_like
        `(H, W)`, `(H, W, C)` or `(N, H, W, C)`.
    kernels : array_like
        `(H' · W', kh · kw · C, filters)`: for each output row by row, the cells of its window row
        by row, channels fastest (Keras 2).
    kernel_size, strides, padding
        As in `conv2d`.
    bias : (H', W', filters), optional
        Added to the result.

    Returns
    -------
    ndarray
        float64 if `x` is float64, otherwise float32; of the rank of `x`, at least 3, filters last.

    Raises
    ------
    SpecError
        If shapes and settings do not fit each other.
    InputError
        If a kernel or the bias holds NaN or infinity.
    RefusedError
        If the result or its windows are over the byte budget.

    Notes
    -----
    `y[o, p, f] = bias[o, p, f] + Σ x[o s - top + i, p s - left + j, c] · kernels[o W' + p,
    (i kw + j) C + c, f]`, section 9.5 of Goodfellow, Bengio and Courville, "Deep Learning" (2016),
    unshared convolution.

    Examples
    --------
    >>> locally_connected2d([[1, 2, 3]], [[[1], [1]], [[10], [0]]], kernel_size=(1, 2)).tolist()
    [[[3.0], [20.0]]]
    """
    batch = as_batch(x)
    window = Window.of(kernel_size, strides=strides, padding=padding)
    rows, columns = window.on(batch.shape[1:3])
    out = _connect(batch, kernels, (rows, columns), bias)
    return out if np.ndim(x) == 4 else out[0]


def locally_connected1d(
    x: ArrayLike,
    kernels: ArrayLike,
    *,
    kernel_size: Size,
    strides: Size = 1,
    padding: Padding = "valid",
    bias: ArrayLike | None = None,
) -> Array:
    """Do what `conv1d` does with other kernels at each place of the output.

    `x` is `(L,)`, `(L, C)` or `(N, L, C)`, `kernels` `(L', k · C, filters)`, `bias`
    `(L', filters)`; the rest as in `locally_connected2d`.

    >>> locally_connected1d([1, 2, 3], [[[1], [1]], [[10], [0]]], kernel_size=2).tolist()
    [[3.0], [20.0]]
    """
    batch = as_sequences(x)
    window = Window.of(kernel_size, strides=strides, padding=padding, rank=1)
    (cells,) = window.on(batch.shape[1:2])
    added = None if bias is None else real_array(bias, "the bias")[:, np.newaxis]
    out = _connect(batch, kernels, (cells, UNIT), added)[:, :, 0]
    return out if np.ndim(x) == 3 else out[0]


def _connect(
    batch: Array, kernels: ArrayLike, axes: tuple[Axis, Axis], bias: ArrayLike | None
) -> Array:
    dtype = result_type(batch)
    rows, columns = axes
    places = rows.output * columns.output
    read = rows.kernel_size * columns.kernel_size * batch.shape[3]
    weights = real_array(kernels, "the kernel")
    if weights.ndim != 3 or weights.shape[:2] != (places, read) or not weights.size:
        raise SpecError(f"kernels {weights.shape} are not ({places}, {read}, filters)")
    shape = (len(batch), rows.output, columns.output, weights.shape[2])
    added = None if bias is None else real_array(bias, "the bias")
    if added is not None:
        if added.shape != shape[1:]:
            raise SpecError(f"bias {added.shape} does not fit {shape[1:]}")
        check_finite(added, "bias")
    weights = as_weights(weights, dtype)
    check_result(shape, dtype)
    with np.errstate(all="ignore"):
        # One matrix product a place, over all images.
        products = np.matmul(_windows(batch.astype(dtype, copy=False), rows, columns), weights)
        out: Array = products.transpose(1, 0, 2).reshape(shape)
        if added is not None:
            out += added.astype(dtype)
    return out


def locally_connected_gradients(
    x: Array, gradient: Array, kernels: Array, axes: tuple[Axis, ...], *, of_inputs: bool = True
) -> tuple[tuple[Array, ...], Array]:
    """Return the gradients of the input, `()` without `of_inputs`, and of the kernels.

    `x` is `(N, H, W, C)` or `(N, L, C)`, `gradient` that of the output, `axes` the window laid on
    the spatial axes of `x`; `kernels` are as in `locally_connected2d`.
    """
    rows, columns = (*axes, UNIT)[:2]
    dtype, n, channels, filters = gradient.dtype, len(x), x.shape[-1], gradient.shape[-1]
    batch = x.reshape(n, rows.size, columns.size, channels).astype(dtype, copy=False)
    made = gradient.reshape(n, -1, filters).transpose(1, 0, 2)
    of_kernels: Array = np.matmul(_windows(batch, rows, columns).transpose(0, 2, 1), made)
    if not of_inputs:
        return (), of_kernels
    products = np.matmul(made, kernels.transpose(0, 2, 1).astype(dtype, copy=False))
    cells = (rows.kernel_size, columns.kernel_size)
    products = products.reshape(rows.output, columns.output, n, *cells, channels)
    out = np.zeros((rows.size, columns.size, n, channels), dtype)
    for i, j in np.ndindex(cells):
        down = tap(rows, i, rows.size, rows.output)
        across = tap(columns, j, columns.size, columns.output)
        if down is not None and across is not None:
            out[down[1], across[1]] += products[down[0], across[0], :, i, j]
    return (out.transpose(2, 0, 1, 3).reshape(x.shape),), of_kernels


def _windows(batch: Array, rows: Axis, columns: Axis) -> Array:
    """Return the values of each window, `(places, N, kh · kw · C)`."""
    padded = Padded.of((rows, columns))
    n, channels = len(batch), batch.shape[3]
    shape = (rows.output, columns.output, n, rows.kernel_size, columns.kernel_size, channels)
    laid = (len(padded.rows), len(padded.columns), n, channels)
    check_bytes(batch.itemsize * (prod(shape) + prod(laid)), "the windows")
    image = np.empty(laid, batch.dtype)
    padded.fill(image, batch.transpose(1, 2, 0, 3), 0)
    down, across, other, deep = image.strides
    strides = (down * rows.stride, across * columns.stride, other, down, across, deep)
    view = as_strided(image, shape, strides, writeable=False)
    return view.reshape(rows.output * columns.output, n, -1)
