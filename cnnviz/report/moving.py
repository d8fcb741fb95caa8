"""What animations of a window report: how many frames, which places, the maps."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from functools import cached_property
from typing import Any

from cnnviz.report.result import Result
from cnnviz.report.steps import Step, Steps
from cnnviz.report.words import hanging

FRAMES = 120  # at most, if nothing else is asked for
OPENING, WIPE, LAST = 1.0, 0.1, 3.0  # seconds of the first frame, of each wipe, of the last
LEFT = 0.75, 0.5, 0.25  # shares of the full map's rows that the frames after the first still have


class Moving(Result):
    """A result that is an animation: its stops, and the frames before and after them.

    The first frame is the last one, the full map, which is wiped then: so the loop has no jump.
    """

    most: int

    @property
    @abstractmethod
    def grid(self) -> tuple[int, int]:
        """Rows and columns of the places that are visited."""

    @property
    @abstractmethod
    def said(self) -> str:
        """Which of the places are stopped at."""

    @cached_property
    def plan(self) -> Steps:
        """How the stops are chosen."""
        return Steps(self.grid, self.most - 2 - len(LEFT))

    @cached_property
    def steps(self) -> list[Step]:
        """The stops."""
        return self.plan.stops()

    @property
    def frames(self) -> int:
        """How many frames the animation has."""
        return len(self.steps) + 2 + len(LEFT)

    @property
    def seconds(self) -> float:
        """How long it takes."""
        wiped = len(LEFT) * WIPE
        return OPENING + wiped + sum(step.seconds for step in self.steps) + LAST

    def timing(self, width: int) -> Iterator[str]:
        """Yield the lines that say how it moves."""
        yield f"frames   {self.frames}, {self.seconds:.1f} s"
        yield from hanging(f"stops    {self.said}", width)

    def row(self, of: list[str]) -> dict[str, Any]:
        """Return the row for JSON, with what it is of."""
        return {
            "image": self.subject,
            "of": of,
            "frames": self.frames,
            "seconds": round(self.seconds, 2),
            "places": self.plan.count,
            "visited": [list(step.at) for step in self.steps],
            "block": list(self.plan.block),
        }
