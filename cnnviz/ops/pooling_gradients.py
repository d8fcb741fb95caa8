"""The gradients of pooling over windows, from the input and the output of the forward run.

Of the functions in two dimensions and, with one axis, of those in one: `x` is `(N, H, W, C)` or
`(N, L, C)`, `y` and `gradient` are of the output's shape; the result is of the type of `gradient`.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce

import numpy as np

from cnnviz.geometry import Axis
from cnnviz.ops.checks import Array
from cnnviz.ops.sequences import UNIT
from cnnviz.ops.windows import counts, taps

# Values of `x` in a band of images: it and its partial results stay in the processor's cache.
BAND = 2**17
Place = tuple[slice, slice, slice]


def winner_gradient(gradient: Array, x: Array, y: Array, axes: tuple[Axis, ...]) -> Array:
    """Return the gradient of `x` from that of its maxima or minima `y`.

    All of it goes to the cell that `winners` names, of equal ones the first in reading order; from
    a window with NaN none.
    """
    x, y, gradient, out = _level(x, y, gradient, np.zeros(x.shape, gradient.dtype))
    covers, meets = _reads(axes)
    step = max(1, BAND // x[0].size)
    for first in range(0, len(x), step):
        images = slice(first, first + step)
        best, incoming, made = y[images], gradient[images], out[images]
        won = np.zeros(best.shape, bool)
        for outputs, cells in meets:
            wins = x[images][cells] == best[outputs]
            np.greater(wins, won[outputs], out=wins)
            won[outputs] |= wins
            if covers:
                made[cells] += incoming[outputs] * wins
            else:
                np.multiply(incoming[outputs], wins, out=made[cells])
    return out if len(axes) == 2 else out[:, :, 0]


def average_gradient(
    gradient: Array, axes: tuple[Axis, ...], *, count_include_pad: bool = False
) -> Array:
    """Return the gradient of `x` from that of its means."""
    *rows, columns = (counts(axis, include_pad=count_include_pad) for axis in axes)
    cells = reduce(np.multiply.outer, [*rows, columns.repeat(gradient.shape[-1])])
    lines = gradient.reshape(len(gradient), *cells.shape) / cells.astype(gradient.dtype)
    gradient = lines.reshape(gradient.shape)
    for place, axis in reversed([*enumerate(axes, 1)]):  # rows last, whose lines are long
        gradient = _spread(gradient, axis, place)
    return gradient


def lp_gradient(gradient: Array, x: Array, y: Array, axes: tuple[Axis, ...], *, p: float) -> Array:
    """Return the gradient of `x` from that of `y = (Σ |x|^p)^(1/p)`, 0 where `x` is 0.

    As `sign(x) (|x| / y)^(p - 1)`, whose base is at most 1: the powers alone would overflow.
    """
    x, y, gradient, out = _level(x, y, gradient, np.zeros(x.shape, gradient.dtype))
    for outputs, cells in _reads(axes)[1]:
        values, norm = x[cells], y[outputs]
        counted = (values != 0) & (norm > 0)
        share = np.divide(np.abs(values), norm, out=np.ones_like(values), where=counted)
        out[cells] += gradient[outputs] * (np.sign(values) * counted * share ** (p - 1))
    return out if len(axes) == 2 else out[:, :, 0]


def global_max_gradient(gradient: Array, x: Array) -> Array:
    """Return the gradient of `x` from that of the maximum of each channel: to the first of them."""
    flat = x.reshape(len(x), -1, x.shape[-1])
    out = np.zeros(flat.shape, gradient.dtype)
    winners = flat.argmax(axis=1)[:, np.newaxis]
    np.put_along_axis(out, winners, gradient.reshape(winners.shape), axis=1)
    return out.reshape(x.shape)


def global_average_gradient(gradient: Array, x: Array) -> Array:
    """Return the gradient of `x` from that of the mean of each channel."""
    flat = gradient.reshape(len(x), 1, x.shape[-1])
    cells = x[0, ..., 0].size
    return np.repeat(flat / cells, cells, axis=1).reshape(x.shape)


def _level(*arrays: Array) -> Iterator[Array]:
    """Yield arrays as batches of images, a sequence as an image one cell wide."""
    return (array if array.ndim == 4 else array[:, :, np.newaxis] for array in arrays)


def _reads(axes: tuple[Axis, ...]) -> tuple[bool, list[tuple[Place, Place]]]:
    """Return whether windows overlap, and for each cell of them who finds it and where."""
    rows, columns = (*axes, UNIT)[:2]
    whole = slice(None)
    meets = [
        ((whole, down, across), (whole, read_rows, read_columns))
        for down, read_rows in taps(rows, rows.size, rows.output)
        for across, read_columns in taps(columns, columns.size, columns.output)
    ]
    return any(axis.stride < axis.extent for axis in axes), meets


def _spread(values: Array, axis: Axis, place: int) -> Array:
    """Return what adding `values` to every cell of their windows along the axis makes."""
    shape = list(values.shape)
    shape[place] = axis.size
    out = np.zeros(shape, values.dtype)
    ahead = (slice(None),) * place
    for outputs, cells in taps(axis, axis.size, axis.output):
        if axis.stride < axis.extent:
            out[(*ahead, cells)] += values[(*ahead, outputs)]
        else:
            out[(*ahead, cells)] = values[(*ahead, outputs)]
    return out
