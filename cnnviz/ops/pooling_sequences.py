"""One-dimensional pooling: the two-dimensional types on images one cell wide."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from cnnviz.geometry import Padding, Size, Window
from cnnviz.ops.checks import Array
from cnnviz.ops.sequences import as_sequences
from cnnviz.ops.windows import check_axis_seen


def max_pool1d(
    x: ArrayLike,
    pool_size: Size = 2,
    *,
    strides: Size | None = None,
    padding: Padding = "valid",
    dilation_rate: Size = 1,
    ceil_mode: bool = False,
) -> Array:
    """Return the maximum of every window of a sequence.

    Parameters
    ----------
    x : array_like
        `(L,)`, `(L, C)` or `(N, L, C)`; channels are pooled apart.
    pool_size, strides, dilation_rate : int
        `strides` is `pool_size` unless given.
    padding : str, int or pair
        As in `conv1d`; padding never wins.
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

    Notes
    -----
    The definition of `max_pool2d` on one axis.

    >>> max_pool1d([1, 3, 2, 5, 4]).tolist()
    [3.0, 5.0]
    """
    from cnnviz.ops.pooling.max import max_pool2d

    return _pool(max_pool2d, x, pool_size, strides, padding, dilation_rate, ceil_mode)


def min_pool1d(
    x: ArrayLike,
    pool_size: Size = 2,
    *,
    strides: Size | None = None,
    padding: Padding = "valid",
    dilation_rate: Size = 1,
    ceil_mode: bool = False,
) -> Array:
    """Return the minimum of every window of a sequence; all else as in `max_pool1d`.

    >>> min_pool1d([1, 3, 2, 5, 4], ceil_mode=True).tolist()
    [1.0, 2.0, 4.0]
    """
    from cnnviz.ops.pooling.min import min_pool2d

    return _pool(min_pool2d, x, pool_size, strides, padding, dilation_rate, ceil_mode)


def average_pool1d(
    x: ArrayLike,
    pool_size: Size = 2,
    *,
    strides: Size | None = None,
    padding: Padding = "valid",
    dilation_rate: Size = 1,
    ceil_mode: bool = False,
    count_include_pad: bool = False,
) -> Array:
    """Return the mean of every window of a sequence; all else as in `max_pool1d`.

    With `count_include_pad` the padding counts as zeros, as in `average_pool2d`.

    >>> average_pool1d([1, 3, 5], padding="same").tolist()
    [2.0, 5.0]
    """
    from cnnviz.ops.pooling.average import average_pool2d

    settings = (pool_size, strides, padding, dilation_rate, ceil_mode)
    if count_include_pad:
        return _pool(average_pool2d, x, *settings, seen=False, count_include_pad=True)
    return _pool(average_pool2d, x, *settings)


def lp_pool1d(
    x: ArrayLike,
    pool_size: Size = 2,
    *,
    p: float = 2,
    strides: Size | None = None,
    padding: Padding = "valid",
    dilation_rate: Size = 1,
    ceil_mode: bool = False,
) -> Array:
    """Return `(Σ |x|^p)^(1/p)` of every window of a sequence; all else as in `max_pool1d`.

    `p` is above 0 and at most 64; padding counts as 0.

    >>> lp_pool1d([3, -4]).tolist()
    [5.0]
    """
    from cnnviz.ops.pooling.lp import lp_pool2d

    settings = (pool_size, strides, padding, dilation_rate, ceil_mode)
    return _pool(lp_pool2d, x, *settings, seen=False, p=p)


def global_max_pool1d(x: ArrayLike, *, keepdims: bool = False) -> Array:
    """Return the maximum of each channel of `x`, `(L,)`, `(L, C)` or `(N, L, C)`.

    `()`, `(C,)` or `(N, C)` as in Keras; `keepdims` keeps an axis of one cell.

    >>> global_max_pool1d([[1, 8], [3, 2]]).tolist()
    [3.0, 8.0]
    """
    from cnnviz.ops.pooling.global_max import global_max_pool2d

    return _global(global_max_pool2d, x, keepdims)


def global_average_pool1d(x: ArrayLike, *, keepdims: bool = False) -> Array:
    """Return the mean of each channel of `x`; all else as in `global_max_pool1d`.

    >>> global_average_pool1d([[1, 8], [3, 2]]).tolist()
    [2.0, 5.0]
    """
    from cnnviz.ops.pooling.global_average import global_average_pool2d

    return _global(global_average_pool2d, x, keepdims)


def _pool(
    pool: Callable[..., Array],
    x: ArrayLike,
    pool_size: Size,
    strides: Size | None,
    padding: Padding,
    dilation_rate: Size,
    ceil_mode: bool,
    *,
    seen: bool = True,
    **settings: Any,
) -> Array:
    """Pool `x` as images one cell wide; with `seen`, every window must find a cell of `x`."""
    batch = as_sequences(x)
    window = Window.of(
        pool_size,
        strides=pool_size if strides is None else strides,
        padding=padding,
        dilation_rate=dilation_rate,
        ceil_mode=ceil_mode,
        rank=1,
    )
    (axis,) = window.on(batch.shape[1:2])
    if seen:
        check_axis_seen(axis, "cell")
    pooled = pool(
        batch,
        (axis.kernel_size, 1),
        strides=(axis.stride, 1),
        padding=((axis.before, axis.after), (0, 0)),
        dilation_rate=(axis.dilation, 1),
        ceil_mode=ceil_mode,
        **settings,
    )
    return _like(pooled, x)


def _global(pool: Callable[..., Array], x: ArrayLike, keepdims: bool) -> Array:
    pooled = _like(pool(as_sequences(x), keepdims=True), x)
    return pooled if keepdims else pooled.squeeze(axis=1 if pooled.ndim == 3 else 0)


def _like(result: Array, x: ArrayLike) -> Array:
    """Return `result`, `(N, L, 1, C)`, with the rank of `x`."""
    rank = np.ndim(x)
    return result[:, :, 0] if rank == 3 else result[0, :, 0] if rank == 2 else result[0, :, 0, 0]
