"""Arrays as tables of numbers in plain ASCII."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import floor, log10

import numpy as np

WIDTH = 80  # columns of a terminal
GAP = 3  # blanks between two tables


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


def _beside(blocks: list[list[str]]) -> Iterator[str]:
    yield ""
    for lines in zip(*blocks, strict=True):
        yield (" " * GAP).join(lines).rstrip()


def _block(name: str, values: np.ndarray) -> list[str]:
    """Return a table with its name on top, its numbers with shared decimals to the right."""
    form = _form(values)
    texts = [[format(v, form) for v in row] for row in values.tolist()]
    size = 1 + max(len(text) for row in texts for text in row)
    lines = [name, *("".join(f"{text:>{size}}" for text in row) for row in texts)]
    column = max(map(len, lines))
    return [f"{line:<{column}}" for line in lines]


def _form(values: np.ndarray) -> str:
    """Return the format: no decimals after whole numbers, else one and three digits at least."""
    largest = float(np.abs(values).max())
    if largest >= 1e6 or 0 < largest < 1e-3:
        return ".4g"
    if np.array_equal(values, np.rint(values)):
        return ".0f"
    return f".{max(1, 2 - floor(log10(largest)))}f"
