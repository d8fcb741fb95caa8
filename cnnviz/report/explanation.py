"""One or several output values, number by number: what `cnnviz explain` reports."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import floor, log10
from typing import Any, ClassVar

import numpy as np

from cnnviz.geometry import times
from cnnviz.report.result import Result
from cnnviz.report.terms import Arithmetic, Place, Terms, geometry_words, total

MOST_CELLS, MOST_CHANNELS = 49, 4  # up to which all products are printed
LARGEST = 12  # terms that are printed of a longer sum


@dataclass(eq=False, repr=False)
class Explanation(Result):
    """Some values of one map, and the arithmetic that makes any of them.

    Attributes
    ----------
    image, name : str
        What is slid over, and the kernel, the pooling or the layer with its filter.
    picture : ndarray
        The image to show beside it: the source, as colours where it is a photo.
    channels : tuple of str
        The names of the channels that the window reads.
    act : str
        The activation by name, "" for none.
    chosen : str
        Why this place, where none was asked for.
    seen : str
        What `picture` is, if not the image.
    """

    figure: ClassVar[str] = "explanation"

    image: str
    name: str
    arithmetic: Arithmetic
    values: tuple[Terms, ...]
    channels: tuple[str, ...]
    picture: np.ndarray
    settings: tuple[str, ...] = ()
    act: str = ""
    chosen: str = ""
    seen: str = ""
    notes: tuple[str, ...] = ()
    turned: bool = False

    @property
    def subject(self) -> str:
        """The image."""
        return self.image

    @property
    def heading(self) -> str:
        """What is explained: a kernel, a pooling or a layer, with its settings."""
        return ", ".join((self.name, *self.settings))

    @property
    def is_long(self) -> bool:
        """Whether there are too many products to show each."""
        rows, columns = self.arithmetic.axes
        cells = rows.kernel_size * columns.kernel_size
        return cells > MOST_CELLS or len(self.channels) > MOST_CHANNELS

    @property
    def aside(self) -> frozenset[str]:
        """Of several arrays `.npy` is the map alone."""
        return frozenset(name for name, _ in self.arrays() if name != "map")

    @property
    def figure_nbytes(self) -> int:
        """Bytes that a figure needs beside them."""
        return 9 * max(self.picture.size, self.arithmetic.output.size)

    def arrays(self) -> list[tuple[str, np.ndarray]]:
        """Return the map, and patch and products of each place."""
        named = [("map", self.arithmetic.output)]
        for i, one in enumerate(self.values):
            end = f"-{i + 1}" if len(self.values) > 1 else ""
            named += [(f"patch{end}", one.patch), (f"products{end}", one.products)]
        if self.values[0].kernel is not None:
            named.append(("kernel", self.values[0].kernel))
        return named

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return a row for each value, with every term."""
        return [self._row(one) for one in self.values]

    def _row(self, one: Terms) -> dict[str, Any]:
        rows, columns = self.arithmetic.axes
        return {
            "image": self.image,
            "of": self.name,
            "at": list(one.at),
            "chosen": self.chosen or None,
            "map_shape": [rows.output, columns.output],
            "window": {
                "size": [rows.kernel_size, columns.kernel_size],
                "stride": [rows.stride, columns.stride],
                "dilation": [rows.dilation, columns.dilation],
                "start": [one.rows.start, one.columns.start],
                "rows": list(one.rows),
                "columns": list(one.columns),
            },
            "channels": list(self.channels),
            "inside": one.inside.tolist(),
            "patch": one.patch.tolist(),
            "kernel": None if one.kernel is None else one.kernel.tolist(),
            "products": one.products.tolist(),
            "channel_sums": one.sums,
            "pooling": self.arithmetic.pooling or None,
            "divisor": one.divisor,
            "sum": one.total,
            "bias": self.arithmetic.bias,
            "before_activation": one.before,
            "activation": self.act or None,
            "value": one.value,
            "engine": one.engine,
            "difference": one.difference,
        }

    def lines(self, width: int = 80) -> Iterator[str]:
        """Yield the report in plain ASCII."""
        rows, columns = self.arithmetic.axes
        yield f"image    {self.image}  {times(self.picture.shape)}"
        yield f"explain  {self.heading}"
        yield f"rows     {rows.working()}"
        yield f"columns  {columns.working()}"
        for note in self.notes:
            yield f"note     {note}"
        for one in self.values:
            yield ""
            yield from self._value(one, width)

    def _value(self, one: Terms, width: int) -> Iterator[str]:
        row, column = one.at
        yield f"at       row {row}, column {column}{f': {self.chosen}' if self.chosen else ''}"
        yield f"window   {geometry_words(self.arithmetic.axes)}: {places(one)}"
        if one.padded:
            held = "does not count" if self._skips else f"holds {self.arithmetic.border}"
            yield f"padding  {one.padded} of {one.inside.size} cells, marked *; it {held}"
        if self.turned:
            yield "kernel   turned by 180 degrees, as true convolution lays it on the patch"
        decimals = shared_decimals(one)
        yield from self._largest(one, decimals) if self.is_long else self._all(one, decimals)
        yield from self._sum(one, decimals)

    @property
    def _skips(self) -> bool:
        """Whether padding has no part in the value."""
        a = self.arithmetic
        return a.pooling in ("max", "min") or (a.pooling == "average" and not a.include_pad)

    def _all(self, one: Terms, decimals: int) -> Iterator[str]:
        """Yield patch, kernel and products side by side, a block a channel."""
        for c, name in enumerate(self.channels):
            patch = _texts(one.patch[..., c], 6)
            marked = [
                [text + ("" if one.inside[i, j] else "*") for j, text in enumerate(line)]
                for i, line in enumerate(patch)
            ]
            blocks = [(f"{name}: patch", marked)]
            if one.kernel is not None:
                blocks.append(("x kernel", _texts(one.kernel[..., c], 8)))
                products = [
                    [_fixed(v, decimals) for v in line] for line in one.products[..., c].tolist()
                ]
                blocks.append(("= products", products))
            elif self.arithmetic.pooling == "lp":
                powers = one.products[..., c].tolist()
                blocks.append(("|x|^p", [[_fixed(v, decimals) for v in line] for line in powers]))
            yield ""
            yield from _beside(blocks)
        yield ""

    def _largest(self, one: Terms, decimals: int) -> Iterator[str]:
        """Yield the largest products of a long sum, and what the others come to."""
        shown = one.largest(LARGEST)
        count = one.products.size
        word = "products" if one.kernel is not None else "values"
        yield f"terms    the {len(shown)} largest of {count:,} {word}"
        for i, j, c in shown:
            place = f"  {self.channels[c]}[{one.rows[i]}, {one.columns[j]}]"
            place += "*" if not one.inside[i, j] else ""
            product = _fixed(float(one.products[i, j, c]), decimals)
            working = ""
            if one.kernel is not None:
                working = f"{one.patch[i, j, c]:.6g} x {one.kernel[i, j, c]:.6g} = "
            yield f"{place:<24} {working:>34}{product:>12}"
        if self.arithmetic.pooling in ("max", "min"):
            return
        rest = others(one, shown)
        yield f"{f'  the other {count - len(shown):,}':<24} {'':>34}{_fixed(rest, decimals):>12}"

    def _sum(self, one: Terms, decimals: int) -> Iterator[str]:
        a = self.arithmetic
        if one.kernel is not None:
            if 1 < len(self.channels) <= MOST_CHANNELS:
                for name, value in zip(self.channels, one.sums, strict=True):
                    yield f"sum {name:<4} {_fixed(value, decimals)}"
            elif len(self.channels) > 1:
                order = sorted(range(len(one.sums)), key=lambda c: -abs(one.sums[c]))[:4]
                parts = ", ".join(f"{self.channels[c]} {_fixed(one.sums[c], 4)}" for c in order)
                yield f"channels {len(self.channels)}, the largest sums: {parts}"
            yield f"sum      {_fixed(one.total, decimals)}"
            if a.bias:
                yield f"bias     {a.bias:+.9g} = {_fixed(one.before, decimals)}"
            if self.act:
                yield f"{self.act:<8} {one.value:.9g}"
        else:
            yield f"{a.pooling:<8} {pooled_words(self, one, decimals)}"
        row, column = one.at
        yield f"value    map[{row}, {column}] = {one.value:.9g}"
        yield f"engine   {one.engine:.9g} ({difference_words(one, a.output.dtype.name)})"
        if a.pooling not in ("max", "min"):
            yield f"rounding {rounding_words(one, decimals, self.is_long)}"


