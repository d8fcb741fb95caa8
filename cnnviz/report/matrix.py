"""A kernel's numbers as aligned plain text."""

from __future__ import annotations

from collections.abc import Iterator
from math import floor, log10

import numpy as np

_MOST_ROWS = 31
_MOST_TERMS = 11  # of a vector that stands in a line
_DIGITS = 4  # significant ones of the largest value


def numbers(
    values: np.ndarray, exact: tuple[np.ndarray, int] | None = None, width: int = 80
) -> Iterator[str]:
    """Yield a kernel's rows, as whole numbers below a factor where there are such.

    >>> print("\\n".join(numbers(np.eye(2) / 4, (np.eye(2, dtype=int), 4))))
    1/4 x
       1  0
       0  1
    """
    matrix, denominator = exact or (values, 1)
    cells = _cells(matrix)
    wide = max(len(cell) for row in cells for cell in row)
    if 2 + (wide + 2) * matrix.shape[1] > width or matrix.shape[0] > _MOST_ROWS:
        rows, columns = values.shape
        low, high = float(values.min()), float(values.max())
        yield f"  {rows} rows of {columns} values from {low:.4g} to {high:.4g}"
        return
    if denominator != 1:
        yield f"1/{denominator} x"
    for row in cells:
        yield " " * 2 + "".join(f"{cell:>{wide + 2}}" for cell in row)[1:]


def vector(values: np.ndarray) -> str:
    """Return a vector in brackets, the middle of a long one left out.

    >>> vector(np.array([1, 2, 1]))
    '(1 2 1)'
    """
    (cells,) = _cells(values[None])
    if len(cells) > _MOST_TERMS:
        cells = [*cells[:4], "...", *cells[-4:]]
    return f"({' '.join(cells)})"


def _cells(matrix: np.ndarray) -> list[list[str]]:
    """Return each value with the decimals that all share."""
    largest = float(np.abs(matrix).max())
    if largest == 0 or np.array_equal(matrix, np.rint(matrix)):
        return [[f"{v + 0:.0f}" for v in row] for row in matrix.tolist()]
    if not 1e-4 <= largest < 1e6:
        return [[f"{v:.3e}" for v in row] for row in matrix.tolist()]
    places = min(8, max(0, _DIGITS - 1 - floor(log10(largest))))
    return [[f"{_rounded(v, places):.{places}f}" for v in row] for row in matrix.tolist()]


def _rounded(value: float, places: int) -> float:
    return round(value, places) + 0.0  # without the sign of zero
