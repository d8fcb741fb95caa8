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
from cnnviz.ops.scratch import KEPT, scratch, small_buffers
from cnnviz.ops.windows import taps

# Of the values in a band of those ops that several cores share, for one core too: about the most
# for which what a band reads and its reduced lines fit the second-level cache. With smaller bands
# there are more calls, each of which costs more where memory is slow.
PORTION = 1.2
# Channels from which small buffers gain less than it takes to set them.
WIDE = 64
# Views of bands up to which they are all made first; of more they would take memory themselves.
AHEAD = 2**12


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
    do: Do = now,
) -> Array:
    """Return `ufunc` over the image cells of every window of `batch`, `(N, H', W', C)`.

    `identity` is the value of a window without any; `before` is applied to each value first;
    `dtype` is the type to reduce in, that of `batch` unless given. The result is written to `out`,
    which may be a slice of the channels of a wider array; `finish` works in place on a band of
    its rows, and is told which they are. What is written down by `do` is in the order of one
    thread; there is no `before` then.
    """
    n, _, width, channels = batch.shape
    kind = np.dtype(dtype or batch.dtype)
    if out is None:
        out = np.empty((n, rows.output, columns.output, channels), kind)
    bands, across = _laid(rows, columns, batch.shape)

    def work(laid: tuple[_Band, Array, list[_Step] | None]) -> None:
        band, made, down = laid
        if down is None:
            cells = batch[band.cells]
            down = _steps(before(cells) if before else cells, band.down)
        if across is None:
            _reduce(down, made, ufunc, identity, do)
        else:
            reduced, again = _room((*made.shape[:2], width, channels), kind, across)
            _reduce(down, reduced, ufunc, identity, do)
            _reduce(again, made, ufunc, identity, do)
        if finish is not None:
            do(finish, made, band.part[1])

    # Views are made before others work: for whoever runs Python they wait at their next call.
    ahead = before is None and len(bands) * rows.kernel_size <= AHEAD
    parts = [
        (band, out[band.part], _steps(batch[band.cells], band.down) if ahead else None)
        for band in bands
    ]
    passes = n * rows.output * width * channels * (rows.kernel_size + columns.kernel_size)
    wide = channels >= WIDE and ufunc is not np.add  # maxima and minima never overflow
    with nullcontext() if wide else small_buffers():
        run(work, parts, passes if do is now else 0)
    return out


_own = _local()


def _room(shape: Shape, kind: np.dtype[Any], across: list[_Tap]) -> tuple[Array, list[_Step]]:
    """Return this thread's room for the reduced rows of a band, and what columns read there.

    The last one is kept: the next is likely to be the same, and others wait while it is made.
    """
    reduced = scratch("partial", shape, kind)
    held: tuple[Array, list[_Tap], list[_Step]] | None = getattr(_own, "room", None)
    if held is None or held[0] is not reduced or held[1] is not across:
        held = reduced, across, _steps(reduced, across)
        if reduced.nbytes <= KEPT:
            _own.room = held
    return held[0], held[2]


_Place = tuple[slice, ...]


class _Tap(NamedTuple):
    """Cells that outputs begin with, one each or two, or one that is added to what they are."""

    outputs: _Place | None  # None are all
    one: _Place
    two: _Place | None
    added: bool


class _Step(NamedTuple):
    """The same with the cells themselves."""

    outputs: _Place | None
    one: Array
    two: Array | None
    added: bool


def _steps(cells: Array, taps: list[_Tap]) -> list[_Step]:
    """Return how to reduce cells along an axis."""
    return [
        _Step(outputs, cells[one], None if two is None else cells[two], added)
        for outputs, one, two, added in taps
    ]


def _reduce(steps: list[_Step], out: Array, ufunc: np.ufunc, identity: float, do: Do) -> None:
    """Reduce what is read along the axis into `out`, now or later."""
    if not steps or steps[0].added:
        do(np.copyto, out, identity)
    for outputs, one, two, added in steps:
        part = out if outputs is None else out[outputs]
        if added:
            do(ufunc, part, one, out=part)
        elif two is None:
            do(np.copyto, part, one)
        else:
            do(ufunc, one, two, out=part)


class _Band(NamedTuple):
    """Outputs of some images and rows, where their cells are, and the rows' taps in those."""

    part: tuple[slice, slice]
    cells: tuple[slice, slice]
    down: list[_Tap]


@lru_cache(32)
def _laid(rows: Axis, columns: Axis, shape: Shape) -> tuple[list[_Band], list[_Tap] | None]:
    """Return bands and the columns' taps, if they leave anything to reduce."""
    n, height, width, channels = shape
    bands = []
    down = cache(partial(_taps, rows, 1))  # the same for most bands
    line = width * channels
    steps = step(n, rows.output * line, inf, PORTION), step(rows.output, line, inf, PORTION)
    for images, lines in product(pieces(n, steps[0]), pieces(rows.output, steps[1])):
        start, last = rows.start(lines.start), rows.start(lines.stop - 1)
        top = min(height, max(0, start))
        stop = min(height, max(top, last + rows.extent))
        taken = down(stop - top, lines.stop - lines.start, start - top)
        bands.append(_Band((images, lines), (images, slice(top, stop)), taken))
    lone = columns.kernel_size == columns.stride == 1 and columns.output == width
    return bands, None if lone else _taps(columns, 2, width, columns.output, -columns.before)


def _taps(axis: Axis, place: int, cells: int, outputs: int, start: int) -> list[_Tap]:
    """Return how to reduce a band of cells along an axis that is the `place`-th of arrays.

    The first output's window begins at the cell `start` of the band.
    """
    found = [*taps(axis, cells, outputs, (0, -axis.before - start))]
    found.sort(key=lambda tap: tap[0] != slice(0, outputs))  # first those that all outputs find

    def at(cells: slice) -> _Place:
        return (*(slice(None),) * place, cells)

    def to(meets: slice) -> _Place | None:
        return None if meets == slice(0, outputs) else at(meets)

    if not found or found[0][0] != slice(0, outputs):  # some outputs may find nothing
        return [_Tap(at(meets), at(read), None, True) for meets, read in found]
    (_, base), *rest = found
    meets, read = rest.pop(0) if rest else (slice(0, 0), base)
    alone = [slice(0, meets.start), slice(meets.stop, outputs)]
    made = [_Tap(to(few), at(_of(base, few)), None, False) for few in alone if few.start < few.stop]
    if meets.stop:
        made.append(_Tap(to(meets), at(_of(base, meets)), at(read), False))
    return made + [_Tap(to(meets), at(read), None, True) for meets, read in rest]


def _of(read: slice, outputs: slice) -> slice:
    """Return the cells that some of all outputs read."""
    step = read.step
    return slice(
        read.start + outputs.start * step, read.start + (outputs.stop - 1) * step + 1, step
    )
