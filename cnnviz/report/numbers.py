"""Arrays as aligned numbers in plain ASCII: tables side by side, a kernel with its factor."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import floor, log10

import numpy as np

WIDTH = 80  # columns of a terminal
GAP = 3  # blanks between two tables
_MOST_ROWS = 31
_MOST_TERMS = 11  # of a vector that stands in a line


def number_tables(tables: Sequence[tuple[str, np.ndarray]], *, width: int = WIDTH) -> Iterator[str]:
    """Yield named arrays `(H, W)` of one shape as tables, as many side by side as fit.

    >>> tables = [("R", np.eye(2)), ("gray", np.array([[0.5, 12], [3, 4]]))]
    >>> print("\\n".join(number_tables(tables)))
    <BLANKLINE>
    R      gray
     1 0     0.5 12.0
     0 1     3.0  4.0
    """
    row: list[list[str]] = []
    for name, values in tables:
        block = _block(name, values)
        if row and sum(len(b[-1]) + GAP for b in row) + len(block[-1]) > width:
            yield from _beside(row)
            row = []
        row.append(block)
    yield from _beside(row)


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
    cells = _aligned(matrix)
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
    (cells,) = _aligned(values[None])
    if len(cells) > _MOST_TERMS:
        cells = [*cells[:4], "...", *cells[-4:]]
    return f"({' '.join(cells)})"


def _beside(blocks: list[list[str]]) -> Iterator[str]:
    yield ""
    for lines in zip(*blocks, strict=True):
        yield (" " * GAP).join(lines).rstrip()


def _block(name: str, values: np.ndarray) -> list[str]:
    """Return a table with its name on top, its numbers with shared decimals to the right."""
    texts = _aligned(values, digits=3, least=1)
    size = 1 + max(len(text) for row in texts for text in row)
    lines = [name, *("".join(f"{text:>{size}}" for text in row) for row in texts)]
    column = max(map(len, lines))
    return [f"{line:<{column}}" for line in lines]


def _aligned(matrix: np.ndarray, digits: int = 4, least: int = 0) -> list[list[str]]:
    """Return each value as text with the decimals that all share.

    They give the largest value `digits` significant digits, and are at least `least`; whole
    numbers have none.
    """
    largest = float(np.abs(matrix).max())
    if largest == 0 or np.array_equal(matrix, np.rint(matrix)):
        return [[f"{v + 0:.0f}" for v in row] for row in matrix.tolist()]
    if not 1e-4 <= largest < 1e6:
        return [[f"{v:.3e}" for v in row] for row in matrix.tolist()]
    places = min(8, max(least, digits - 1 - floor(log10(largest))))
    return [[f"{_rounded(v, places):.{places}f}" for v in row] for row in matrix.tolist()]


def _rounded(value: float, places: int) -> float:
    return round(value, places) + 0.0  # without the sign of zero
