"""Receptive fields: which cells of the input the units of a layer see.

After "Computing Receptive Fields of Convolutional Neural Networks" (Distill, 2019), and beyond it
where something upsamples: there units see in turns, and each turn is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from math import gcd, inf, isinf, lcm
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cnnviz.geometry import Axis, Shape
    from cnnviz.geometry.transposed import TransposedAxis

# Five upsamplings by two have 32 turns; without a limit a chain of them has no end of turns.
MAX_TURNS = 64


@dataclass(frozen=True)
class Sight:
    """What the units along one axis see.

    Unit `u` of turn `t = u % turns` sees the cells from `firsts[t]` up to `ends[t]`, that one
    excluded, `u // turns * shift` cells further on. There is one turn unless something upsamples:
    after a nearest upsampling by 2, units 0 and 1 see the same cell, 2 and 3 the next one. A unit
    that sees nothing, between the cells that a transposed convolution writes, has `inf, -inf`.
    """

    firsts: tuple[float, ...]
    ends: tuple[float, ...]
    shift: int

    @property
    def turns(self) -> int:
        """After how many units the pattern is the same again, `shift` cells further on."""
        return len(self.firsts)

    @property
    def size(self) -> int:
        """Cells that a unit sees, at most."""
        spans = zip(self.firsts, self.ends, strict=True)
        return int(max((end - first for first, end in spans if first < end), default=0))

    @property
    def stride(self) -> int | float:
        """Cells from one unit to the next one, on average; 0 where all units see the same."""
        whole, rest = divmod(self.shift, self.turns)
        return self.shift / self.turns if rest else whole

    @property
    def start(self) -> int:
        """First cell that unit 0 sees (or the first unit that sees any)."""
        return int(next((first for first in self.firsts if not isinf(first)), 0))

    def seen(self, units: range) -> tuple[float, float]:
        """Return the first cell and the one behind the last that any of the units sees."""
        some = 1 if self._rises else self.turns  # later turns see only later cells
        first = min((self._at(u)[0] for u in units[:some]), default=inf)
        return first, max((self._at(u)[1] for u in units[-some:]), default=-inf)

    def through(self, axis: Axis | TransposedAxis) -> Sight | None:
        """Return what the units behind a window see; None where they take too many turns."""
        inputs, outputs = axis.pace
        rounds = self.turns // gcd(self.turns, inputs)
        if rounds * outputs > MAX_TURNS:
            return None
        seen = [self.seen(axis.cells(o)) for o in range(rounds * outputs)]
        firsts, ends = zip(*seen, strict=True)
        return Sight(firsts, ends, self.shift * rounds * inputs // self.turns)

    def whole(self, units: int) -> Sight:
        """Return the sight of units that all see what the first `units` see together."""
        first, end = self.seen(range(units))
        return Sight((first,), (end,), 0)

    def repeated(self, turns: int) -> Sight:
        """Return the same sight, written in more turns."""
        units = [self._at(u) for u in range(turns)]
        firsts, ends = zip(*units, strict=True)
        return Sight(firsts, ends, self.shift * turns // self.turns)

    def centre(self) -> tuple[int, int]:
        """Return twice the sum of the centres of one turn's units, and the number of those."""
        spans = [(a, b) for a, b in zip(self.firsts, self.ends, strict=True) if a < b]
        return int(sum(a + b for a, b in spans)), len(spans)

    def _at(self, unit: int) -> tuple[float, float]:
        period, turn = divmod(unit, len(self.firsts))
        return self.firsts[turn] + period * self.shift, self.ends[turn] + period * self.shift

    @cached_property
    def _rises(self) -> bool:
        """Whether no unit sees an earlier cell than the one before it, and all see something."""
        if self.turns == 1:
            return True
        firsts = (*self.firsts, self.firsts[0] + self.shift)
        ends = (*self.ends, self.ends[0] + self.shift)
        return inf not in firsts and all(
            a <= b for edge in (firsts, ends) for a, b in pairwise(edge)
        )


