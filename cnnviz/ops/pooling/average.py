"""Average pooling."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import ArrayLike

from cnnviz.geometry import Axis, Padding, Size
from cnnviz.ops.bands import cut, run
from cnnviz.ops.checks import Array
from cnnviz.ops.pooling import Pooling
from cnnviz.ops.scratch import scratch
from cnnviz.ops.threads import one_blas_thread
from cnnviz.ops.windows import check_seen, counts, inside, lay, like, reduce_windows

# Channels from which a product for each window pays.
CHANNELS = 32


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
    wide = batch.flags.c_contiguous and batch.shape[3] >= CHANNELS
    if wide and all(axis.kernel_size > 1 and inside(axis) for axis in (rows, columns)):
        return _by_products(batch, rows, columns, out)
    finish = _division(rows, columns, include_pad, batch.dtype)
    return reduce_windows(batch, rows, columns, np.add, 0.0, out=out, finish=finish)


def _by_products(batch: Array, rows: Axis, columns: Axis, out: Array | None) -> Array:
    """Return the means as products of a line of ones with the cells of each window.

    A sum along an axis is one call, however many cells it is of: a tenth (of 2 x 2) to a quarter
    (of 3 x 3) faster than adding. The second product divides too, where that is exact.
    """
    n, height, width, channels = batch.shape
    if out is None:
        out = np.empty((n, rows.output, columns.output, channels), batch.dtype)
    result, cells = out, rows.kernel_size * columns.kernel_size
    exact = cells & (cells - 1) == 0
    down = np.ones((1, rows.kernel_size), batch.dtype)
    across = np.full((1, columns.kernel_size), 1 / cells if exact else 1, batch.dtype)
    lines = _windows(batch.reshape(n, height, width * channels), rows, 1)

    def work(part: tuple[slice, slice]) -> None:
        made = result[part]
        partial = scratch("partial", (*made.shape[:2], width, channels), batch.dtype)
        np.matmul(down, lines[part], out=partial.reshape(*made.shape[:2], 1, -1))
        np.matmul(across, _windows(partial, columns, 2), out=made[:, :, :, np.newaxis])
        if not exact:
            made /= cells

    line = width * channels
    values = 2 * n * rows.output * line
    bands = cut(n, rows.output * line, values), cut(rows.output, line, values)
    with one_blas_thread(), np.errstate(all="ignore"):
        run(work, [*product(*bands)], values)
    return result


def _windows(cells: Array, axis: Axis, place: int) -> Array:
    """Return what each window reads along an axis, as an axis more behind that."""
    shape, strides = list(cells.shape), list(cells.strides)
    shape[place : place + 1] = [axis.output, axis.kernel_size]
    step = strides[place]
    strides[place : place + 1] = [axis.stride * step, axis.dilation * step]
    return as_strided(cells[(slice(None),) * place + (slice(-axis.before, None),)], shape, strides)


def _division(
    rows: Axis, columns: Axis, include_pad: bool, dtype: np.dtype[Any]
) -> Callable[[Array, slice], object]:
    """Return what divides rows of sums by how many cells each is of."""
    if inside(rows) and inside(columns):
        cells = dtype.type(rows.kernel_size * columns.kernel_size)
        return lambda part, lines: np.divide(part, cells, out=part)
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
