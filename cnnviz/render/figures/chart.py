"""A line chart: axes with ticks, smooth curves, and their names beside it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import log

import numpy as np

from cnnviz.render.numbers import number
from cnnviz.render.scene import Line, Path, Point, Rect, Scene
from cnnviz.render.theme import GAP

TICK_ROOM, AXIS_ROOM = 34, 40  # px left of the chart for numbers, below it for numbers and a name
LEGEND_ROOM = 90  # px right of it


@dataclass(eq=False, repr=False)
class Curve:
    """Values at x = 0, 1, 2, ...; a NaN interrupts the curve."""

    name: str
    values: np.ndarray
    colour: str
    width: float = 2


@dataclass(eq=False, repr=False)
class Frame:
    """Where a chart stands, and which values its edges are; `log` is of the vertical axis."""

    x: float
    y: float
    width: float
    height: float
    right: float
    low: float
    high: float
    left: float = 0
    log: bool = False

    def point(self, x: float, y: float) -> Point:
        """Return the px of a value."""
        across = (x - self.left) / (self.right - self.left)
        if self.log:
            down = log(self.high / y) / log(self.high / self.low)
        else:
            down = (self.high - y) / (self.high - self.low)
        return self.x + across * self.width, self.y + down * self.height

    @property
    def bottom(self) -> float:
        """The px of the lower edge."""
        return self.y + self.height


def axes(
    scene: Scene, frame: Frame, xs: Sequence[float], ys: Sequence[float], *, name: str
) -> None:
    """Draw rules at the ticks with their numbers, and the name of the horizontal axis."""
    levels(scene, frame, ys)
    ticks(scene, frame, xs)
    middle, line = frame.x + frame.width / 2, frame.bottom + 32
    scene.text(middle, line, name, colour=scene.theme.secondary, anchor="middle")


def levels(
    scene: Scene, frame: Frame, values: Sequence[float], form: Callable[[float], str] = number
) -> None:
    """Draw rules at heights, their numbers to the left."""
    theme = scene.theme
    for value in values:
        y = frame.point(frame.left, value)[1]
        colour = theme.secondary if value == 0 else theme.rule
        scene.add(Line((frame.x, round(y)), (frame.x + frame.width, round(y)), colour))
        scene.text(frame.x - GAP, y + 4, form(value), colour=theme.secondary, anchor="end")


def ticks(scene: Scene, frame: Frame, values: Sequence[float], texts: Sequence[str] = ()) -> None:
    """Draw ticks below a chart, with their numbers unless other texts are given."""
    colour = scene.theme.secondary
    for value, text in zip(values, texts or map(number, values), strict=True):
        x = frame.x + (value - frame.left) / (frame.right - frame.left) * frame.width
        scene.add(Line((round(x), frame.bottom), (round(x), frame.bottom + 4), colour))
        scene.text(x, frame.bottom + 16, text, colour=colour, anchor="middle")


def curves(scene: Scene, frame: Frame, drawn: Sequence[Curve]) -> None:
    """Draw curves, and beside the chart their names with a piece of each."""
    for curve in drawn:
        trace(scene, frame, np.arange(len(curve.values)), curve.values, curve.colour, curve.width)
    left, y = frame.x + frame.width + 2 * GAP, frame.y + 8
    for curve in drawn:
        half = curve.width / 2
        scene.add(Rect(left, y - half, 18, curve.width, fill=curve.colour))
        scene.text(left + 26, y + 4, curve.name)
        y += 20


def trace(
    scene: Scene, frame: Frame, xs: np.ndarray, ys: np.ndarray, colour: str, width: float = 2
) -> None:
    """Draw a line through points, interrupted at each NaN; a point alone is a dot.

    What is above or below the chart runs along its edge.
    """
    inside = np.clip(ys, frame.low, frame.high)
    for run in _runs(inside):
        points = [frame.point(float(xs[i]), float(inside[i])) for i in run]
        if len(points) > 1:
            scene.add(Path(tuple(thinned(points)), colour, width))
        else:
            dot(scene, points[0], width, colour)


def dot(scene: Scene, centre: Point, radius: float, colour: str) -> None:
    """Draw a round dot."""
    x, y = centre
    scene.add(Path(((x - 0.01, y), (x + 0.01, y)), colour, 2 * radius))


def thinned(points: Sequence[Point]) -> list[Point]:
    """Return the points of a line that make a difference: at most four in each px from the left.

    They are the first, the last, the highest and the lowest there.

    >>> thinned([(0.1, 5), (0.2, 9), (0.3, 6), (0.4, 1), (0.5, 7), (0.6, 2), (3, 4)])
    [(0.1, 5), (0.2, 9), (0.4, 1), (0.6, 2), (3, 4)]
    """
    kept: list[Point] = []
    start = 0
    for i in range(1, len(points) + 1):
        if i < len(points) and int(points[i][0]) == int(points[start][0]):
            continue
        own = range(start, i)
        extremes = {f(own, key=lambda j: points[j][1]) for f in (min, max)}
        kept += [points[j] for j in sorted({start, i - 1, *extremes})]
        start = i
    return kept


def _runs(values: np.ndarray) -> list[list[int]]:
    """Return the spans of places without NaN."""
    runs: list[list[int]] = []
    for i in np.flatnonzero(~np.isnan(values)).tolist():
        if runs and runs[-1][-1] == i - 1:
            runs[-1].append(i)
        else:
            runs.append([i])
    return runs
