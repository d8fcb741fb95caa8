"""Maximum pooling, and which cell won."""

from __future__ import annotations

from math import prod
from typing import Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cnnviz.files import check_bytes
from cnnviz.geometry import Padding, Size
from cnnviz.ops.checks import Array
from cnnviz.ops.pooling import Pooling
from cnnviz.ops.reduction import reduce_windows
from cnnviz.ops.windows import lay, like, taps


def max_pool2d(
    x: ArrayLike,
    pool_size: Size = 2,
    *,
    strides: Size | None = None,
    padding: Padding = "valid",
    dilation_rate: Size = 1,
    ceil_mode: bool = False,
) -> Array:
    """Return the maximum of every window.

    Parameters
    ----------
    x : array_like
        `(H, W)`, `(H, W, C)` or `(N, H, W, C)`; channels are pooled apart.
    pool_size, strides, dilation_rate : int or (h, w)
        `strides` is `pool_size` unless given.
    padding : str, int or tuple
        As in `conv2d`; padding never wins.
    ceil_mode : bool
        Keep a last window that reaches past the end (PyTorch's rule).

    Returns
    -------
    ndarray
        Of the rank of `x`; float64 if `x` is, otherwise float32.

    Raises
    ------
    SpecError
        If the window does not fit, or would see padding only.

    >>> max_pool2d([[1, 2, 5, 6], [3, 4, 7, 8]], pool_size=2).tolist()
    [[4.0, 8.0]]
    """
    batch, rows, columns = lay(
        x,
        pool_size,
        strides=strides,
        padding=padding,
        dilation_rate=dilation_rate,
        ceil_mode=ceil_mode,
    )
    return like(reduce_windows(batch, rows, columns, np.maximum, -np.inf), x)


def winners(
    x: ArrayLike,
    pool_size: Size = 2,
    *,
    strides: Size | None = None,
    padding: Padding = "valid",
    dilation_rate: Size = 1,
    ceil_mode: bool = False,
) -> NDArray[np.int64]:
    """Return which cell won each maximum, as `row * W + column` in its channel of the input.

    Takes and raises the same as `max_pool2d`, returns an array of the same shape. Of equal cells
    the first in reading order wins; NaN beats every number, as in NumPy's maximum.

    >>> winners([[1, 2, 5, 5], [3, 4, 5, 5]]).tolist()
    [[5, 2]]
    """
    batch, rows, columns = lay(
        x,
        pool_size,
        strides=strides,
        padding=padding,
        dilation_rate=dilation_rate,
        ceil_mode=ceil_mode,
    )
    shape = (len(batch), rows.output, columns.output, batch.shape[3])
    cells = rows.size * columns.size
    check_bytes(8 * cells + prod(shape) * (batch.itemsize + 12), "the winners of the pooling")
    best = np.full(shape, -np.inf, batch.dtype)
    won = np.full(shape, -1, np.int64)
    places = np.arange(cells).reshape(1, rows.size, columns.size, 1)
    for down, read_rows in taps(rows, rows.size, rows.output):
        for across, read_columns in taps(columns, columns.size, columns.output):
            value = batch[:, read_rows, read_columns]
            leader, place = best[:, down, across], won[:, down, across]
            wins = (place < 0) | (value > leader) | (np.isnan(value) & ~np.isnan(leader))
            np.copyto(leader, value, where=wins)
            np.copyto(place, places[:, read_rows, read_columns], where=wins)
    return cast("NDArray[np.int64]", like(won, x))


def _apply(x: ArrayLike, *, count_include_pad: bool = False, **window: Any) -> Array:
    return max_pool2d(x, **window)


POOLING = Pooling("max", "max", False, _apply)
