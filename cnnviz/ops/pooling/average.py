"""Average pooling."""

from __future__ import annotations

from _thread import get_ident
from collections.abc import Callable
from functools import lru_cache
from itertools import product
from math import inf, prod
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from cnnviz.geometry import Axis, Padding, Shape, Size
from cnnviz.ops import sparse
from cnnviz.ops.bands import cut, pieces, run
from cnnviz.ops.checks import Array
from cnnviz.ops.pooling import Pooling
from cnnviz.ops.reduction import PORTION, reduce_windows
from cnnviz.ops.scratch import scratch
from cnnviz.ops.threads import one_blas_thread, threads
from cnnviz.ops.windows import counts, inside, lay, like

# Channels from which a product for each window pays: a sparse one, and one of NumPy.
FEW = 8
CHANNELS = 32
# How often a sparse product may read each cell, as NumPy adds along one axis after the other; and
# cells of a window, since it adds them one by one, each sum rounded.
OFTEN = 2.5
MOST = 2**8
# Most cells that a sparse matrix names: it is made once, and kept.
CELLS = 2**16


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
        must_see=not count_include_pad,
    )
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
    channels, axes = batch.shape[3], (rows, columns)
    if batch.flags.c_contiguous and channels >= FEW and all(inside(axis) for axis in axes):
        seldom = prod(axis.kernel_size / axis.stride for axis in axes) <= OFTEN
        small = rows.kernel_size * columns.kernel_size <= MOST
        whole = out is None or out.flags.c_contiguous
        if seldom and small and whole and sparse.compiled():
            return _in_one_pass(batch, rows, columns, out)
        if channels >= CHANNELS and all(axis.kernel_size > 1 for axis in axes):
            return _by_products(batch, rows, columns, out)
    finish = _division(rows, columns, include_pad, batch.dtype)
    return reduce_windows(batch, rows, columns, np.add, 0.0, out=out, finish=finish)


def _in_one_pass(batch: Array, rows: Axis, columns: Axis, out: Array | None) -> Array:
    """Return the means as the product of a sparse matrix with the cells, in one pass over them."""
    n, _, width, channels = batch.shape
    if out is None:
        out = np.empty((n, rows.output, columns.output, channels), batch.dtype)
    cells = rows.kernel_size * columns.kernel_size
    share = _share(cells)

    def work(part: tuple[int, slice]) -> None:
        image, band = part
        matrix = _matrix(rows, columns, band.stop - band.start, width, share, batch.dtype)
        read = batch[image, rows.start(band.start) : rows.start(band.stop - 1) + rows.extent]
        made = out[image, band].reshape(-1, channels)
        sparse.multiply(matrix, read.reshape(-1, channels), made)
        if share == 1:
            _divide(made, cells)

    # A part for each core: at each call of NumPy they wait for each other.
    lines = -(-rows.output // max(1, threads() // n))
    bands = pieces(rows.output, max(1, min(lines, CELLS // (columns.output * cells))))
    with np.errstate(all="ignore"):
        run(work, [*product(range(n), bands)], 2 * n * rows.output * width * channels)
    return out


@lru_cache(16)
def _matrix(
    rows: Axis, columns: Axis, lines: int, width: int, share: float, dtype: np.dtype[Any]
) -> sparse.Rows:
    """Return the matrix that adds up `share` of each cell of the windows of so many rows."""

    def along(axis: Axis, outputs: int, first: int) -> Array:
        starts = first + np.arange(outputs) * axis.stride
        return starts[:, np.newaxis] + np.arange(axis.kernel_size) * axis.dilation

    down, across = along(rows, lines, 0) * width, along(columns, columns.output, columns.start(0))
    cells = (down[:, np.newaxis, :, np.newaxis] + across[:, np.newaxis]).reshape(-1)
    each = rows.kernel_size * columns.kernel_size
    ends = np.arange(0, len(cells) + 1, each, dtype=np.int32)
    values = np.full(len(cells), share, dtype)
    return sparse.Rows(ends, cells.astype(np.int32), values)


def _by_products(batch: Array, rows: Axis, columns: Axis, out: Array | None) -> Array:
    """Return the means as products of a line of ones with the cells of each window.

    A sum along an axis is one call, however many cells it is of: as fast as adding of 3 x 3 cells
    at stride 1, an eighth faster of 5 x 5, and a quarter of 3 x 3 at stride 2 (where the compiled
    product is not found).
    """
    n, height, width, channels = batch.shape
    if out is None:
        out = np.empty((n, rows.output, columns.output, channels), batch.dtype)
    cells = rows.kernel_size * columns.kernel_size
    down = np.ones((1, rows.kernel_size), batch.dtype)
    share = _share(cells)
    across = np.full((1, columns.kernel_size), share, batch.dtype)
    line = width * channels
    sums = _windows(batch.reshape(n, height, line), rows, 1)
    rooms: dict[tuple[int, Shape], tuple[Array, Array]] = {}

    def work(band: tuple[Array, Array]) -> None:
        read, made = band
        place = get_ident(), made.shape
        if place not in rooms:
            partial = scratch("partial", (*made.shape[:2], width, channels), batch.dtype)
            rooms[place] = partial.reshape(*made.shape[:2], 1, line), _windows(partial, columns, 2)
        partial, windows = rooms[place]
        np.matmul(down, read, out=partial)
        np.matmul(across, windows, out=made)
        if share == 1:
            _divide(made, cells)

    bands = cut(n, rows.output * line, inf, PORTION), cut(rows.output, line, inf, PORTION)
    wide = out[:, :, :, np.newaxis]
    with one_blas_thread(), np.errstate(all="ignore"):
        run(
            work, [(sums[part], wide[part]) for part in product(*bands)], 2 * n * rows.output * line
        )
    return out


def _share(cells: int) -> float:
    """Return what a cell adds to a sum: its share of the mean where that is exact, else all."""
    return 1 / cells if cells & (cells - 1) == 0 else 1


def _divide(sums: Array, cells: int) -> None:
    """Divide sums in place; the mean of equal cells remains that cell.

    To multiply takes half the time, and gives the same of such sums where the reciprocal's own
    rounding, relative to it, is less than 2**-25: a cell times that rounds to the cell.
    """
    reciprocal = sums.dtype.type(1 / cells)
    if sums.itemsize == 4 and abs(float(reciprocal) * cells - 1) < 2**-25:
        np.multiply(sums, reciprocal, out=sums)
    else:
        np.divide(sums, cells, out=sums)


def _windows(cells: Array, axis: Axis, place: int) -> Array:
    """Return what each window reads along an axis, as an axis more behind that."""
    shape, strides = list(cells.shape), list(cells.strides)
    cell = strides[place]
    shape[place : place + 1] = [axis.output, axis.kernel_size]
    strides[place : place + 1] = [axis.stride * cell, axis.dilation * cell]
    return np.ndarray(shape, cells.dtype, cells, -axis.before * cell, strides)


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
