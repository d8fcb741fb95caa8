"""What single units of a network see of an image: the region, and which of its cells count."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from cnnviz.geometry import Shape, times
from cnnviz.report.receptive_unit import Unit
from cnnviz.report.report import Row
from cnnviz.report.result import Result

if TYPE_CHECKING:
    from cnnviz.report.layer_features import Seen
    from cnnviz.report.report import Report


@dataclass(eq=False, repr=False)
class ReceptiveFields(Result):
    """What units of several layers see of one image.

    Attributes
    ----------
    seen : Seen
        Its weights are of no interest without gradients, and then not random.
    units : tuple of Unit
        Those that are drawn.
    growth : tuple of Unit
        The middle unit of every layer whose window makes fields grow.
    is_chosen : bool
        Whether the layers were named.
    """

    figure: ClassVar[str] = "receptive"

    seen: Seen
    units: tuple[Unit, ...]
    growth: tuple[Unit, ...]
    is_chosen: bool = True

    @property
    def subject(self) -> str:
        """The image."""
        return self.seen.image

    @property
    def is_effective(self) -> bool:
        """Whether gradients were taken."""
        return any(unit.effective is not None for unit in self.units)

    @property
    def ends(self) -> tuple[Shape, ...]:
        """The smallest and the largest region, one if they are the same."""
        sizes = sorted((unit.size for unit in self.units if any(unit.size)), key=prod)
        return tuple(dict.fromkeys([*sizes[:1], *sizes[-1:]]))

    @property
    def heading(self) -> str:
        """Network, and what is shown of it: `lenet5: what one unit sees, 5x5 to 16x16 of 28x28`."""
        sizes = f", {' to '.join(map(times, self.ends))}" if self.ends else ""
        return f"{self.seen.model}: what one unit sees{sizes} of {times(self.units[0].space)}"

    @property
    def warnings(self) -> tuple[str, ...]:
        """Whether the gradients are those of random weights."""
        return (self.seen.stamp,) if self.seen.is_random else ()

    def head(self) -> Iterator[str]:
        """Yield what the network sees, and what was done to the image for it."""
        yield from self.seen.head(weights=self.is_effective)

    def lines(self, width: int = 80) -> Iterator[str]:
        """Yield image, network and a line a unit."""
        yield from self.head()
        for unit in self.units:
            yield f"unit     {unit.name}, {unit.place}: {unit.words()}"

    def report(self) -> Report:
        """Return the table of the units, or of all layers where none were named."""
        from cnnviz.report.receptive_table import report

        return report(self)

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return a row of plain data for each unit."""
        return [{"image": self.seen.image} | unit.to_dict() for unit in self.units]

    def tables(self) -> dict[str, list[Row]]:  # type: ignore[override]
        """Return what was done to the image."""
        steps = list(self.seen.preprocess)
        return {"preprocess": [{"image": self.seen.image, "steps": steps}]}

    def arrays(self) -> list[tuple[str, np.ndarray]]:
        """Return the heat of each unit, or 1 where it sees the image and 0 elsewhere, `(H, W)`."""
        return [(unit.name, _plane(unit)) for unit in self.units]

    @property
    def nbytes(self) -> int:
        """Bytes of the image and of all heat."""
        return self.seen.nbytes + sum(u.effective.heat.nbytes for u in self.units if u.effective)

    @property
    def figure_nbytes(self) -> int:
        """Bytes that a figure needs beside them."""
        return 40 * prod(self.units[0].space)


def _plane(unit: Unit) -> np.ndarray:
    if unit.effective is not None:
        return unit.effective.heat
    plane = np.zeros(unit.space, np.float32)
    if unit.inside is not None:
        (top, bottom), (left, right) = unit.inside
        plane[top:bottom, left:right] = 1
    return plane
