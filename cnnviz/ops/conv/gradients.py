"""The gradients of a convolution: of its kernels, its input and its bias.

What is summed in the kernels' gradient are the windows of the forward run, whose matrix is made
again, a band at a time; the input's is the adjoint, one tap of the kernel after another.
"""

from __future__ import annotations

import numpy as np

from cnnviz.geometry import Axis, Shape
from cnnviz.geometry.transposed import TransposedAxis
from cnnviz.ops.checks import Array
from cnnviz.ops.conv import im2col
from cnnviz.ops.conv.engine import convolve, run_job
from cnnviz.ops.conv.job import Job
from cnnviz.ops.padding import Padded
from cnnviz.ops.sequences import UNIT
from cnnviz.ops.threads import spread
from cnnviz.ops.windows import tap

# Windows in a band of images, whose products stay in the cache.
WINDOWS = 2**12
# Channels from which a convolution with turned kernels beats adding products tap by tap.
WIDE = 64


def bias_gradient(gradient: Array) -> Array:
    """Return the sum of the gradient of each map, `(filters,)`.

    As a product with ones, which rounds less than adding one row after another.

    >>> bias_gradient(np.ones((2, 3, 3, 4))).tolist()
    [18.0, 18.0, 18.0, 18.0]
    """
    flat = gradient.reshape(-1, gradient.shape[-1])
    result: Array = np.ones(len(flat), flat.dtype) @ flat
    return result


def convolution_gradients(
    x: Array,
    gradient: Array,
    kernels: Array,
    axes: tuple[Axis, ...],
    *,
    groups: int = 1,
    of_inputs: bool = True,
) -> tuple[tuple[Array, ...], Array]:
    """Return the gradients of the input, `()` without `of_inputs`, and of the kernels.

    Of `conv2d` and, with one axis, of `conv1d`: `x` is `(N, H, W, C)` or `(N, L, C)`, `gradient`
    that of the output, whose type both results have.
    """
    rows, columns = (*axes, UNIT)[:2]  # a sequence is an image one cell wide
    shape = kernels.shape
    if len(axes) == 1:
        gradient, kernels = gradient[:, :, np.newaxis], kernels[:, np.newaxis]
    image = x.reshape(len(x), rows.size, columns.size, -1).astype(gradient.dtype, copy=False)
    made = kernel_gradient(image, gradient, kernels.shape, (rows, columns), groups=groups)
    if not of_inputs:
        return (), made.reshape(shape)
    kernels = kernels.astype(gradient.dtype, copy=False)
    of_x = input_gradient(gradient, kernels, (rows, columns), groups=groups)
    return (of_x.reshape(x.shape),), made.reshape(shape)


def depthwise_gradients(
    x: Array, gradient: Array, kernels: Array, axes: tuple[Axis, ...], *, of_inputs: bool = True
) -> tuple[tuple[Array, ...], Array]:
    """Return the same of `depthwise_conv2d`, with kernels `(kh, kw, C, M)`."""
    stack = kernels.reshape(*kernels.shape[:2], 1, -1)
    inputs, made = convolution_gradients(
        x, gradient, stack, axes, groups=x.shape[3], of_inputs=of_inputs
    )
    return inputs, made.reshape(kernels.shape)


def transposed_gradients(
    x: Array,
    gradient: Array,
    kernels: Array,
    axes: tuple[TransposedAxis, ...],
    *,
    of_inputs: bool = True,
) -> tuple[tuple[Array, ...], Array]:
    """Return the same of `conv2d_transpose`, with kernels `(kh, kw, filters, C)`.

    It is the adjoint of a convolution, so its gradient is that convolution.
    """
    rows, columns = (axis.adjoint for axis in axes)
    x = x.astype(gradient.dtype, copy=False)
    made = kernel_gradient(gradient, x, kernels.shape, (rows, columns))
    if not of_inputs:
        return (), made
    return (convolve(gradient, kernels, (rows, columns)),), made


def kernel_gradient(
    x: Array, gradient: Array, kernel: Shape, axes: tuple[Axis, Axis], *, groups: int = 1
) -> Array:
    """Return the gradient of a convolution's kernels.

    Parameters
    ----------
    x : ndarray
        The input, `(N, H, W, C)`.
    gradient : ndarray
        That of the output, `(N, H', W', filters)`, of the type of `x`.
    kernel : tuple of int
        The shape of the kernels, `(kh, kw, C/groups, filters)`.
    axes : pair of Axis
        The window laid on rows and columns.
    groups : int
        As in `conv2d`.

    Returns
    -------
    ndarray
        Of the shape `kernel`.

    Notes
    -----
    `Σ x[n, o s - top + i d, p s - left + j d, c] · gradient[n, o, p, f]` over `n`, `o` and `p`.

    Examples
    --------
    >>> from cnnviz.geometry import Window
    >>> x, ones = np.arange(9.0).reshape(1, 3, 3, 1), np.ones((1, 2, 2, 1))
    >>> kernel_gradient(x, ones, (2, 2, 1, 1), Window.of(2).on((3, 3)))[..., 0, 0].tolist()
    [[8.0, 12.0], [20.0, 24.0]]
    """
    if groups > 1 and kernel[2] == 1:
        return _apart(x, gradient, kernel, axes)
    filters = kernel[3]
    job = Job(*axes, Padded.of(axes), groups, False)

    def summed(images: slice) -> Array:
        total = np.zeros((kernel[0] * kernel[1] * kernel[2], filters), x.dtype)
        for part, group, matrix in im2col.matrices(x[images], kernel, job):
            flat, mine = gradient[images][part].reshape(-1, filters), job.filters(group, filters)
            total[:, mine] += matrix.T @ flat[:, mine]
        return total

    first, *others = spread(summed, len(x))
    for total in others:
        first += total
    return first.reshape(kernel)


