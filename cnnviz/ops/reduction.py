"""Reduce the windows of an image: the engine of every pooling type.

Padding is never laid out: each shifted view is clipped to the image, so that a cell outside it
takes no part. Rows and columns are reduced one after the other, `kh + kw` passes in place of
`kh · kw`, which is the same for maxima, minima and sums: rows first, whose lines are long.
"""

from __future__ import annotations

from _thread import _local
from collections.abc import Callable
from contextlib import nullcontext
from functools import cache, lru_cache, partial
from itertools import product
from math import inf
from typing import Any, NamedTuple

import numpy as np

from cnnviz.calls import Do, now
from cnnviz.geometry import Axis, Shape
from cnnviz.ops.bands import pieces, run, step
from cnnviz.ops.checks import Array
from cnnviz.ops.scratch import KEPT, renewed, scratch, small_buffers
from cnnviz.ops.windows import taps

# Of the values in a band of those ops that several cores share, for one core too: about the most
# for which what a band reads and its reduced lines fit the second-level cache.
PORTION = 0.8
# Channels from which small buffers gain less than it takes to set them.
WIDE = 64
# Rooms that a thread keeps: of a pooling there are two, one of them for the last band.
ROOMS = 16
# Taps of bands up to which all are made first; more would take memory themselves.
AHEAD = 2**12


def reduce_windows(
    batch: Array,
    rows: Axis,
    columns: Axis,
    ufunc: np.ufunc,
    identity: float,
    *,
    out: Array | None = None,
    finish: Callable[[Array, slice], object] | None = None,
    do: Do = now,
) -> Array:
    """Return `ufunc` over the image cells of every window of `batch`, `(N, H', W', C)`.

    `identity` is the value of a window without any. The result is written to `out`, which may be a
    slice of the channels of a wider array; `finish` works in place on a band of its rows, and is
    told which they are. What is written down by `do` is in the order of one thread.
    """
    n, _, _, channels = batch.shape
    kind = batch.dtype
    if out is None:
        out = np.empty((n, rows.output, columns.output, channels), kind)
    bands, across = _laid(rows, columns, batch.shape)

    def views(band: _Band) -> tuple[Array, list[_View]]:
        down = band.down or _down(rows, band.part)
        return out[band.part], _views(batch, down)

    joined = ufunc if do is now else partial(do, ufunc)
    copied = np.copyto if do is now else partial(do, np.copyto)

    def work(laid: tuple[_Band, tuple[Array, list[_View]] | None]) -> None:
        band, ready = laid
        made, down = ready or views(band)
        if across is None:
            passes: tuple[tuple[list[_View], Array], ...] = ((down, made),)
        else:
            room = _room(band.room, kind, across)
            passes = (down, room.reduced), (room.views, made)
        for cells, result in passes:
            for outputs, one, two in cells:
                part = result if outputs is None else result[outputs]
                if two is None:
                    copied(part, identity if one is None else one)
                else:
                    joined(part if one is None else one, two, out=part)
        if finish is not None:
            do(finish, made, band.part[1])

    # Views are made before others work: for whoever runs Python they wait at their next call.
    parts = [(band, views(band) if band.down else None) for band in bands]
    wide = channels >= WIDE and ufunc is not np.add  # maxima and minima never overflow
    with nullcontext() if wide else small_buffers():
        run(work, parts, _values(rows, columns, batch.shape) if do is now else 0)
    return out


def reduce_changed(
    change: Callable[[Array], Array],
    batch: Array,
    rows: Axis,
    columns: Axis,
    ufunc: np.ufunc,
    identity: float,
    dtype: np.dtype[Any],
) -> Array:
    """Return the same of what `change` makes, of type `dtype`, of the values of each band."""
    n, _, _, channels = batch.shape
    out = np.empty((n, rows.output, columns.output, channels), dtype)

    def work(band: _Band) -> None:
        images, lines = band.part
        read, laid = rows.part(lines)
        cells = change(batch[images, read])
        reduce_windows(cells, laid, columns, ufunc, identity, out=out[images, lines])

    with small_buffers():
        run(work, _laid(rows, columns, batch.shape)[0], _values(rows, columns, batch.shape))
    return out


def _values(rows: Axis, columns: Axis, shape: Shape) -> int:
    """Return how many values all passes go over."""
    n, _, width, channels = shape
    return n * rows.output * width * channels * (rows.kernel_size + columns.kernel_size)


