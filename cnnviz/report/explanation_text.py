"""An explanation as text: patch, kernel and products in plain ASCII, and the words of its sums."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import floor, log10
from typing import TYPE_CHECKING

import numpy as np

from cnnviz.report.terms import Arithmetic, Terms, geometry_words, total

if TYPE_CHECKING:
    from cnnviz.report.explanation import Explanation

BLANK = ("zero", "constant")  # borders that hold a value of their own, as a number does
MOST_CHANNELS = 4  # up to which all products are printed
LARGEST = 12  # terms that are printed of a longer sum
DIGITS, WHOLE = 6, 1e15  # of a product; the size from which whole numbers too have no more


def lines(result: Explanation, one: Terms, width: int = 80) -> Iterator[str]:
    """Yield one value of an explanation: where it is, every term or the largest, and the sum.

    Its arrays stand side by side where they fit in `width`.
    """
    row, column = one.at
    yield f"at       row {row}, column {column}{f': {result.chosen}' if result.chosen else ''}"
    yield f"window   {geometry_words(result.arithmetic.axes)}: {places(one)}"
    if result.origin is not None:
        yield f"sees     {result.origin.words(one.at)}"
    if one.padded:
        marked = f"{one.padded} of {one.inside.size} cells, marked *"
        yield f"padding  {marked}; it {_holds(result.arithmetic)}"
    if result.turned:
        yield "kernel   turned by 180 degrees, as true convolution lays it on the patch"
    decimals = shared_decimals(one)
    if not result.is_long:
        yield from _all(result, one, decimals, width)
    elif one.kernel is None:
        yield f"values   {spread(one)}"
    else:
        yield from _largest(result, one, decimals)
    yield from _sum(result, one, decimals)


def _holds(a: Arithmetic) -> str:
    """Return what padding is to a value."""
    if a.skips_padding:
        return "does not count"
    if isinstance(a.border, str):
        return f"holds {a.border}" if a.border in BLANK else f"continues the image by {a.border}"
    return f"holds {a.border:g}"


def _all(result: Explanation, one: Terms, decimals: int, width: int) -> Iterator[str]:
    """Yield patch, kernel and products side by side, a block a channel."""
    a = result.arithmetic
    for c, name in enumerate(result.channels):
        # What is added is printed as exactly as the sum says that it is.
        is_added = a.pooling == "average"
        patch = one.patch[..., c]
        texts = _decimals(patch, decimals) if is_added else _texts(patch, 6)
        for i, j in np.argwhere(~one.inside).tolist():
            texts[i][j] = "*" if a.skips_padding else f"{texts[i][j]}*"
        blocks = [(f"{name}: patch", texts)]
        if one.kernel is not None:
            blocks.append(("x kernel", _texts(one.kernel[..., c], 8)))
            blocks.append(("= products", _decimals(one.products[..., c], decimals)))
        elif a.pooling == "lp":
            blocks.append(("|x|^p", _decimals(one.products[..., c], decimals)))
        yield ""
        yield from _beside(blocks, width)
    yield ""


def _largest(result: Explanation, one: Terms, decimals: int) -> Iterator[str]:
    """Yield the largest products of a long sum, and what the others come to."""
    shown = one.largest(LARGEST)
    count = one.products.size
    yield f"terms    the {len(shown)} largest of {count:,} products"
    for i, j, c in shown:
        place = f"  {result.channels[c]}[{one.rows[i]}, {one.columns[j]}]"
        place += "*" if not one.inside[i, j] else ""
        product = _fixed(float(one.products[i, j, c]), decimals)
        kernel = one.kernel[i, j, c] if one.kernel is not None else 1
        working = f"{one.patch[i, j, c]:.6g} x {kernel:.6g} = "
        yield f"{place:<24} {working:>34}{product:>12}"
    rest = others(one, shown)
    yield f"{f'  the other {count - len(shown):,}':<24} {'':>34}{_fixed(rest, decimals):>12}"


def _sum(result: Explanation, one: Terms, decimals: int) -> Iterator[str]:
    a = result.arithmetic
    if one.kernel is not None:
        if 1 < len(result.channels) <= MOST_CHANNELS:
            for name, value in zip(result.channels, one.sums, strict=True):
                yield f"sum {name:<4} {_fixed(value, decimals)}"
        elif len(result.channels) > 1:
            order = sorted(range(len(one.sums)), key=lambda c: -abs(one.sums[c]))[:4]
            parts = ", ".join(f"{result.channels[c]} {_fixed(one.sums[c], 4)}" for c in order)
            yield f"channels {len(result.channels)}, the largest sums: {parts}"
        yield f"sum      {_fixed(one.total, decimals)}"
        if a.bias:
            yield f"bias     {a.bias:+.9g} = {_fixed(one.before, decimals)}"
        if result.act:
            yield f"{result.act:<8} {one.value:.9g}"
    else:
        yield f"{a.pooling:<8} {pooled_words(result, one, decimals)}"
    row, column = one.at
    yield f"value    map[{row}, {column}] = {one.value:.9g}"
    yield f"engine   {one.engine:.9g} ({difference_words(one, a.output.dtype.name)})"
    if a.pooling not in ("max", "min"):
        yield f"rounding {rounding_words(one, decimals, result.is_long)}"


def spread(one: Terms) -> str:
    """Return how many values a pooling reads, and from where to where they go."""
    values = one.patch[..., 0][one.inside]
    low, high = (float(end) for end in (values.min(), values.max()))
    return f"{values.size:,}, from {low:.6g} to {high:.6g}"


def places(one: Terms) -> str:
    """Return where a window lies, `rows 3, 5, 7, columns 0 to 2`."""
    return spans(one.rows, one.columns)


def spans(rows: range, columns: range) -> str:
    """Return rows and columns in words."""
    axes = {"row": rows, "column": columns}
    return ", ".join(f"{name}{'s' * (len(c) > 1)} {_span(c)}" for name, c in axes.items())


def others(one: Terms, shown: Sequence[tuple[int, int, int]]) -> float:
    """Return what all products come to but those shown."""
    return total(one.products, *(-float(one.products[cell]) for cell in shown))


def pooled_words(result: Explanation, one: Terms, decimals: int) -> str:
    """Return how a pooled value follows from the window's."""
    a = result.arithmetic
    if a.pooling == "average":
        count = one.inside.size - one.padded
        by = f"{one.divisor:,}" + ", padding counted" * (one.divisor != count)
        sums = f"{_fixed(one.sums[0], decimals)} / {one.divisor}"
        return f"sum of {count:,} value{'s' * (count != 1)} / {by} = {sums} = {one.value:.9g}"
    if a.pooling == "lp":
        return f"({_fixed(one.sums[0], decimals)})^(1/{a.p:g}) = {one.value:.9g}"
    place = one.winner
    where = (
        "" if place is None else f", of row {one.rows[place[0]]}, column {one.columns[place[1]]}"
    )
    count = one.inside.size - one.padded
    word = "largest" if a.pooling == "max" else "smallest"
    what = f"the {word} of {count:,} values" if count > 1 else "the only value"
    return f"{one.value:.9g}: {what}{where}"


