"""Feature maps of one image, with the working behind them: what `convolve` and `pool` report."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import numpy as np

from cnnviz.files import check_bytes
from cnnviz.geometry import Axis, Shape, times
from cnnviz.report.result import Result, Writer
from cnnviz.report.shares import tenths

if TYPE_CHECKING:
    from cnnviz.kernels import Kernel
    from cnnviz.report.bands import Made

T = TypeVar("T")

KEPT = 0.05  # 0.059 is the least of the sharpening kernels, 0.02 the most of the Gabor ones


class Ranged:
    """What has `values`, with their shape, range and mean."""

    values: np.ndarray

    @property
    def shape(self) -> Shape:
        """Shape of the values."""
        return self.values.shape

    @cached_property
    def min(self) -> float:
        """Smallest value."""
        return float(self.values.min())

    @cached_property
    def max(self) -> float:
        """Largest value."""
        return float(self.values.max())

    @cached_property
    def mean(self) -> float:
        """Mean value, summed in float64."""
        return float(self.values.mean(dtype=np.float64))


@dataclass(eq=False, repr=False)
class FeatureMap(Ranged):
    """One output channel (or a pooled image), with the kernels and windows that made it.

    `plane` is `(H, W)`, or `(H, W, C)` for a pooled image. `winners` holds, for each max-pooled
    value, the flat index (row * width + column) of the input pixel that it was taken from. Of a
    large map that was `made`, `plane` has every nth row and column.
    """

    name: str
    plane: np.ndarray
    axes: tuple[Axis, ...]
    kernels: tuple[Kernel, ...] = ()
    winners: np.ndarray | None = None
    made: Made | None = None

    @property
    def steps(self) -> tuple[int, int]:
        """Which rows and columns of the map `plane` has, every nth."""
        return self.made.steps if self.made else (1, 1)

    @property
    def shape(self) -> Shape:
        """Shape of the values."""
        return (self.axes[0].output, self.axes[1].output) if self.made else self.plane.shape

    @property
    def size(self) -> int:
        """Number of the values."""
        return prod(self.shape)

    @cached_property
    def min(self) -> float:
        """Smallest value."""
        return self.made.low if self.made else float(self.plane.min())

    @cached_property
    def max(self) -> float:
        """Largest value."""
        return self.made.high if self.made else float(self.plane.max())

    @cached_property
    def mean(self) -> float:
        """Mean value, summed in float64."""
        return self.made.mean if self.made else float(self.plane.mean(dtype=np.float64))

    @property
    def values(self) -> np.ndarray:  # type: ignore[override]
        """All values; those of a large map are made anew each time, and not kept.

        Raises
        ------
        RefusedError
            If they do not fit in the byte budget.
        """
        return self.plane if self.steps == (1, 1) else self.sample(1, 1)

    def sample(self, down: int, across: int) -> np.ndarray:
        """Return at least every nth row and column, `down` and `across`; all if they are there."""
        if self.made is None or (self.steps[0] <= down and self.steps[1] <= across):
            return self.plane
        size = -(-self.shape[0] // down), -(-self.shape[1] // across)
        values = np.empty(size, self.plane.dtype)
        check_bytes(values.nbytes + self.made.working, f"the values of {self.name}")

        def work(rows: slice, band: np.ndarray) -> None:
            top = -(-rows.start // down)
            some = band[top * down - rows.start :: down, ::across]
            values[top : top + len(some)] = some

        self.by_bands(work)
        return values

    def rows(self, rows: slice) -> np.ndarray:
        """Return some rows; those of a large map are made anew."""
        return self.plane[rows] if self.made is None else self.made.rows(rows)

    def by_bands(self, work: Callable[[slice, np.ndarray], T]) -> list[T]:
        """Return what `work` makes of some rows at a time, in order, on all cores."""
        if self.made is None:
            return [work(slice(0, len(self.plane)), self.plane)]
        from cnnviz.ops.threads import share

        return share(lambda rows: work(rows, self.rows(rows)), self.made.bands)

    @property
    def keeps_photo(self) -> bool:
        """Whether a photo is still one: blurred, sharpened or in relief rather than its edges.

        Each kernel's sum, the gain for plain areas, is then a part of its sum without signs.
        """
        return bool(self.kernels) and all(
            k.values.ndim == 2 and k.values.sum() > KEPT * np.abs(k.values).sum()
            for k in self.kernels
        )


@dataclass(eq=False, repr=False)
class MapSet(Result):
    """All maps that one command makes of one image.

    `settings` are the words of a title (`stride 2`, `same`); `is_photo` says that the source is a
    picture on the 0-255 scale rather than an array taken as it is.
    """

    figure: ClassVar[str] = "maps"

    command: str
    image: str
    source: np.ndarray
    maps: tuple[FeatureMap, ...]
    settings: tuple[str, ...] = ()
    is_photo: bool = True
    is_flipped: bool = False

    @property
    def subject(self) -> str:
        """The image."""
        return self.image

    @cached_property
    def limits(self) -> tuple[float, float]:
        """Smallest and largest value of the source."""
        return float(self.source.min()), float(self.source.max())

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return a row of plain data for each map."""
        key = "kernel" if self.command == "convolve" else "layer"
        return [
            {
                "image": self.image,
                key: m.name,
                "shape": list(m.shape),
                "min": m.min,
                "max": m.max,
                "mean": m.mean,
            }
            for m in self.maps
        ]

    def arrays(self) -> list[tuple[str, np.ndarray]]:
        """Return the values of each map by its name."""
        return [(m.name, m.values) for m in self.maps]

    def writer(self, format: str, key: Callable[[str], str]) -> Writer | None:
        """See `Result`."""
        if format not in ("npy", "npz") or all(m.steps == (1, 1) for m in self.maps):
            return None
        from cnnviz.report import streaming

        return streaming.writer(self.maps, format, [key(m.name) for m in self.maps])

    @property
    def family(self) -> str:
        """What many names begin with, `pillow:` or `conv1` of `conv1[0]`; else empty."""
        names = [m.name for m in self.maps]
        if len(names) < 4 or self.command != "convolve":
            return ""
        for end, tail in (("[", ""), (":", ":")):
            heads = {name.partition(end)[0] + tail for name in names if end in name}
            if len(heads) == 1 and all(end in name for name in names):
                return heads.pop()
        return ""

    def sizes(self) -> list[tuple[str, int]]:
        """Return how many values each result has, with its name where the results differ.

        A pooled array has a map for each channel; each type is a result.
        """
        sizes: dict[str, int] = {}
        for m in self.maps:
            name = m.name.split("[")[0]
            sizes[name] = sizes.get(name, 0) + m.size
        names: dict[int, list[str]] = {}
        for name, size in sizes.items():
            names.setdefault(size, []).append(name)
        return [(", ".join(of) if len(names) > 1 else "", size) for size, of in names.items()]

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays that it holds."""
        arrays = [a for m in self.maps for a in (m.plane, m.winners) if a is not None]
        return int(self.source.nbytes + sum(a.nbytes for a in arrays))

    @property
    def figure_nbytes(self) -> int:
        """Bytes that a figure needs beside them: the winners are sorted, to count them."""
        won = sum(m.winners.size for m in self.maps if m.winners is not None)
        each = 2 if self.source.dtype == np.uint8 else 9  # bytes a value
        return max(each * self.source.size, *(9 * m.plane.size for m in self.maps)) + 24 * won

    def workings(self) -> list[tuple[str, tuple[Axis, ...]]]:
        """Return each different size formula with the names of the maps it belongs to."""
        groups: dict[tuple[str, ...], tuple[list[str], tuple[Axis, ...]]] = {}
        for m in self.maps:
            texts = tuple(f"{axis.working()} {axis.unread}" for axis in m.axes)
            groups.setdefault(texts, ([], m.axes))[0].append(m.name)
        return [(", ".join(names), axes) for names, axes in groups.values()]

    def lines(self, width: int = 80) -> Iterator[str]:
        """Yield the report in plain ASCII: shapes, formulas, unread pixels, ranges."""
        yield f"input    {self.image}  {times(self.source.shape)}"
        groups = self.workings()
        for names, axes in groups:
            if len(groups) > 1:
                yield f"window   {names}"
            yield f"rows     {axes[0].working()}"
            yield f"columns  {axes[1].working()}"
            yield f"unread   {unread(axes)}"
        rows = [
            (m.name, times(m.shape), f"{m.min:.6g}", f"{m.max:.6g}", f"{m.mean:.6g}")
            for m in self.maps
        ]
        wide = [max(map(len, column)) for column in zip(*rows, strict=True)]
        for name, *rest in rows:
            shape, low, high, mean = map(str.rjust, rest, wide[1:])
            yield f"map      {name:<{wide[0]}}  {shape}  min {low}  max {high}  mean {mean}"
        if self.command == "pool":
            before = self.source.size
            for name, after in self.sizes():
                yield (
                    f"values   {before} -> {after} ({share(after, before)}), "
                    f"bytes {before * 4} -> {after * 4} as float32{f'  {name}' if name else ''}"
                )


def on_pixel_scale(low: float, high: float, *, is_photo: bool) -> bool:
    """Tell whether values are from 0 to 255; an array up to 1 may well be on another scale."""
    return low >= 0 and high <= 255 and (is_photo or high > 1)


def share(part: int, whole: int) -> str:
    """Return a share in percent, `24.8%`; what is more than nothing is never 0.

    >>> share(1, 4), share(3, 405900)
    ('25.0%', '<0.1%')
    """
    return tenths(part / whole)


def unread(axes: tuple[Axis, ...]) -> str:
    """Return what floor leaves unread, `1 row, 0 columns`."""
    rows, columns = (axis.unread for axis in axes)
    return f"{rows} row{'s' * (rows != 1)}, {columns} column{'s' * (columns != 1)}"