@dataclass(frozen=True)
class Field:
    """A receptive field: the input cells that one unit sees, one `Sight` an axis.

    Unit `u` sees `size` cells from `start + u * stride` on; `start` is negative inside padding.
    Behind an upsampling `stride` may be a fraction; then `size` is the largest of any unit,
    `start` that of unit 0, and `axes` has what each unit sees. Where every unit sees the same
    (behind a gate computed from the whole image), `stride` is 0.

    >>> Field.of((3, 3), (2, 2), (-1, -1)).merge([Field.of((1, 1), (2, 2), (0, 0))]).aligned
    True
    """

    axes: tuple[Sight, ...]
    aligned: bool = True

    @classmethod
    def of(cls, size: Shape, stride: Shape, start: Shape) -> Field:
        """Return the field of units that all see alike."""
        rows = zip(size, stride, start, strict=True)
        return cls(tuple(Sight((a,), (a + r,), j) for r, j, a in rows))

    @classmethod
    def of_input(cls, rank: int = 2) -> Field:
        """Return the field of an input cell: itself."""
        return cls((Sight((0,), (1,), 1),) * rank)

    @property
    def size(self) -> Shape:
        """Cells that a unit sees, at most."""
        return tuple(sight.size for sight in self.axes)

    @property
    def stride(self) -> tuple[int | float, ...]:
        """Cells from one unit to the next one, on average."""
        return tuple(sight.stride for sight in self.axes)

    @property
    def start(self) -> Shape:
        """First cell that unit 0 sees."""
        return tuple(sight.start for sight in self.axes)

    def seen(self, unit: Sequence[int]) -> tuple[tuple[int, int], ...]:
        """Return the first cell that a unit sees and the one behind the last, an axis.

        They may lie in padding; of a unit that sees nothing they are `(0, 0)`.

        >>> Field.of((3, 3), (2, 2), (-1, -1)).seen((0, 5))
        ((-1, 2), (9, 12))
        """
        places = zip(self.axes, unit, strict=True)
        spans = [sight.seen(range(place, place + 1)) for sight, place in places]
        if any(first >= end for first, end in spans):
            return ((0, 0),) * len(spans)
        return tuple((int(first), int(end)) for first, end in spans)

    def through(self, axes: Iterable[Axis | TransposedAxis]) -> Field | None:
        """Return the field after a window, `r + (k_eff - 1) j`, `j s`, `start - before j`.

        None where upsampling makes units differ in more than 64 turns.
        """
        found = []
        for sight, axis in zip(self.axes, axes, strict=True):
            behind = sight.through(axis)
            if behind is None:
                return None
            found.append(behind)
        return Field(tuple(found), self.aligned)

    def whole(self, space: Sequence[int | None]) -> Field:
        """Return the field of units that see all that the units of `space` see together.

        An axis of None stays as it is.
        """
        pairs = zip(self.axes, space, strict=True)
        axes = tuple(sight if n is None else sight.whole(n) for sight, n in pairs)
        return Field(axes, self.aligned)

    def merge(self, others: Iterable[Field]) -> Field | None:
        """Return the hull of branches that meet; aligned if their centres agree too.

        None where their strides differ: no one size and start would be true of every unit.
        """
        fields = (self, *others)
        if len(fields) == 1:
            return self
        met = [_hull(sights) for sights in zip(*(f.axes for f in fields), strict=True)]
        found = tuple(sight for sight in met if sight is not None)
        if len(found) < len(met):
            return None
        aligned = all(f.aligned for f in fields) and self.lines_up(fields[1:])
        return Field(found, aligned)

    def lines_up(self, others: Iterable[Field]) -> bool:
        """Return whether units of one place look at the same place, on average over their turns.

        Units that all see the same have no place.
        """
        return all(
            a.shift == b.shift == 0
            or (a.shift * b.turns == b.shift * a.turns and _same_centre(a, b))
            for other in others
            for a, b in zip(self.axes, other.axes, strict=True)
        )


def _hull(sights: Sequence[Sight]) -> Sight | None:
    first, turns = sights[0], lcm(*{sight.turns for sight in sights})
    if turns > MAX_TURNS or any(s.shift * first.turns != first.shift * s.turns for s in sights):
        return None
    even = [sight if sight.turns == turns else sight.repeated(turns) for sight in sights]
    firsts = tuple(map(min, zip(*(sight.firsts for sight in even), strict=True)))
    ends = tuple(map(max, zip(*(sight.ends for sight in even), strict=True)))
    return Sight(firsts, ends, even[0].shift)


def _same_centre(a: Sight, b: Sight) -> bool:
    if a.turns != b.turns:
        turns = lcm(a.turns, b.turns)
        a, b = a.repeated(turns), b.repeated(turns)
    (here, units), (there, others) = a.centre(), b.centre()
    return here * others == there * units
