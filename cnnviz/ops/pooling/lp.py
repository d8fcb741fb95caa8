"""Lp pooling: between the sum (p = 1) and the maximum (p large) of absolute values."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from cnnviz.errors import SpecError
from cnnviz.geometry import Padding, Size
from cnnviz.ops.checks import Array
from cnnviz.ops.pooling import Pooling
from cnnviz.ops.reduction import reduce_changed
from cnnviz.ops.windows import lay, like

# Up to here the power of a pixel that is 1/255 of the largest still counts in float64.
LARGEST = 64


def lp_pool2d(
    x: ArrayLike,
    pool_size: Size = 2,
    *,
    p: float = 2,
    strides: Size | None = None,
    padding: Padding = "valid",
    dilation_rate: Size = 1,
    ceil_mode: bool = False,
) -> Array:
    """Return `(Σ |x|^p)^(1/p)` of every window (ONNX's LpPool).

    Parameters
    ----------
    x : array_like
        `(H, W)`, `(H, W, C)` or `(N, H, W, C)`; channels are pooled apart.
    pool_size, strides, dilation_rate : int or (h, w)
        `strides` is `pool_size` unless given.
    p : float
        Above 0, at most 64.
    padding : str, int or tuple
        As in `conv2d`; padding counts as 0.
    ceil_mode : bool
        Keep a last window that reaches past the end, and sum what it finds.

    Returns
    -------
    ndarray
        Of the rank of `x`; float64 if `x` is, otherwise float32.

    Raises
    ------
    SpecError
        If the window does not fit or `p` is out of range.

    >>> lp_pool2d([[3, -4]], pool_size=(1, 2)).tolist()
    [[5.0]]
    """
    check_p(p)
    batch, rows, columns = lay(
        x,
        pool_size,
        strides=strides,
        padding=padding,
        dilation_rate=dilation_rate,
        ceil_mode=ceil_mode,
        must_see=False,
    )
    if p == 1:
        return like(reduce_changed(np.abs, batch, rows, columns, np.add, 0.0, batch.dtype), x)
    largest = float(np.abs(batch).max())
    if not math.isfinite(largest) or largest == 0:
        largest = 1.0

    def power(values: Array) -> Array:
        scaled = np.abs(values.astype(np.float64)) / largest
        return scaled * scaled if p == 2 else scaled**p

    total = reduce_changed(power, batch, rows, columns, np.add, 0.0, np.dtype(np.float64))
    result = largest * total ** (1 / p)
    return like(result.astype(batch.dtype, copy=False), x)


def check_p(p: float) -> None:
    """Refuse a `p` that is not a number above 0 and up to `LARGEST`."""
    if isinstance(p, bool) or not isinstance(p, int | float) or not 0 < p <= LARGEST:
        raise SpecError(
            f"lp pooling: p {p!r} is not a number above 0 and at most {LARGEST}",
            hint='for the largest use "max"',
        )


def parse(parameter: str) -> Pooling:
    """Return Lp pooling with the `p` of `lp:P`."""
    try:
        p = float(parameter)
    except ValueError:
        raise SpecError(f"lp pooling: p {parameter!r} is not a number", hint="write lp:3") from None
    check_p(p)

    def apply(x: ArrayLike, *, count_include_pad: bool = False, **window: Any) -> Array:
        return lp_pool2d(x, p=p, **window)

    return Pooling("lp", f"lp:{p:g}", False, apply)


POOLING = parse("2")
