"""Average pooling."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from cnnviz.geometry import Axis, Padding, Size
from cnnviz.ops.checks import Array
from cnnviz.ops.pooling import Pooling
from cnnviz.ops.windows import check_seen, counts, inside, lay, like, reduce_windows


def average_pool2d(
    x: ArrayLike,
    pool_size: Size = 2,
    *,
    strides: Size | None = None,
    padding: Padding = "valid",
    dilation_rate: Size = 1,
    ceil_mode: bool = False,
    count_include_pad: bool = False,
) -> Array:
    """Return the mean of every window.

    Parameters
    ----------
    x : array_like
        `(H, W)`, `(H, W, C)` or `(N, H, W, C)`; channels are pooled apart.
    pool_size, strides, dilation_rate : int or (h, w)
        `strides` is `pool_size` unless given.
    padding : str, int or tuple
        As in `conv2d`.
    ceil_mode : bool
        Keep a last window that reaches past the end (PyTorch's rule).
    count_include_pad : bool
        Divide by the cells of the window that lie in the padded image (PyTorch's and Caffe's
        default) in place of those in the image (TensorFlow's, Keras's and ONNX's).

    Returns
    -------
    ndarray
        Of the rank of `x`; float64 if `x` is, otherwise float32.

    Raises
    ------
    SpecError
        If the window does not fit, or would see padding that does not count only.

    >>> average_pool2d([[1, 3, 5]], pool_size=(1, 2), padding="same").tolist()
    [[2.0, 5.0]]
    """
    batch, rows, columns = lay(
        x,
        pool_size,
        strides=strides,
        padding=padding,
        dilation_rate=dilation_rate,
        ceil_mode=ceil_mode,
    )
    if not count_include_pad:
        check_seen(rows, columns)
    return like(average_windows(batch, rows, columns, include_pad=count_include_pad), x)


def average_windows(
    batch: Array,
    rows: Axis,
    columns: Axis,
    *,
    include_pad: bool = False,
    out: Array | None = None,
) -> Array:
    """Return the means of the windows of `batch`, in `out` as in `reduce_windows`."""
    finish = _division(rows, columns, include_pad, batch.dtype)
    return reduce_windows(batch, rows, columns, np.add, 0.0, out=out, finish=finish)


def _division(
    rows: Axis, columns: Axis, include_pad: bool, dtype: np.dtype[Any]
) -> Callable[[Array, slice], object]:
    """Return what divides rows of sums by how many cells each is of."""
    if inside(rows) and inside(columns):
        cells = rows.kernel_size * columns.kernel_size
        if cells & (cells - 1):
            return lambda part, lines: np.divide(part, dtype.type(cells), out=part)
        inverse = dtype.type(1 / cells)  # exact of a power of two
        return lambda part, lines: np.multiply(part, inverse, out=part)
    down, across = (counts(axis, include_pad=include_pad) for axis in (rows, columns))
    each = np.outer(down, across).astype(dtype)

    def divide(part: Array, lines: slice) -> None:
        if part.flags.c_contiguous:  # whole rows are divided much faster
            wide = part.reshape(*part.shape[:2], -1)
            wide /= np.repeat(each[lines], part.shape[3], axis=1)
        else:
            part /= each[lines, :, np.newaxis]

    return divide


def _apply(x: ArrayLike, **settings: Any) -> Array:
    return average_pool2d(x, **settings)


POOLING = Pooling("average", "average", False, _apply)
