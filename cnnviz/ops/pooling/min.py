"""Minimum pooling."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from cnnviz.geometry import Padding, Size
from cnnviz.ops.checks import Array
from cnnviz.ops.pooling import Pooling
from cnnviz.ops.reduction import reduce_windows
from cnnviz.ops.windows import lay, like


def min_pool2d(
    x: ArrayLike,
    pool_size: Size = 2,
    *,
    strides: Size | None = None,
    padding: Padding = "valid",
    dilation_rate: Size = 1,
    ceil_mode: bool = False,
) -> Array:
    """Return the minimum of every window.

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

    >>> min_pool2d([[1, 2, 5, 6], [3, 4, 7, 8]], pool_size=2).tolist()
    [[1.0, 5.0]]
    """
    batch, rows, columns = lay(
        x,
        pool_size,
        strides=strides,
        padding=padding,
        dilation_rate=dilation_rate,
        ceil_mode=ceil_mode,
    )
    return like(reduce_windows(batch, rows, columns, np.minimum, np.inf), x)


def _apply(x: ArrayLike, *, count_include_pad: bool = False, **window: Any) -> Array:
    return min_pool2d(x, **window)


POOLING = Pooling("min", "min", False, _apply)
