"""The numbers in cells: how many decimals they share, and how large they are written."""

from __future__ import annotations

from collections.abc import Iterator
from math import floor, log10

import numpy as np

from cnnviz.render.fonts import measure
from cnnviz.render.numbers import MINUS, THIN, number
from cnnviz.render.theme import LABEL, SMALLEST

AIR, LEAST_AIR = 6, 3  # px of a cell that its number leaves free, and must
READABLE = 9  # px from which a decimal more is worth a smaller number
LEAST_SHARED, MOST_SHARED = 1e-3, 1e4  # sizes between which decimals are shared
MOST_WHOLE = 1e7  # whole numbers up to which are written in full, since a reader adds them up


def labels(
    values: np.ndarray, size: float, *, digits: int = 4, largest: float | None = None
) -> tuple[list[list[str]], float]:
    """Return the text of each value `(H, W)` in cells of `size` px, and the px of the type.

    Numbers that are rounded share their decimals, at most those that give the largest value
    `digits` digits; exact ones are written as they were typed. Without texts they do not fit.

    >>> labels(np.array([[0.5, -0.35355, 0]]), 44)[0]
    [['0.5', '−0.354', '0']]
    >>> labels(np.array([[-0.35355]]), 12)
    ([], 0.0)
    """
    most = float(np.abs(values).max()) if largest is None else largest
    found: tuple[list[list[str]], float] = [], 0.0
    for texts in _candidates(values, most, digits):
        font = _font(max((t for row in texts for t in row), key=len), size)
        if font >= READABLE:
            return texts, font
        if font > found[1]:
            found = texts, font
    return found


def _candidates(values: np.ndarray, most: float, digits: int) -> Iterator[list[list[str]]]:
    """Yield ways to write the values, the most exact first."""
    rows = values.tolist()
    if most < MOST_WHOLE and np.array_equal(values, np.rint(values)):
        yield [[_fixed(v, 0) for v in row] for row in rows]
    elif LEAST_SHARED <= most < MOST_SHARED:
        richest = digits - 1 - floor(log10(most))  # and two digits at least
        for places in range(max(0, richest), max(-1, richest - digits + 1), -1):
            yield [[_shared(v, places) for v in row] for row in rows]
    else:
        for count in range(digits, 1, -1):
            yield [[number(v, count).replace(THIN, "") for v in row] for row in rows]


def _shared(value: float, places: int) -> str:
    """Return a value with `places` decimals, with fewer if it is exact with them."""
    exact = next((p for p in range(places) if _is(value, round(value, p))), places)
    return _fixed(value, exact)


def _is(value: float, rounded: float) -> bool:
    return abs(value - rounded) <= 1e-6 * abs(rounded)  # float32 knows no more


def _fixed(value: float, places: int) -> str:
    """Return a value with decimals, without a sign if it is rounded to zero."""
    text = f"{abs(value):.{places}f}"
    return MINUS + text if value < 0 and text.strip("0.") else text


def _font(longest: str, size: float) -> float:
    """Return the px of the type in which a text fits a cell, 0 if it is too small to read."""
    font = float(LABEL)
    while font > SMALLEST and measure(longest, font, "mono") > size - AIR:
        font -= 0.5
    return font if measure(longest, font, "mono") <= size - LEAST_AIR else 0.0
