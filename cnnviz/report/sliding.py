"""A window that slides over an image while maps fill: what `cnnviz animate` reports."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from cnnviz.arrays import unique
from cnnviz.errors import SpecError
from cnnviz.geometry import times
from cnnviz.report.explanation import Explanation
from cnnviz.report.moving import FRAMES, Moving
from cnnviz.report.terms import Place, Terms
from cnnviz.report.words import opening

MOST_MAPS = 4


@dataclass(eq=False, repr=False)
class Sliding(Moving):
    """Explanations of maps of one shape, which fill together.

    Attributes
    ----------
    runs : tuple of Explanation
        One a map, all of one image; what is explained in each is its strongest response.
    most : int
        Frames at most.
    """

    figure: ClassVar[str] = "sliding"

    runs: tuple[Explanation, ...]
    most: int = FRAMES

    @property
    def subject(self) -> str:
        """The image."""
        return self.runs[0].image

    @property
    def grid(self) -> tuple[int, int]:
        """Rows and columns of the maps."""
        rows, columns = self.runs[0].arithmetic.output.shape
        return rows, columns

    @property
    def heading(self) -> str:
        """What slides: kernels, a pooling or a layer, with its settings."""
        *others, last = self.named
        names = f"{', '.join(others)} and {last}" if others else last
        return ", ".join((names, *self.runs[0].settings))

    @property
    def said(self) -> str:
        """Which of the places the window stops at."""
        return f"the window {self.plan.words()}"

    @property
    def end(self) -> Place:
        """The place of the last frame: the strongest response of the first map."""
        return self.runs[0].values[0].at

    @cached_property
    def named(self) -> list[str]:
        """What the maps are called, no two the same."""
        return unique([run.name for run in self.runs])

    def terms(self, at: Place) -> list[Terms]:
        """Return the terms of each map at a place."""
        return [self._terms(run, at) for run in self.runs]

    @staticmethod
    def _terms(run: Explanation, at: Place) -> Terms:
        own = run.values[0]  # of a map with one value its window may be the whole image
        return own if own.at == at else run.arithmetic.terms(at)

    def arrays(self) -> list[tuple[str, np.ndarray]]:
        """Return the maps."""
        pairs = zip(self.named, self.runs, strict=True)
        return [(name, run.arithmetic.output) for name, run in pairs]

    @property
    def figure_nbytes(self) -> int:
        """Bytes that the frames need beside them."""
        return 9 * max(self.runs[0].picture.size, self.runs[0].arithmetic.output.size)

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return one row: frames, places, and the ends of each map's values."""
        rows, columns = self.runs[0].arithmetic.axes
        window = {
            "size": [rows.kernel_size, columns.kernel_size],
            "stride": [rows.stride, columns.stride],
            "dilation": [rows.dilation, columns.dilation],
            "start": [rows.start(0), columns.start(0)],
        }
        limits = [
            {"name": name, "min": float(values.min()), "max": float(values.max())}
            for name, values in self.arrays()
        ]
        own = {"map_shape": list(self.grid), "window": window, "maps": limits}
        return [self.row(self.named) | own | {"end": list(self.end)}]

    def lines(self, width: int = 80) -> Iterator[str]:
        """Yield the report in plain ASCII."""
        run = self.runs[0]
        subject = run.image, run.image_shape
        yield from opening("animate", subject, self.heading, run.arithmetic.axes, run.notes, width)
        for name, values in self.arrays():
            limits = f"min {float(values.min()):.6g}  max {float(values.max()):.6g}"
            yield f"map      {name}  {times(values.shape)}  {limits}"
        yield from self.timing(width)


def sliding(runs: Sequence[Explanation], most: int = FRAMES) -> Sliding:
    """Return the animation of some maps.

    Raises
    ------
    SpecError
        If they are too many, or of different shapes.
    """
    if len(runs) > MOST_MAPS:
        raise SpecError(f"{len(runs)} kernels are too many to follow", hint=f"use {MOST_MAPS}")
    shapes = [run.arithmetic.output.shape for run in runs]
    for run, shape in zip(runs, shapes, strict=True):
        if shape != shapes[0]:
            raise SpecError(
                f"the maps of {runs[0].name} and {run.name} have different shapes, "
                f"{times(shapes[0])} and {times(shape)}",
                hint="use --padding same",
            )
    return Sliding(tuple(runs), most)
