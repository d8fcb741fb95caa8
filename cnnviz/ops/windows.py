"""Reduce the windows of an image: the engine of every pooling type.

Padding is never laid out: each shifted view is clipped to the image, so that a cell outside it
takes no part. Rows and columns are reduced one after the other, `kh + kw` passes in place of
`kh · kw`, which is the same for maxima, minima and sums.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from itertools import product
from typing import Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cnnviz.errors import SpecError
from cnnviz.files import check_bytes
from cnnviz.geometry import Axis, Padding, Size, Window
from cnnviz.ops.bands import cut, run
from cnnviz.ops.checks import Array, as_batch, result_type
from cnnviz.ops.scratch import scratch


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
    *,
    out: Array | None = None,
    finish: Callable[[Array, slice], object] | None = None,
) -> Array:
    """Return `ufunc` over the image cells of every window of `batch`, `(N, H', W', C)`.

    `identity` is the value of a window without any; `before` is applied to each value first;
    `dtype` is the type to reduce in, that of `batch` unless given. The result is written to `out`,
    which may be a slice of the channels of a wider array; `finish` works in place on a band of
    its rows, and is told which they are.
    """
    n, _, width, channels = batch.shape
    dtype = dtype or batch.dtype.type
    if out is None:
        out = np.empty((n, rows.output, columns.output, channels), dtype)
    result = out
    across = _found(columns, 2, width, columns.output)
    # Windows one column wide leave nothing to reduce along the rows.
    lone = columns.kernel_size == columns.stride == 1 and columns.output == width

    @cache  # the same for most parts, whose Python should be short: one thread runs it at a time
    def down(start: int, cells: int, outputs: int) -> _Found:
        return _found(rows, 1, cells, outputs, start)

    def work(part: tuple[slice, slice]) -> None:
        images, lines = part
        made = result[images, lines]
        count, height = made.shape[:2]
        start = rows.start(lines.start)
        top = max(0, start)
        band = batch[images, top : max(top, rows.start(lines.stop - 1) + rows.extent)]
        found = down(start - top, band.shape[1], height)
        if before is not None:
            band = before(band)
        if lone:
            _reduce(band, made, found, ufunc, identity)
        else:
            partial = scratch("partial", (count, height, width, channels), np.dtype(dtype))
            _reduce(band, partial, found, ufunc, identity)
            _reduce(partial, made, across, ufunc, identity)
        if finish is not None:
            finish(made, lines)

    line = width * channels
    passes = n * rows.output * line * (rows.kernel_size + columns.kernel_size)
    bands = cut(n, rows.output * line, passes), cut(rows.output, line, passes)
    run(work, [*product(*bands)], passes)
    return result


# Where the cells are that each tap of the window reads: of taps that every output finds in the
# image; and, of others, the outputs that find it and the cells.
_Place = tuple[slice, ...]
_Found = tuple[list[_Place], list[tuple[_Place, _Place]]]


def _found(axis: Axis, place: int, cells: int, outputs: int, start: int | None = None) -> _Found:
    """Return what outputs find in a band of cells, by the place of the axis in arrays.

    The first output's window begins at the cell `start` of the band.
    """
    start = -axis.before if start is None else start
    ahead, everyone = (slice(None),) * place, slice(0, outputs)
    found = [*taps(axis, cells, outputs, (0, -axis.before - start))]
    return (
        [(*ahead, read) for meets, read in found if meets == everyone],
        [((*ahead, meets), (*ahead, read)) for meets, read in found if meets != everyone],
    )


def _reduce(cells: Array, out: Array, found: _Found, ufunc: np.ufunc, identity: float) -> None:
    """Reduce what is found along one axis into `out`."""
    whole, rest = found
    # Two taps that every output finds start the reduction without a pass to fill `out`.
    if len(whole) >= 2:
        ufunc(cells[whole[0]], cells[whole[1]], out=out)
    else:
        out[...] = cells[whole[0]] if whole else identity
    for read in whole[2:]:
        ufunc(out, cells[read], out=out)
    for meets, read in rest:
        part = out[meets]
        ufunc(part, cells[read], out=part)


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


def inside(axis: Axis) -> bool:
    """Return whether every window lies in the image."""
    return axis.before <= 0 and axis.start(axis.output - 1) + axis.extent <= axis.size


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
    if axis.dilation == 1 and axis.before < axis.extent and axis.start(axis.output - 1) < axis.size:
        return  # the first window ends in the image, and the last one begins in it
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