def _apart(x: Array, gradient: Array, kernel: Shape, axes: tuple[Axis, Axis]) -> Array:
    """Return the same where every channel has kernels of its own."""
    result = np.zeros(kernel, x.dtype)
    maps = result.reshape(*kernel[:2], x.shape[3], -1)
    gradient = gradient.reshape(*gradient.shape[:3], *maps.shape[2:])
    for i, j in np.ndindex(kernel[0], kernel[1]):
        rows, columns = _met(axes, i, j)
        if rows is not None and columns is not None:
            read, made = x[:, rows[1], columns[1]], gradient[:, rows[0], columns[0]]
            np.einsum("nhwc,nhwcm->cm", read, made, out=maps[i, j])
    return result


def input_gradient(
    gradient: Array, kernels: Array, axes: tuple[Axis, Axis], *, groups: int = 1
) -> Array:
    """Return the gradient of a convolution's input.

    Parameters
    ----------
    gradient : ndarray
        That of the output, `(N, H', W', filters)`.
    kernels : ndarray
        `(kh, kw, C/groups, filters)`, of the type of `gradient`.
    axes, groups
        As in `kernel_gradient`.

    Returns
    -------
    ndarray
        `(N, H, W, C)`.

    Notes
    -----
    `Σ gradient[n, o, p, f] · kernels[i, j, c, f]` over all that read the cell: the transposed
    convolution (Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", 2016).

    Examples
    --------
    >>> from cnnviz.geometry import Window
    >>> kernels = np.array([1.0, 2.0]).reshape(1, 2, 1, 1)
    >>> axes = Window.of((1, 2)).on((1, 3))
    >>> input_gradient(np.ones((1, 1, 2, 1)), kernels, axes).ravel().tolist()
    [1.0, 3.0, 2.0]
    """
    channels, filters = kernels.shape[2] * groups, kernels.shape[3]
    turned = tuple(map(_turned, axes))
    if groups == 1 and channels >= max(WIDE, filters) and None not in turned:
        return _convolved(gradient, kernels, turned)  # type: ignore[arg-type]
    rows, columns = axes
    out = np.zeros((len(gradient), rows.size, columns.size, channels), gradient.dtype)
    together = max(1, WINDOWS // (rows.output * columns.output))
    # Not adjacent filters but adjacent channels: what a product is fastest with.
    weights = np.ascontiguousarray(kernels.transpose(0, 1, 3, 2))

    def add(part: slice) -> None:
        for first in range(part.start, part.stop, together):
            images = slice(first, min(first + together, part.stop))
            made, cells = gradient[images], out[images]
            products = np.empty((*made.shape[:3], channels), out.dtype)
            for i, j in np.ndindex(kernels.shape[0], kernels.shape[1]):
                down, across = _met(axes, i, j)
                if down is not None and across is not None:
                    _multiply(made, weights[i, j], groups, products)
                    cells[:, down[1], across[1]] += products[:, down[0], across[0]]

    spread(add, len(out))
    return out


def _multiply(gradient: Array, weights: Array, groups: int, products: Array) -> None:
    """Write the products of every output cell with one tap of the kernels `(filters, C/groups)`."""
    filters, channels = weights.shape
    if groups == 1:
        np.matmul(gradient.reshape(-1, filters), weights, out=products.reshape(-1, channels))
    elif channels == 1:
        maps = (groups, filters // groups)
        parts = gradient.reshape(*gradient.shape[:3], *maps)
        np.einsum("nhwcm,cm->nhwc", parts, weights.reshape(maps), out=products)
    else:
        flat, each = gradient.reshape(-1, filters), filters // groups
        lines = products.reshape(-1, groups * channels)
        for group in range(groups):
            mine = slice(group * each, (group + 1) * each)
            read = slice(group * channels, (group + 1) * channels)
            lines[:, read] = flat[:, mine] @ weights[mine]


def _convolved(gradient: Array, kernels: Array, axes: tuple[Axis, Axis]) -> Array:
    """Return the gradient of the input as a convolution with the kernels turned by 180 degrees."""
    shape = (len(gradient), axes[0].output, axes[1].output, kernels.shape[2])
    out = np.empty(shape, gradient.dtype)
    job = Job(*axes, Padded.of(axes), 1, False)
    run_job(gradient, kernels[::-1, ::-1].transpose(0, 1, 3, 2), job, out)
    return out


def _turned(axis: Axis) -> Axis | None:
    """Return the axis along which turned kernels slide over the output; None if none would do."""
    before = axis.extent - 1 - axis.before
    after = axis.size + axis.extent - 1 - axis.output - before
    if axis.stride > 1 or before < 0 or after < 0:
        return None
    return Axis(axis.output, axis.kernel_size, 1, axis.dilation, before, after, axis.size, "floor")


def _met(
    axes: tuple[Axis, Axis], i: int, j: int
) -> tuple[tuple[slice, slice] | None, tuple[slice, slice] | None]:
    """Return for rows and columns which outputs read tap `i, j` in the image, and which cells."""
    rows, columns = axes
    return tap(rows, i, rows.size, rows.output), tap(columns, j, columns.size, columns.output)
