"""Transposed convolution as stamps: each input cell lays the kernel, weighted, on the output.

Everything is float64, as in `terms`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from math import fsum
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np

from cnnviz.geometry import Shape, times
from cnnviz.report.moving import FRAMES, Moving
from cnnviz.report.terms import Place, geometry_words
from cnnviz.report.words import opening

if TYPE_CHECKING:
    from cnnviz.geometry.transposed import TransposedAxis

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(eq=False, repr=False)
class Stamp:
    """What one input cell adds to the output.

    Attributes
    ----------
    at : (row, column)
        The input cell.
    rows, columns : range
        Rows and columns of the output that it is laid on; those outside are cropped.
    inside : ndarray of bool, (kh, kw)
    weights : ndarray, (C,)
        The values of the cell.
    products : ndarray, (kh, kw, C)
        The kernel, each channel times the cell's value.
    sums : ndarray, (kh, kw)
        The products added over the channels: what is added to the output.
    """

    at: Place
    rows: range
    columns: range
    inside: Array
    weights: Array
    products: Array
    sums: Array


class Moment(NamedTuple):
    """The output with a stamp and those before it.

    `before` is what the stamp is added to, `(kh, kw)`, None if it is there already; `out` changes
    when the next moment comes; `done` counts the cells that are stamped, None while it is wiped.
    """

    stamp: Stamp
    before: Array | None
    out: Array
    done: int | None
    seconds: float


@dataclass(eq=False, repr=False)
class Stamping(Moving):
    """Input cells in reading order, each of which adds its stamp to one map.

    Attributes
    ----------
    source : ndarray, (H, W, C)
    axes : (rows, columns)
    kernel : ndarray, (kh, kw, C)
    output : ndarray, (H', W')
        The map, as the engine computed it.
    bias : float
        What the output holds before the first stamp.
    activation : callable or None
        What follows on the last one.
    seen, image_shape
        What `picture` is, and the shape of the image, if it is not the image.
    """

    figure: ClassVar[str] = "stamping"

    image: str
    name: str
    source: Array
    axes: tuple[TransposedAxis, ...]
    kernel: Array
    output: Array
    picture: Array
    channels: tuple[str, ...]
    bias: float = 0.0
    act: str = ""
    activation: Callable[..., Array] | None = None
    settings: tuple[str, ...] = ()
    seen: str = ""
    is_photo: bool = True
    image_shape: Shape = ()
    notes: tuple[str, ...] = ()
    most: int = FRAMES

    @property
    def subject(self) -> str:
        """The image."""
        return self.image

    @property
    def grid(self) -> tuple[int, int]:
        """Rows and columns of the input."""
        return self.source.shape[0], self.source.shape[1]

    @property
    def heading(self) -> str:
        """The layer, with its settings."""
        return ", ".join((self.name, *self.settings))

    @property
    def said(self) -> str:
        """Which of the input's cells are stopped at."""
        return f"stamps {self.plan.words('come from', 'cells', 'laid')}"

    @cached_property
    def end(self) -> Place:
        """The cell with the largest values, as an example."""
        most = np.abs(self.source).sum(axis=2)
        row, column = divmod(int(most.argmax()), self.source.shape[1])
        return row, column

    def stamp(self, at: Place) -> Stamp:
        """Return what the input cell at a place adds."""
        rows, columns = (_written(axis, place) for axis, place in zip(self.axes, at, strict=True))
        inside = np.outer(
            [0 <= r < self.axes[0].output for r in rows],
            [0 <= c < self.axes[1].output for c in columns],
        )
        weights = self.source[at].astype(np.float64)
        products = self.kernel * weights
        flat = products.reshape(-1, products.shape[2]).tolist()
        sums = np.array([fsum(line) for line in flat]).reshape(inside.shape)
        return Stamp(at, rows, columns, inside, weights, products, sums)

    def blank(self) -> Array:
        """Return the output before the first stamp, `(H', W')`."""
        return np.full(self.output.shape, self.bias)

    def add(self, out: Array, rows: range, columns: range, fresh: Array | None = None) -> None:
        """Add the stamps of some rows and columns of the input to an output.

        `fresh` says which of the cells, `(rows, columns)` bool; by default all.
        """
        down, across = self.axes
        cells = self.source[rows.start : rows.stop, columns.start : columns.stop]
        cells = cells.astype(np.float64)
        if fresh is not None:
            cells[~fresh] = 0
        for i, j in np.ndindex(self.kernel.shape[:2]):
            (top, own_rows), (left, own_columns) = (
                _landing(down, rows, i),
                _landing(across, columns, j),
            )
            out[top, left] += (cells @ self.kernel[i, j])[own_rows, own_columns]

    def under(self, out: Array, stamp: Stamp) -> Array:
        """Return the cells of an output that a stamp is laid on, `(kh, kw)`; 0 for cropped ones."""
        rows, columns = np.array(stamp.rows), np.array(stamp.columns)
        height, width = out.shape
        found: Array = out[rows.clip(0, height - 1)[:, None], columns.clip(0, width - 1)]
        return np.where(stamp.inside, found, 0.0)

    def moments(self) -> Iterator[Moment]:
        """Yield each stop with the output as it is then.

        Of cells that are stamped at once the one that is shown comes last.
        """
        out, fresh = self.blank(), np.ones(self.grid, bool)
        for step in self.steps:
            stamp, (row, column) = self.stamp(step.at), step.at
            own = (
                slice(step.rows.start, step.rows.stop),
                slice(step.columns.start, step.columns.stop),
            )
            is_new, fresh[step.at] = bool(fresh[step.at]), False
            self.add(out, step.rows, step.columns, fresh[own])
            before = self.under(out, stamp) if is_new else None
            if is_new:
                self.add(out, range(row, row + 1), range(column, column + 1))
            fresh[own] = False
            done = fresh.size - int(np.count_nonzero(fresh))
            yield Moment(stamp, before, out, done, step.seconds)

    def arrays(self) -> list[tuple[str, Array]]:
        """Return the map."""
        return [("map", self.output)]

    @property
    def figure_nbytes(self) -> int:
        """Bytes that the frames need beside it."""
        return 16 * max(self.picture.size, 2 * self.output.size)

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return one row: frames, places, and the ends of the map's values."""
        rows, columns = self.axes
        window = {
            "size": [rows.kernel_size, columns.kernel_size],
            "stride": [rows.stride, columns.stride],
            "dilation": [rows.dilation, columns.dilation],
            "start": [-rows.before, -columns.before],
        }
        limits = {"min": float(self.output.min()), "max": float(self.output.max())}
        own = {"map_shape": list(self.output.shape), "window": window}
        return [self.row([self.name]) | own | {"maps": [{"name": self.name} | limits]}]

    def lines(self, width: int = 80) -> Iterator[str]:
        """Yield the report in plain ASCII."""
        subject = self.image, self.image_shape or self.picture.shape
        heading = f"{self.heading}: {geometry_words(self.axes)}"
        yield from opening("animate", subject, heading, self.axes, self.notes, width)
        limits = f"min {float(self.output.min()):.6g}  max {float(self.output.max()):.6g}"
        yield f"map      {self.name}  {times(self.output.shape)}  {limits}"
        yield from self.timing(width)


def _written(axis: TransposedAxis, cell: int) -> range:
    """Return the output cells that an input cell is written to; those outside are cropped."""
    first = cell * axis.stride - axis.before
    return range(first, first + axis.extent, axis.dilation)


def _landing(axis: TransposedAxis, cells: range, tap: int) -> tuple[slice, slice]:
    """Return where one tap of some input cells lands, and which of them land inside."""
    first = cells.start * axis.stride - axis.before + tap * axis.dilation
    skipped = max(0, -(first // axis.stride)) if first < 0 else 0
    top = first + skipped * axis.stride
    left = max(0, min(len(cells) - skipped, -(-(axis.output - top) // axis.stride)))
    return slice(top, top + left * axis.stride, axis.stride), slice(skipped, skipped + left)
