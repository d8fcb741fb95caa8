"""Maps made some rows at a time, on all cores: measured, thinned, and never all there whole.

Of maps that together are small all values are kept. Of others every nth row and column is, which is
what a picture of them looks at; their bank makes them again where more is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import ceil, prod, sqrt
from typing import TypeVar

import numpy as np

from cnnviz.files import check_bytes
from cnnviz.ops.checks import refuse_not_finite
from cnnviz.ops.threads import WORK, share, threads
from cnnviz.report.banks import Bank

BAND = 2**22  # values made at a time: with more the C library asks the system for memory each time
SMALL = 2**19  # values up to which a map is one band, unless it is much work
LEAST = 8  # bands of a large map, so that all cores are at work to the end
KEPT = 2**24  # values that are kept of all maps of an image

T = TypeVar("T")


@dataclass(eq=False, repr=False)
class Made:
    """One map of a bank, measured.

    `kept` has every nth row and column, by `steps`; `(1, 1)` are all.
    """

    bank: Bank
    place: int
    kept: np.ndarray
    steps: tuple[int, int]
    low: float
    high: float
    mean: float

    @property
    def working(self) -> int:
        """Bytes that it takes to make the map again, with the image."""
        return self.bank.source.nbytes + working(self._one[0])

    @property
    def bands(self) -> list[slice]:
        """The rows that it is made in."""
        return bands(self._one[0].shape, self.bank.macs)

    def rows(self, rows: slice) -> np.ndarray:
        """Return some rows of the map, `(rows, columns)`; what is not kept is made again."""
        if self.steps == (1, 1):
            return self.kept[rows]
        bank, place = self._one
        return bank.rows(*rows.indices(bank.shape[0])[:2])[..., place]

    @cached_property
    def _one(self) -> tuple[Bank, int]:
        return self.bank.one(self.place)


def measure(banks: Sequence[Bank], names: Sequence[Sequence[str]]) -> list[list[Made]]:
    """Return the maps of each bank, whose names are for messages.

    Raises
    ------
    InputError
        If a value is not finite; with the name, and how many are.
    RefusedError
        If what is kept and worked on at a time, or a whole map, is over the byte budget.
    """
    values = sum(prod(bank.shape) for bank in banks)
    across = ceil(sqrt(values / KEPT))
    steps = ceil(values / KEPT / across), across  # as dense as there is room, rows first
    kept = sum(prod(_thinned(bank, steps)) * bank.dtype.itemsize for bank in banks)
    flat = [name for of in names for name in of]
    what = f"the map of {flat[0]}" if len(flat) == 1 else f"{len(flat)} maps"
    held = max(bank.source.nbytes for bank in banks)  # others are channels of it
    # No map is ever there whole, but one over the budget is refused too: it would take for ever.
    largest = max(bank.shape[0] * bank.shape[1] * bank.dtype.itemsize for bank in banks)
    check_bytes(max(largest, held + kept + max(map(working, banks))), what)
    return [_measured(bank, steps, of) for bank, of in zip(banks, names, strict=True)]


def bands(shape: tuple[int, int, int], macs: int) -> list[slice]:
    """Return the rows of the bands that maps are made in, whatever the number of cores."""
    height, width, count = shape
    values = height * width * count
    lines = height
    if values > SMALL or values * macs > WORK:
        lines = max(1, min(BAND // (width * count), -(-height // LEAST)))
    return [slice(at, min(at + lines, height)) for at in range(0, height, lines)]


def working(bank: Bank) -> int:
    """Return the bytes of the bands that are worked on at a time."""
    parts = bands(bank.shape, bank.macs)
    return min(len(parts), threads()) * bank.room(parts[0].stop - parts[0].start)


def _thinned(bank: Bank, steps: tuple[int, int]) -> tuple[int, int, int]:
    height, width, count = bank.shape
    return count, -(-height // steps[0]), -(-width // steps[1])


def _measured(bank: Bank, steps: tuple[int, int], names: Sequence[str]) -> list[Made]:
    kept, (down, across) = np.empty(_thinned(bank, steps), bank.dtype), steps

    def work(rows: slice) -> tuple[np.ndarray, ...]:
        values = bank.rows(rows.start, rows.stop)
        top = -(-rows.start // down)
        some = values[top * down - rows.start :: down, ::across]
        kept[:, top : top + len(some)] = some.transpose(2, 0, 1)
        return _statistics(values)

    lows, highs, sums, bad = zip(*share(work, bands(bank.shape, bank.macs)), strict=True)
    height, width, _ = bank.shape
    for name, number in zip(names, np.sum(bad, axis=0).tolist(), strict=True):
        refuse_not_finite(number, height * width, f"the result of {name}")
    ends = np.min(lows, axis=0), np.max(highs, axis=0), np.sum(sums, axis=0) / (height * width)
    figures = zip(*(end.tolist() for end in ends), strict=True)
    return [Made(bank, i, kept[i], steps, *of) for i, of in enumerate(figures)]


def _statistics(values: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return of each of `(rows, columns, maps)` the ends, the sum, and how many are not finite."""
    rows, width, count = values.shape
    lines = values.reshape(rows, width * count)  # long lines are compared much faster

    def over(line: np.ndarray, reduce: Callable[..., np.ndarray]) -> np.ndarray:
        return reduce(line.reshape(width, count), axis=0)

    with np.errstate(over="ignore", invalid="ignore"):
        low, high = over(lines.min(axis=0), np.min), over(lines.max(axis=0), np.max)
        total = over(lines.sum(axis=0, dtype=np.float64), np.sum)
    bad = np.zeros(count, int)
    if not np.isfinite(low).all() or not np.isfinite(high).all():
        bad = values[..., 0].size - np.count_nonzero(np.isfinite(values), axis=(0, 1))
    return low, high, total, bad
