"""All patches that a window visits, each with its value: the image as the tiles of its map."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, ClassVar

from cnnviz.report.explanation import MOST_LISTED, Explanation
from cnnviz.report.terms import Terms
from cnnviz.report.words import hanging

MOST = 8  # tiles along an axis


@dataclass(eq=False, repr=False)
class TiledExplanation(Explanation):
    """An explanation, with the patches of up to 8 x 8 values around the first place."""

    figure: ClassVar[str] = "explanation_tiles"

    @property
    def part(self) -> tuple[range, range]:
        """Rows and columns of the output whose patches are shown."""
        rows, columns = self.arithmetic.axes
        row, column = self.values[0].at
        return _around(row, rows.output), _around(column, columns.output)

    @property
    def is_whole(self) -> bool:
        """Whether all patches are shown."""
        rows, columns = self.arithmetic.axes
        return rows.output <= MOST and columns.output <= MOST

    @cached_property
    def tiles(self) -> list[list[Terms]]:
        """The terms of each value shown, by rows."""
        rows, columns = self.part
        return [[self.arithmetic.terms((r, c)) for c in columns] for r in rows]

    @property
    def said(self) -> str:
        """How many of the patches are shown."""
        rows, columns = self.arithmetic.axes
        down, across = self.part
        every = f"{rows.output}x{columns.output}"
        if self.is_whole:
            return f"all {every} patches"
        return (
            f"{len(down)}x{len(across)} of {every} patches: rows {down[0]} to {down[-1]}, "
            f"columns {across[0]} to {across[-1]} of the output"
        )

    def lines(self, width: int = 80) -> Iterator[str]:
        """Yield what it is of, the values of all tiles, and the terms of the places asked for."""
        yield from super().lines(width)
        yield ""
        yield from hanging(f"tiles    {self.said}, each with its value", width)
        for line in self.tiles:
            yield "  " + "".join(f"{one.value:>9.4g}" for one in line)

    def tables(self) -> dict[str, list[dict[str, Any]]]:
        """Return the tiles as rows for JSON."""
        first = self.tiles[0][0].patch.size
        few = first * len(self.tiles) * len(self.tiles[0]) <= MOST_LISTED
        rows = [
            {
                "image": self.image,
                "at": list(one.at),
                "start": [one.rows.start, one.columns.start],
                "patch": one.patch.tolist() if few else None,
                "sum": one.total,
                "value": one.value,
            }
            for line in self.tiles
            for one in line
        ]
        return {"tiles": rows}


def tiled(result: Explanation) -> TiledExplanation:
    """Return the same explanation with the patches around its first place."""
    return TiledExplanation(**{f.name: getattr(result, f.name) for f in fields(result)})


def _around(place: int, count: int) -> range:
    first = max(0, min(place - MOST // 2, count - MOST))
    return range(first, min(count, first + MOST))