def difference_words(one: Terms, dtype: str) -> str:
    """Return how far the engine's value is from that of the terms."""
    if not one.difference:
        return "the same"
    return f"{one.difference:+.2g}, its {dtype} rounding"


def rounding_words(one: Terms, decimals: int, is_long: bool) -> str:
    """Return how far the printed products may add up to another sum."""
    printed = LARGEST + 1 if is_long else one.products.size
    exact = np.array_equal(one.products, np.rint(one.products * 10**decimals) / 10**decimals)
    how = f"to {decimals} decimals" if decimals >= 0 else f"to {DIGITS} digits"
    if is_long and one.kernel is None:
        return "none: the sum is exact" if exact else f"the sum is printed {how}"
    name = "products" if one.kernel is not None else "values" if one.divisor else "powers"
    if exact:
        return f"none: the {name} are printed exactly"
    return (
        f"{name} {how}; added as printed, the {printed} numbers are within "
        f"{printed * 0.5 * 10.0**-decimals:.2g} of the sum"
    )


def shared_decimals(one: Terms) -> int:
    """Return the decimals of the products: none for whole numbers, else six digits at most.

    Below 0 they are digits before the point that are not printed, of numbers beyond `WHOLE`.
    """
    values = one.products
    largest = float(np.abs(values).max())
    if largest < WHOLE:
        for places in (0, 1, 2):
            if np.array_equal(values, np.round(values, places)):
                return places
    wanted = DIGITS - 1 - floor(log10(largest))
    return wanted if largest >= WHOLE else min(12, max(2, wanted))


def _span(cells: range) -> str:
    if len(cells) == 1:
        return f"{cells[0]}"
    if cells.step == 1 or len(cells) > 5:
        step = f" by {cells.step}" if cells.step > 1 else ""
        return f"{cells[0]} to {cells[-1]}{step}"
    return ", ".join(map(str, cells))


def _fixed(value: float, decimals: int) -> str:
    if decimals < 0:
        places = floor(log10(abs(value))) + decimals if value else 0
        return f"{value:.{max(0, places)}e}" if value else "0"
    return f"{round(value, decimals) + 0.0:.{decimals}f}"


def _decimals(values: np.ndarray, decimals: int) -> list[list[str]]:
    return [[_fixed(v, decimals) for v in line] for line in values.tolist()]


def _texts(values: np.ndarray, digits: int) -> list[list[str]]:
    return [[f"{v + 0.0:.{digits}g}" for v in line] for line in values.tolist()]


def _beside(blocks: Sequence[tuple[str, list[list[str]]]], width: int) -> Iterator[str]:
    """Yield tables of texts side by side where they fit, else one below another."""
    tables = []
    for title, rows in blocks:
        wide = 1 + max(len(text.rstrip("*")) for row in rows for text in row)
        cells = [
            "".join(f"{t.rstrip('*'):>{wide}}{'*' if t.endswith('*') else ' '}" for t in row)
            for row in rows
        ]
        column = max(len(title), *map(len, cells)) + 2
        tables.append([f"{line:<{column}}" for line in (title, *cells)])
    if sum(len(table[0]) for table in tables) <= width + 2:
        tables = [["".join(parts) for parts in zip(*tables, strict=True)]]
    for table in tables:
        yield from (line.rstrip() for line in table)