_Place = tuple[slice, ...]
# Outputs, or None for all of them; cells that they begin with, or None if they have begun or, where
# nothing follows, begin with the identity; and cells that are reduced with that, or None. First as
# places in an array, then as views of it.
_Tap = tuple[_Place | None, _Place | None, _Place | None]
_View = tuple[_Place | None, Array | None, Array | None]


class _Room(NamedTuple):
    """Where a thread reduces the rows of a band, and what columns read there."""

    shape: Shape
    kind: np.dtype[Any]
    reduced: Array
    views: list[_View]


class _Own(_local):
    """The rooms of a thread, by the identity of their shape."""

    def __init__(self) -> None:
        self.rooms: dict[int, _Room] = {}


_own = _Own()


def _room(shape: Shape, kind: np.dtype[Any], across: list[_Tap]) -> _Room:
    """Return this thread's room for a band.

    The last ones are kept, since others wait while one is made. Of a window on an image there is
    one tuple of each shape, so that this tells `across` too.
    """
    rooms = _own.rooms
    room = rooms.get(id(shape))
    if room is None or room.shape is not shape or room.kind is not kind:
        before = renewed()
        reduced = scratch("reduced", shape, kind)
        room = _Room(shape, kind, reduced, _views(reduced, across))
        if renewed() != before or len(rooms) == ROOMS:
            rooms.clear()  # they are on the memory that there was before
        if reduced.nbytes <= KEPT:
            rooms[id(shape)] = room
    return room


class _Band(NamedTuple):
    """Some images and rows, the shape of what rows are reduced to, and the rows' taps if known."""

    part: tuple[slice, slice]
    room: Shape
    down: list[_Tap] | None


def _views(cells: Array, taps: list[_Tap]) -> list[_View]:
    """Return the cells at the places of taps."""
    return [
        (outputs, None if one is None else cells[one], None if two is None else cells[two])
        for outputs, one, two in taps
    ]


@lru_cache(32)
def _laid(rows: Axis, columns: Axis, shape: Shape) -> tuple[list[_Band], list[_Tap] | None]:
    """Return bands, and the columns' taps, if they leave anything to reduce."""
    n, _, width, channels = shape
    line = width * channels
    steps = step(n, rows.output * line, inf, PORTION), step(rows.output, line, inf, PORTION)
    parts = [*product(pieces(n, steps[0]), pieces(rows.output, steps[1]))]
    ahead = len(parts) * rows.kernel_size <= AHEAD
    shaped: Callable[..., Shape] = cache(lambda *shape: shape)  # one tuple of each
    bands = []
    for images, lines in parts:
        room = shaped(images.stop - images.start, lines.stop - lines.start, width, channels)
        bands.append(_Band((images, lines), room, _down(rows, (images, lines)) if ahead else None))
    lone = columns.kernel_size == columns.stride == 1 and columns.output == width
    every = slice(None), slice(None)
    return bands, None if lone else _taps(columns, every, slice(0, columns.output))


def _down(rows: Axis, part: tuple[slice, slice]) -> list[_Tap]:
    """Return how to reduce the rows of some images."""
    images, lines = part
    return _taps(rows, (images,), lines)


def _taps(axis: Axis, leading: _Place, lines: slice) -> list[_Tap]:
    """Return how to reduce cells to some outputs, along an axis behind `leading` ones."""
    outputs = lines.stop - lines.start
    found = [*taps(axis, axis.size, outputs, (lines.start, 0))]
    found.sort(key=lambda tap: tap[0] != slice(0, outputs))  # first those that all outputs find

    def at(cells: slice) -> _Place:
        return *leading, cells

    def to(meets: slice) -> _Place | None:
        return None if meets == slice(0, outputs) else (*(slice(None),) * len(leading), meets)

    if not found or found[0][0] != slice(0, outputs):  # some outputs may find nothing
        return [(None, None, None), *((to(meets), None, at(read)) for meets, read in found)]
    (_, base), *rest = found
    meets, read = rest.pop(0) if rest else (slice(0, 0), base)
    alone = [slice(0, meets.start), slice(meets.stop, outputs)]
    made = [(to(few), at(_of(base, few)), None) for few in alone if few.start < few.stop]
    begun = [(to(meets), at(_of(base, meets)), at(read))] if meets.stop else []
    return [*made, *begun, *((to(meets), None, at(read)) for meets, read in rest)]


def _of(read: slice, outputs: slice) -> slice:
    """Return the cells that some of all outputs read."""
    step = read.step
    return slice(
        read.start + outputs.start * step, read.start + (outputs.stop - 1) * step + 1, step
    )
