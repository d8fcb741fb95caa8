"""The steps of an animation: which places a window stops at, and what has become known by then."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import ceil, isqrt, prod
from typing import NamedTuple

from cnnviz.geometry import times

FIRST = 3  # places that are explained, one by one
ALL = 12  # places up to which each is
FEW = 64  # places up to which one can follow the numbers of each
EXPLAIN, FOLLOW, SWEEP = 1.2, 0.3, 0.1  # seconds of a place


class Step(NamedTuple):
    """One stop: its place, the rows and columns of places that are done with it, its seconds."""

    at: tuple[int, int]
    rows: range
    columns: range
    seconds: float


@dataclass(frozen=True)
class Steps:
    """Stops in reading order among the places of a grid.

    Where there are more places than frames, the first few come one by one; then the grid is done
    block by block, with a stop in the middle of each.

    Parameters
    ----------
    shape : (int, int)
        Rows and columns of places.
    most : int
        Stops at most.
    """

    shape: Sequence[int]
    most: int
    block: tuple[int, int] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "block", self._block())

    @property
    def count(self) -> int:
        """How many places there are."""
        return prod(self.shape)

    @property
    def is_whole(self) -> bool:
        """Whether there is a stop at every place."""
        return self.count <= self.most

    def stops(self) -> list[Step]:
        """Return all stops.

        >>> [step.at for step in Steps((2, 2), 9).stops()]
        [(0, 0), (0, 1), (1, 0), (1, 1)]
        """
        (rows, columns), (down, across) = self.shape, self.block
        found = []
        if not self.is_whole:
            found = [Step((0, c), range(1), range(c, c + 1), EXPLAIN) for c in range(self._first)]
        for top in range(0, rows, down):
            for left in range(0, columns, across):
                tall = range(top, min(top + down, rows))
                wide = range(left, min(left + across, columns))
                at = tall[len(tall) // 2], wide[len(wide) // 2]
                slow = self.is_whole and (self.count <= ALL or len(found) < FIRST)
                pace = FOLLOW if self.is_whole and self.count <= FEW else SWEEP
                found.append(Step(at, tall, wide, EXPLAIN if slow else pace))
        return found

    def words(self, verb: str = "stops at", noun: str = "places", done: str = "filled") -> str:
        """Return which places are stopped at.

        >>> Steps((26, 26), 96).words()
        'stops at 84 of 676 places: the first 3, then one in every 3x3, filled at once'
        """
        if self.count == 1:
            return f"{verb} the one {noun.removesuffix('s')} that there is"
        if self.is_whole:
            return f"{verb} each of {self.count:,} {noun}"
        first = f"the first {self._first}" if self._first > 1 else "the first"
        return (
            f"{verb} {len(self.stops())} of {self.count:,} {noun}: {first}, "
            f"then one in every {times(self.block)}, {done} at once"
        )

    @property
    def _first(self) -> int:
        """How many come one by one before the blocks."""
        return min(FIRST, self.shape[1], max(1, self.most - 1))

    def _block(self) -> tuple[int, int]:
        """Return the size of the blocks, about as many along both sides of a square grid."""
        rows, columns = self.shape
        if self.is_whole:
            return 1, 1
        most = max(1, self.most - self._first)
        along = max(1, min(columns, isqrt(ceil(most * columns / rows)), most))
        down = max(1, min(rows, most // along))
        along = max(1, min(columns, most // down))
        return ceil(rows / down), ceil(columns / along)