def explained(
    arithmetic: Arithmetic,
    at: Sequence[Place],
    *,
    most: str = "the strongest response",
    **about: Any,
) -> Explanation:
    """Return the explanation of the values at some places, by default of the strongest one."""
    rows, columns = arithmetic.axes
    chosen = "" if at else f"{most} of {rows.output}x{columns.output}, as no --at was given"
    places = list(at) or [arithmetic.strongest()]
    values = tuple(arithmetic.terms(place) for place in places)
    return Explanation(arithmetic=arithmetic, values=values, chosen=chosen, **about)


def places(one: Terms) -> str:
    """Return where a window lies, `rows 3, 5, 7, columns 0 to 2`."""
    return spans(one.rows, one.columns)


def spans(rows: range, columns: range) -> str:
    """Return rows and columns in words."""
    return f"rows {_span(rows)}, columns {_span(columns)}"


def others(one: Terms, shown: Sequence[tuple[int, int, int]]) -> float:
    """Return what all products come to but those shown."""
    return total(one.products, *(-float(one.products[cell]) for cell in shown))


def pooled_words(result: Explanation, one: Terms, decimals: int) -> str:
    """Return how a pooled value follows from the window's."""
    a = result.arithmetic
    if a.pooling == "average":
        return f"{_fixed(one.sums[0], decimals)} / {one.divisor} cells = {one.value:.9g}"
    if a.pooling == "lp":
        return f"({_fixed(one.sums[0], decimals)})^(1/{a.p:g}) = {one.value:.9g}"
    place = one.winner
    where = (
        "" if place is None else f", of row {one.rows[place[0]]}, column {one.columns[place[1]]}"
    )
    word = "largest" if a.pooling == "max" else "smallest"
    return f"{one.value:.9g}: the {word} of {one.inside.size - one.padded} values{where}"


