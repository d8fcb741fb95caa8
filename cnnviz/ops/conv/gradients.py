"""The gradients of a convolution: of its kernels, its input and its bias.

What is summed in the kernels' gradient are the windows of the forward run, whose matrix is made
again, a band at a time; the input's is the adjoint, one tap of the kernel after another.
"""

from __future__ import annotations

from math import prod

import numpy as np

from cnnviz.geometry import Axis, Shape
from cnnviz.geometry.transposed import TransposedAxis
from cnnviz.ops.checks import Array
from cnnviz.ops.conv import im2col
from cnnviz.ops.conv.engine import convolve
from cnnviz.ops.conv.job import Job
from cnnviz.ops.padding import Padded
from cnnviz.ops.sequences import UNIT
from cnnviz.ops.threads import spread
from cnnviz.ops.windows import tap

# Products of the input's gradient made at a time, which stay in the cache, and values of images.
PRODUCTS = 2**17
IMAGES = 2**22


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
        totals: list[Array] = []
        for part, group, matrix in im2col.matrices(x[images], kernel, job):
            flat, mine = gradient[images][part].reshape(-1, filters), job.filters(group, filters)
            made = matrix.T @ flat[:, mine]
            if group < len(totals):
                totals[group] += made
            else:
                totals.append(made)
        return totals[0] if groups == 1 else np.hstack(totals)

    first, *others = spread(summed, len(x), gradient.size * prod(kernel[:3]))
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
    rows, columns = axes
    kh, kw, channels = kernels.shape[:3]
    stack = kernels.reshape(kh, kw, channels, groups, -1).swapaxes(2, 3)
    out = np.empty((len(gradient), rows.size, columns.size, groups * channels), gradient.dtype)
    together = max(1, IMAGES // (out[0].size + gradient[0].size))

    def add(part: slice) -> None:
        for first in range(part.start, part.stop, together):
            images = slice(first, min(first + together, part.stop))
            out[images] = _added(gradient[images], stack, axes)

    spread(add, len(out), gradient.size * kh * kw * channels)
    return out


def _added(gradient: Array, kernels: Array, axes: tuple[Axis, Axis]) -> Array:
    """Return the same for a few images and kernels `(kh, kw, groups, C/groups, filters/groups)`.

    Images are the last axis while products are added up, tap by tap: whatever the number of
    channels, lines are long and what a tap reads lies together.
    """
    rows, columns = axes
    n, (groups, channels, filters) = len(gradient), kernels.shape[2:]
    made = np.ascontiguousarray(gradient.reshape(n, -1).T)
    made = made.reshape(rows.output, columns.output, groups, filters, n)
    cells = np.zeros((rows.size, columns.size, groups, channels, n), gradient.dtype)
    times = np.multiply if channels == filters == 1 else np.matmul
    step = max(1, PRODUCTS // cells[0, :, :, :, 0].size // n)
    for first in range(0, rows.output, step):
        band = made[first : first + step]
        for i, j in np.ndindex(kernels.shape[:2]):
            down = tap(rows, i, rows.size, len(band), (first, 0))
            across = tap(columns, j, columns.size, columns.output)
            if down is not None and across is not None:
                cells[down[1], across[1]] += times(kernels[i, j], band[down[0], across[0]])
    result: Array = cells.reshape(-1, n).T.reshape(n, rows.size, columns.size, -1)
    return result


def _met(
    axes: tuple[Axis, Axis], i: int, j: int
) -> tuple[tuple[slice, slice] | None, tuple[slice, slice] | None]:
    """Return for rows and columns which outputs read tap `i, j` in the image, and which cells."""
    rows, columns = axes
    return tap(rows, i, rows.size, rows.output), tap(columns, j, columns.size, columns.output)
