"""Windows laid on the rows and columns of an image, and which cells each of them reads."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from math import gcd
from typing import cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cnnviz.errors import SpecError
from cnnviz.files import check_bytes
from cnnviz.geometry import Axis, Padding, Shape, Size, Window
from cnnviz.ops.checks import Array, as_batch, result_type

FLOATS = {np.dtype(np.float32), np.dtype(np.float64)}
# Types of settings that are looked up: in a tuple, 1 and True are the same.
PLAIN = {int, str, bool, type(None)}


def lay(
    x: ArrayLike,
    pool_size: Size,
    *,
    strides: Size | None,
    padding: Padding,
    dilation_rate: Size,
    ceil_mode: bool,
    must_see: bool = True,
) -> tuple[Array, Axis, Axis]:
    """Return `x` as a float batch and the window laid on its rows and columns.

    Raises
    ------
    SpecError
        If the window does not fit or, if it `must_see` cells, would see padding only.
    RefusedError
        If the result is over the byte budget.
    """
    batch = as_batch(x)
    settings = pool_size, strides, padding, dilation_rate, ceil_mode
    known = PLAIN.issuperset(map(type, settings))
    rows, columns = (_laid if known else _laid.__wrapped__)(batch.shape[1:3], *settings)
    count = len(batch) * rows.output * columns.output * batch.shape[3]
    dtype = batch.dtype if batch.dtype in FLOATS else np.dtype(result_type(batch))
    copied = 0 if dtype is batch.dtype else batch.size
    check_bytes(dtype.itemsize * (count + copied), "the result of the pooling")
    if must_see:
        check_axis_seen(rows, "row")
        check_axis_seen(columns, "column")
    return (batch.astype(dtype) if copied else batch), rows, columns


@lru_cache(64, typed=True)
def _laid(
    shape: Shape,
    pool_size: Size,
    strides: Size | None,
    padding: Padding,
    dilation_rate: Size,
    ceil_mode: bool,
) -> tuple[Axis, ...]:
    return Window.of(
        pool_size,
        strides=pool_size if strides is None else strides,
        padding=padding,
        dilation_rate=dilation_rate,
        ceil_mode=ceil_mode,
    ).on(shape)


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


def check_axis_seen(axis: Axis, name: str) -> None:
    """Refuse windows that lie in the padding altogether, where there is nothing to pool.

    Raises
    ------
    SpecError
        Naming the first such output of the axis, which are called `name`.
    """
    if axis.dilation == 1 and axis.before < axis.extent and axis.start(axis.output - 1) < axis.size:
        return  # the first window ends in the image, and the last one begins in it
    unseen = next((output for output in _doubtful(axis) if not _sees(axis, output)), None)
    if unseen is not None:
        raise SpecError(
            f"output {name} {unseen} would pool padding only: pool_size "
            f"{axis.kernel_size}, dilation {axis.dilation}, padding {axis.before}+{axis.after}",
            hint="use less padding",
        )


def _doubtful(axis: Axis) -> Iterator[int]:
    """Yield outputs among which is the first that sees no cell, if any does: few, of any padding.

    Of windows that begin before the image a later one misses it only if the first does, or if its
    cells lie on both sides of all of it; these repeat. The first that begins behind it sees none.
    """
    before = min(axis.output, max(0, -(-axis.before // axis.stride)))
    over = axis.size < axis.dilation
    yield from range(min(before, axis.dilation // gcd(axis.stride, axis.dilation) if over else 1))
    behind = max(0, -(-(axis.size + axis.before) // axis.stride))
    if behind < axis.output:
        yield behind


def _sees(axis: Axis, output: int) -> bool:
    """Return whether a window reads a cell of the image."""
    start = axis.start(output)
    skipped = max(0, -(start // axis.dilation))
    return skipped < axis.kernel_size and start + skipped * axis.dilation < axis.size


def like(result: Array, x: ArrayLike) -> Array:
    """Return `result`, `(N, H, W, C)`, with the rank of `x`."""
    rank = np.ndim(x)
    return cast(Array, result[0, :, :, 0] if rank == 2 else result[0] if rank == 3 else result)
