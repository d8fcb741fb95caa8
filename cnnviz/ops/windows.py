"""Reduce the windows of an image: the engine of every pooling type.

Padding is never laid out: each shifted view is clipped to the image, so that a cell outside it
takes no part. Rows and columns are reduced one after the other, `kh + kw` passes in place of
`kh · kw`, which is the same for maxima, minima and sums.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from typing import Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cnnviz.errors import SpecError
from cnnviz.files import check_bytes
from cnnviz.geometry import Axis, Padding, Size, Window
from cnnviz.ops.checks import Array, as_batch, result_type

# Values in a band of input rows, or of small images: it and its partial results stay in the cache.
BAND = 2**16


def lay(
    x: ArrayLike,
    pool_size: Size,
    *,
    strides: Size | None,
    padding: Padding,
    dilation_rate: Size,
    ceil_mode: bool,
) -> tuple[Array, Axis, Axis]:
    """Return `x` as a float batch and the window laid on its rows and columns.

    Raises
    ------
    SpecError
        If the window does not fit.
    RefusedError
        If the result is over the byte budget.
    """
    batch = as_batch(x)
    window = Window.of(
        pool_size,
        strides=pool_size if strides is None else strides,
        padding=padding,
        dilation_rate=dilation_rate,
        ceil_mode=ceil_mode,
    )
    rows, columns = window.on(batch.shape[1:3])
    dtype = np.dtype(result_type(batch))
    count = len(batch) * rows.output * columns.output * batch.shape[3]
    if batch.dtype != dtype:
        count += batch.size
    check_bytes(dtype.itemsize * count, "the result of the pooling")
    return batch.astype(dtype, copy=False), rows, columns


def reduce_windows(
    batch: Array,
    rows: Axis,
    columns: Axis,
    ufunc: np.ufunc,
    identity: float,
    before: Callable[[Array], Array] | None = None,
    dtype: type[np.floating[Any]] | None = None,
) -> Array:
    """Return `ufunc` over the image cells of every window of `batch`, `(N, H', W', C)`.

    `identity` is the value of a window without any; `before` is applied to each value first;
    `dtype` is the type to reduce in, that of `batch` unless given.
    """
    n, _, width, channels = batch.shape
    dtype = dtype or batch.dtype.type
    out = np.empty((n, rows.output, columns.output, channels), dtype)
    lines = max(1, BAND // (width * channels * rows.stride))
    height, together = min(lines, rows.output), max(1, lines // rows.output)

    for image, first in product(range(0, n, together), range(0, rows.output, height)):
        images = slice(image, image + together)
        part = out[images, first : first + height]
        top = max(0, rows.start(first))
        stop = max(top, rows.start(first + part.shape[1] - 1) + rows.extent)
        band = batch[images, top:stop] if before is None else before(batch[images, top:stop])
        down = np.empty((*part.shape[:2], width, channels), dtype)
        _reduce(band.swapaxes(0, 1), down.swapaxes(0, 1), rows, (first, top), ufunc, identity)
        turned = (down.swapaxes(0, 2), part.swapaxes(0, 2))
        _reduce(*turned, columns, (0, 0), ufunc, identity)
    return out


def _reduce(
    cells: Array,
    out: Array,
    axis: Axis,
    origin: tuple[int, int],
    ufunc: np.ufunc,
    identity: float,
) -> None:
    """Reduce along the leading axis; `out` and `cells` begin at the output and cell `origin`."""
    found = list(taps(axis, len(cells), len(out), origin))
    # Two taps that every output finds start the reduction without a pass to fill `out`.
    whole = [cells[read] for outputs, read in found if outputs == slice(0, len(out))]
    if len(whole) >= 2:
        ufunc(whole[0], whole[1], out=out)
    else:
        out[...] = whole[0] if whole else identity
    for view in whole[2:]:
        ufunc(out, view, out=out)
    for outputs, read in found:
        if outputs != slice(0, len(out)):
            ufunc(out[outputs], cells[read], out=out[outputs])


def taps(
    axis: Axis, cells: int, outputs: int, origin: tuple[int, int] = (0, 0)
) -> Iterator[tuple[slice, slice]]:
    """Yield for each cell of the window the outputs that find it in the image, and those cells."""
    # Of a window far larger than the image, most cells meet it nowhere.
    start = axis.start(origin[0]) - origin[1]
    low = max(0, -((start + (outputs - 1) * axis.stride) // axis.dilation))
    high = min(axis.kernel_size, -((start - cells) // axis.dilation))
    for i in range(low, high):
        met = tap(axis, i, cells, outputs, origin)
        if met is not None:
            yield met


def tap(
    axis: Axis, i: int, cells: int, outputs: int, origin: tuple[int, int] = (0, 0)
) -> tuple[slice, slice] | None:
    """Return the outputs that find cell `i` of their window in the image, and those cells.

    None if no output does; `outputs` and `cells` begin at the output and cell `origin`.
    """
    first, top = origin
    start = axis.start(first) + i * axis.dilation - top
    low = max(0, -(start // axis.stride))
    high = min(outputs, -((start - cells) // axis.stride))
    if low >= high:
        return None
    reach = start + (high - 1) * axis.stride + 1
    return slice(low, high), slice(start + low * axis.stride, reach, axis.stride)


def counts(axis: Axis, *, include_pad: bool = False) -> NDArray[np.intp]:
    """Return how many cells of the image each window reads along `axis`.

    With `include_pad` the padding counts too, but not what a last window in ceil mode reads
    beyond it.
    """
    low, high = (-axis.before, axis.size + axis.after) if include_pad else (0, axis.size)
    found = np.full(axis.output, axis.kernel_size, np.intp)
    # Only windows that stick out at either end are counted: those that start before `low`, and
    # those that end behind `high`.
    head = min(axis.output, -((-axis.before - low) // axis.stride))
    tail = max(head, (high - axis.extent + axis.before) // axis.stride + 1)
    for outputs in (slice(0, head), slice(tail, axis.output)):
        starts = np.arange(outputs.start, outputs.stop) * axis.stride - axis.before
        first = np.maximum(0, -((starts - low) // axis.dilation))
        stop = np.minimum(axis.kernel_size, -((starts - high) // axis.dilation))
        found[outputs] = np.maximum(0, stop - first)
    return found


def check_seen(rows: Axis, columns: Axis) -> None:
    """Refuse windows that lie in the padding altogether, where there is nothing to pool.

    Raises
    ------
    SpecError
        Naming the first such row or column of the output.
    """
    check_axis_seen(rows, "row")
    check_axis_seen(columns, "column")


def check_axis_seen(axis: Axis, name: str) -> None:
    """Do what `check_seen` does for one axis, whose outputs are called `name`."""
    seen = counts(axis)
    if not seen.all():
        raise SpecError(
            f"output {name} {int(seen.argmin())} would pool padding only: pool_size "
            f"{axis.kernel_size}, dilation {axis.dilation}, padding {axis.before}+{axis.after}",
            hint="use less padding",
        )


def like(result: Array, x: ArrayLike) -> Array:
    """Return `result`, `(N, H, W, C)`, with the rank of `x`."""
    rank = np.ndim(x)
    return cast(Array, result[0, :, :, 0] if rank == 2 else result[0] if rank == 3 else result)
