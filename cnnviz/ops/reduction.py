"""Reduce the windows of an image: the engine of every pooling type.

Padding is never laid out: each shifted view is clipped to the image, so that a cell outside it
takes no part. Rows and columns are reduced one after the other, `kh + kw` passes in place of
`kh · kw`, which is the same for maxima, minima and sums: rows first, whose lines are long.
"""

from __future__ import annotations

from _thread import get_ident
from collections.abc import Callable
from functools import cache, lru_cache, partial
from itertools import product
from math import inf
from typing import Any, NamedTuple

import numpy as np

from cnnviz.calls import Do, now
from cnnviz.geometry import Axis, Shape
from cnnviz.ops.bands import pieces, run, step
from cnnviz.ops.checks import Array
from cnnviz.ops.scratch import scratch, small_buffers
from cnnviz.ops.windows import taps

# Of the values in a band of those ops that several cores share, for one core too: about the most
# for which what a band reads and its reduced lines fit the second-level cache. With smaller bands
# there are more calls, each of which costs more where memory is slow.
PORTION = 1.2
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
    line = width * channels
    steps = step(n, rows.output * line, inf, PORTION), step(rows.output, line, inf, PORTION)
    bands, across = _laid(rows, columns, batch.shape, steps)
    rooms: dict[tuple[int, Shape], tuple[Array, _Views]] = {}

    def room(shape: Shape) -> tuple[Array, _Views]:
        """Return this thread's room for the reduced rows of a band, and what columns read there."""
        place = get_ident(), shape
        if place not in rooms:
            assert across is not None
            reduced = scratch("partial", (*shape[:2], width, channels), kind)
            rooms[place] = reduced, _Views.of(reduced, across)
        return rooms[place]

    def work(laid: tuple[_Band, Array, _Views | None]) -> None:
        band, made, views = laid
        if views is None:
            cells = batch[band.cells]
            views = _Views.of(before(cells) if before else cells, band.down)
        if across:
            reduced, again = room(made.shape)
            views.reduce(reduced, ufunc, identity, do)
            again.reduce(made, ufunc, identity, do)
        else:
            views.reduce(made, ufunc, identity, do)
        if finish is not None:
            do(finish, made, band.part[1])

    # Views are made before others work: for whoever runs Python they wait at their next call.
    ahead = before is None and len(bands) * rows.kernel_size <= AHEAD
    parts = [
        (band, out[band.part], _Views.of(batch[band.cells], band.down) if ahead else None)
        for band in bands
    ]
    passes = n * rows.output * line * (rows.kernel_size + columns.kernel_size)
    with small_buffers():
        run(work, parts, passes if do is now else 0)
    return out


_Place = tuple[slice, ...]


class _Taps(NamedTuple):
    """How to reduce along an axis: places of outputs, and of the cells that they read."""

    copied: list[tuple[_Place, _Place]]  # outputs that begin as a copy of cells
    paired: list[tuple[_Place, _Place, _Place]]  # outputs that begin with two taps, in one pass
    more: list[tuple[_Place, _Place]]  # outputs, and cells that are added to them


class _Views(NamedTuple):
    """The same with the cells themselves."""

    copied: list[tuple[_Place, Array]]
    paired: list[tuple[_Place, Array, Array]]
    more: list[tuple[_Place, Array]]

    @classmethod
    def of(cls, cells: Array, taps: _Taps) -> _Views:
        """Return the cells at the places of taps."""
        return cls(
            [(meets, cells[place]) for meets, place in taps.copied],
            [(meets, cells[one], cells[two]) for meets, one, two in taps.paired],
            [(meets, cells[place]) for meets, place in taps.more],
        )

    def reduce(self, out: Array, ufunc: np.ufunc, identity: float, do: Do) -> None:
        """Reduce what is read along the axis into `out`."""
        if not self.copied and not self.paired:
            do(np.copyto, out, identity)
        for meets, cells in self.copied:
            do(np.copyto, out[meets], cells)
        for meets, one, two in self.paired:
            do(ufunc, one, two, out=out[meets])
        for meets, cells in self.more:
            part = out[meets]
            do(ufunc, part, cells, out=part)


class _Band(NamedTuple):
    """Outputs of some images and rows, where their cells are, and the rows' taps in those."""

    part: tuple[slice, slice]
    cells: tuple[slice, slice]
    down: _Taps


@lru_cache(32)
def _laid(
    rows: Axis, columns: Axis, shape: Shape, steps: tuple[int, int]
) -> tuple[list[_Band], _Taps | None]:
    """Return bands and the columns' taps, if they leave anything to reduce."""
    n, height, width, _ = shape
    bands = []
    down = cache(partial(_taps, rows, 1))  # the same for most bands
    for images, lines in product(pieces(n, steps[0]), pieces(rows.output, steps[1])):
        start, last = rows.start(lines.start), rows.start(lines.stop - 1)
        top = min(height, max(0, start))
        stop = min(height, max(top, last + rows.extent))
        taken = down(stop - top, lines.stop - lines.start, start - top)
        bands.append(_Band((images, lines), (images, slice(top, stop)), taken))
    lone = columns.kernel_size == columns.stride == 1 and columns.output == width
    return bands, None if lone else _taps(columns, 2, width, columns.output, -columns.before)


def _taps(axis: Axis, place: int, cells: int, outputs: int, start: int) -> _Taps:
    """Return how to reduce a band of cells along an axis that is the `place`-th of arrays.

    The first output's window begins at the cell `start` of the band.
    """
    found = [*taps(axis, cells, outputs, (0, -axis.before - start))]
    found.sort(key=lambda tap: tap[0] != slice(0, outputs))  # first those that all outputs find

    def at(cells: slice) -> _Place:
        return (*(slice(None),) * place, cells)

    if not found or found[0][0] != slice(0, outputs):  # some outputs may find nothing
        return _Taps([], [], [(at(meets), at(read)) for meets, read in found])
    (_, base), *rest = found
    meets, read = rest.pop(0) if rest else (slice(0, 0), base)
    alone = [slice(0, meets.start), slice(meets.stop, outputs)]
    copied = [(at(few), at(_of(base, few))) for few in alone if few.start < few.stop]
    paired = [(at(meets), at(_of(base, meets)), at(read))] if meets.stop else []
    return _Taps(copied, paired, [(at(meets), at(read)) for meets, read in rest])


def _of(read: slice, outputs: slice) -> slice:
    """Return the cells that some of all outputs read."""
    step = read.step
    return slice(
        read.start + outputs.start * step, read.start + (outputs.stop - 1) * step + 1, step
    )
