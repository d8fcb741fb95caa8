"""Pooling with images innermost where windows lie side by side, and its gradients."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from cnnviz.geometry import Axis
from cnnviz.ops.checks import Array

Axes = tuple[Axis, Axis]


def fits(axes: tuple[Axis, ...]) -> bool:
    """Tell whether windows lie side by side, all of them in the image."""
    return len(axes) == 2 and all(
        axis.stride == axis.kernel_size
        and axis.dilation == 1
        and not axis.before
        and axis.output * axis.stride <= axis.size
        for axis in axes
    )


def reduce(x: Array, axes: Axes, ufunc: np.ufunc) -> Array:
    """Return `ufunc` over every window of `x`, `(C, H, W, N)`: rows first, whose lines are long."""
    rows, columns = axes
    down = _over([x[:, i : rows.output * rows.stride : rows.stride] for i in range(rows.stride)], ufunc)
    end = columns.output * columns.stride
    return _over([down[:, :, j : end : columns.stride] for j in range(columns.stride)], ufunc)


def average(x: Array, axes: Axes) -> Array:
    """Return the mean of every window.

    >>> from cnnviz.geometry import Window
    >>> axes = Window.of(2, strides=2).on((2, 4))
    >>> average(np.arange(8.0).reshape(1, 2, 4, 1), axes).ravel().tolist()
    [2.5, 4.5]
    """
    y = reduce(x, axes, np.add)
    y *= 1 / (axes[0].stride * axes[1].stride)
    return y


def average_gradient(gradient: Array, axes: Axes) -> Array:
    """Return the gradient of the input from that of its means."""
    out = _room(gradient, axes)
    each = gradient * (1 / (axes[0].stride * axes[1].stride))
    for cell in _cells(out, axes):
        cell[...] = each
    return out


def winner_gradient(gradient: Array, x: Array, y: Array, axes: Axes) -> Array:
    """Return the gradient of the input from that of its maxima `y`: of equal ones the first's."""
    out, free = _room(gradient, axes), np.ones(y.shape, bool)
    wins = np.empty(y.shape, bool)
    for cell, value in zip(_cells(out, axes), _cells(x, axes), strict=True):
        np.equal(value, y, out=wins)
        wins &= free
        free ^= wins
        np.multiply(gradient, wins, out=cell)
    return out


def _over(parts: list[Array], ufunc: np.ufunc) -> Array:
    if len(parts) == 1:
        return parts[0].copy()
    y: Array = ufunc(parts[0], parts[1])
    for part in parts[2:]:
        ufunc(y, part, out=y)
    return y


def _room(gradient: Array, axes: Axes) -> Array:
    """Return an empty input, but for cells behind the last window, which are 0."""
    rows, columns = axes
    out = np.empty((len(gradient), rows.size, columns.size, gradient.shape[3]), gradient.dtype)
    out[:, rows.output * rows.stride :] = 0
    out[:, :, columns.output * columns.stride :] = 0
    return out


def _cells(x: Array, axes: Axes) -> Iterator[Array]:
    """Yield each cell of all windows, in reading order."""
    rows, columns = axes
    for i in range(rows.stride):
        for j in range(columns.stride):
            yield x[:, i : rows.output * rows.stride : rows.stride][
                :, :, j : columns.output * columns.stride : columns.stride
            ]
