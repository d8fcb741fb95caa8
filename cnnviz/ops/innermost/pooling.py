"""Pooling with images innermost where windows lie side by side, and its gradients."""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from itertools import product
from typing import TypeGuard

import numpy as np

from cnnviz.geometry import Axis
from cnnviz.ops.checks import Array

Axes = tuple[Axis, Axis]


def fits(axes: tuple[Axis, ...]) -> TypeGuard[Axes]:
    """Tell whether windows lie side by side, all of them in the image."""
    return len(axes) == 2 and all(
        axis.stride == axis.kernel_size
        and axis.dilation == 1
        and not axis.before
        and axis.output * axis.stride <= axis.size
        for axis in axes
    )


def largest(x: Array, axes: Axes) -> tuple[Array, list[Array]]:
    """Return the largest value of every window of `x`, `(C, H, W, N)`, and which cells won.

    A mask for each cell, in reading order: of equal ones the first wins. The cells are copied
    first, since short lines with gaps take far longer to compare.

    >>> from cnnviz.geometry import Window
    >>> axes = Window.of(2, strides=2).on((2, 2))
    >>> y, masks = largest(np.array([1.0, 3.0, 3.0, 2.0]).reshape(1, 2, 2, 1), axes)
    >>> y.item(), [mask.item() for mask in masks]
    (3.0, [False, True, False, False])
    """
    cells = [cell.copy() for cell in _cells(x, axes)]
    y = reduce(np.maximum, cells)
    free, masks = np.ones(y.shape, bool), []
    for cell in cells:
        wins = cell == y
        wins &= free
        free ^= wins
        masks.append(wins)
    return y, masks


def largest_gradient(gradient: Array, masks: list[Array], axes: Axes) -> Array:
    """Return the gradient of the input from that of its largest values."""
    out = _room(gradient, axes)
    for cell, wins in zip(_cells(out, axes), masks, strict=True):
        values = wins.astype(gradient.dtype)
        values *= gradient
        cell[...] = values
    return out


def average(x: Array, axes: Axes) -> Array:
    """Return the mean of every window: rows are added first, whose lines are long.

    >>> from cnnviz.geometry import Window
    >>> axes = Window.of(2, strides=2).on((2, 4))
    >>> average(np.arange(8.0).reshape(1, 2, 4, 1), axes).ravel().tolist()
    [2.5, 4.5]
    """
    rows, columns = axes
    down = reduce(np.add, (x[:, part] for part in _places(rows)))
    y: Array = reduce(np.add, (down[:, :, part] for part in _places(columns)))
    y *= x.dtype.type(1 / (rows.stride * columns.stride))
    return y


def average_gradient(gradient: Array, axes: Axes) -> Array:
    """Return the gradient of the input from that of its means."""
    out = _room(gradient, axes)
    each = gradient * gradient.dtype.type(1 / (axes[0].stride * axes[1].stride))
    for cell in _cells(out, axes):
        cell[...] = each
    return out


def _room(gradient: Array, axes: Axes) -> Array:
    """Return an empty input, but for cells behind the last window, which are 0."""
    rows, columns = axes
    out = np.empty((len(gradient), rows.size, columns.size, gradient.shape[3]), gradient.dtype)
    out[:, rows.output * rows.stride :] = 0
    out[:, :, columns.output * columns.stride :] = 0
    return out


def _cells(x: Array, axes: Axes) -> Iterator[Array]:
    """Yield each cell of all windows, in reading order."""
    rows, columns = map(_places, axes)
    return (x[:, down, across] for down, across in product(rows, columns))


def _places(axis: Axis) -> list[slice]:
    """Return the places of each cell of all windows."""
    end = axis.output * axis.stride
    return [slice(first, end, axis.stride) for first in range(axis.stride)]
