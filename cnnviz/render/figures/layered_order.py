"""The order of boxes in layers, so that few lines cross."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

SWEEPS = 12


@dataclass(eq=False, repr=False)
class Spot:
    """A box, or (where `box` is below 0) a line that passes a layer.

    It skips where another way leads from and to the same boxes.
    """

    box: int
    width: float
    skips: bool = False
    x: float = 0.0
    above: list[Spot] = field(default_factory=list)
    below: list[Spot] = field(default_factory=list)


def is_linked(upper: Spot, lower: Spot) -> bool:
    """Tell whether two spots are to stand in line: both of one way round, or each other's only."""
    if upper.skips or lower.skips:
        return upper.skips and lower.skips
    alone = [spot for spot in upper.below if not spot.skips] == [lower]
    return alone and [spot for spot in lower.above if not spot.skips] == [upper]


def order(rows: list[list[Spot]]) -> None:
    """Order each layer by its neighbours, keeping the best of several sweeps."""
    best, least = [list(row) for row in rows], _crossings(rows)
    for sweep in range(SWEEPS):
        down = sweep % 2 == 0
        for row in rows if down else reversed(rows):
            _by_neighbours(rows, row, down=down)
        found = _crossings(rows)
        if found < least:
            best, least = [list(row) for row in rows], found
        if not least:
            break
    rows[:] = best


def _by_neighbours(rows: list[list[Spot]], row: list[Spot], *, down: bool) -> None:
    at = {id(spot): place for other in rows for place, spot in enumerate(other)}

    def mean(spot: Spot) -> float:
        near = spot.above if down else spot.below
        places = [at[id(other)] for other in near]
        return sum(places) / len(places) if places else at[id(spot)]

    row.sort(key=mean)


def _crossings(rows: Sequence[Sequence[Spot]]) -> int:
    total = 0
    for row, below in pairwise(rows):
        at = {id(spot): place for place, spot in enumerate(below)}
        ends = [
            at[id(other)] for spot in row for other in sorted(spot.below, key=lambda s: at[id(s)])
        ]
        total += sum(a > b for i, a in enumerate(ends) for b in ends[i + 1 :])
    return total