def difference_words(one: Terms, dtype: str) -> str:
    """Return how far the engine's value is from that of the terms."""
    if not one.difference:
        return "the same"
    return f"{one.difference:+.2g}, its {dtype} rounding"


def rounding_words(one: Terms, decimals: int, is_long: bool) -> str:
    """Return how far the printed products may add up to another sum."""
    printed = LARGEST + 1 if is_long else one.products.size
    exact = np.array_equal(one.products, np.rint(one.products * 10**decimals) / 10**decimals)
    if exact:
        return "none: the products are printed exactly"
    return (
        f"products to {decimals} decimals; added as printed, the {printed} numbers are within "
        f"{printed * 0.5 * 10.0**-decimals:.2g} of the sum"
    )


def shared_decimals(one: Terms) -> int:
    """Return the decimals of the products: none for whole numbers, else six digits at most."""
    values = one.products
    for places in (0, 1, 2):
        if np.array_equal(values, np.round(values, places)):
            return places
    largest = float(np.abs(values).max())
    return min(12, max(2, 5 - floor(log10(largest)))) if largest else 0


def _span(cells: range) -> str:
    if len(cells) == 1:
        return f"{cells[0]}"
    if cells.step == 1 or len(cells) > 5:
        step = f" by {cells.step}" if cells.step > 1 else ""
        return f"{cells[0]} to {cells[-1]}{step}"
    return ", ".join(map(str, cells))


def _fixed(value: float, decimals: int) -> str:
    return f"{round(value, decimals) + 0.0:.{decimals}f}"


def _texts(values: np.ndarray, digits: int) -> list[list[str]]:
    return [[f"{v + 0.0:.{digits}g}" for v in line] for line in values.tolist()]


def _beside(blocks: Sequence[tuple[str, list[list[str]]]]) -> Iterator[str]:
    """Yield tables of texts side by side where they fit in 80 columns, else one below another."""
    tables = []
    for title, rows in blocks:
        wide = 1 + max(len(text.rstrip("*")) for row in rows for text in row)
        cells = [
            "".join(f"{t.rstrip('*'):>{wide}}{'*' if t.endswith('*') else ' '}" for t in row)
            for row in rows
        ]
        column = max(len(title), *map(len, cells)) + 2
        tables.append([f"{line:<{column}}" for line in (title, *cells)])
    if sum(len(table[0]) for table in tables) <= 82:
        tables = [["".join(parts) for parts in zip(*tables, strict=True)]]
    for table in tables:
        yield from (line.rstrip() for line in table)
