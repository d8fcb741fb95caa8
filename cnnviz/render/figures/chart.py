"""A line chart: axes with ticks, smooth curves, a legend beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import hypot

import numpy as np

from cnnviz.render.numbers import number
from cnnviz.render.scene import Line, Point, Polygon, Rect, Scene
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
    """Where a chart stands, and which values its edges are."""

    x: float
    y: float
    width: float
    height: float
    right: float
    low: float
    high: float

    def point(self, x: float, y: float) -> Point:
        """Return the px of a value; x runs from 0."""
        height = (self.high - y) / (self.high - self.low) * self.height
        return self.x + x / self.right * self.width, self.y + height


def axes(
    scene: Scene, frame: Frame, xs: Sequence[float], ys: Sequence[float], *, name: str
) -> None:
    """Draw rules at the ticks with their numbers, and the name of the horizontal axis."""
    theme = scene.theme
    bottom = frame.y + frame.height
    for value in ys:
        _, y = frame.point(0, value)
        colour = theme.secondary if value == 0 else theme.rule
        scene.add(Line((frame.x, round(y)), (frame.x + frame.width, round(y)), colour))
        text = number(value)
        scene.text(frame.x - GAP, y + 4, text, colour=theme.secondary, anchor="end")
    for value in xs:
        x, _ = frame.point(value, 0)
        scene.add(Line((round(x), bottom), (round(x), bottom + 4), theme.secondary))
        text = number(value)
        scene.text(x, bottom + 16, text, colour=theme.secondary, anchor="middle")
    middle = frame.x + frame.width / 2
    scene.text(middle, bottom + 32, name, colour=theme.secondary, anchor="middle")


def curves(scene: Scene, frame: Frame, drawn: Sequence[Curve]) -> None:
    """Draw curves, and beside the chart their names with a piece of each."""
    for curve in drawn:
        for run in _runs(curve.values):
            points = [frame.point(x, float(curve.values[x])) for x in run]
            if len(points) > 1:
                scene.add(ribbon(points, curve.width, curve.colour))
            else:
                (x, y), r = points[0], curve.width
                scene.add(Rect(x - r, y - r, 2 * r, 2 * r, fill=curve.colour))
    left, y = frame.x + frame.width + 2 * GAP, frame.y + 8
    for curve in drawn:
        half = curve.width / 2
        scene.add(Rect(left, y - half, 18, curve.width, fill=curve.colour))
        scene.text(left + 26, y + 4, curve.name)
        y += 20


def ribbon(points: Sequence[Point], width: float, colour: str) -> Polygon:
    """Return a line through points as a polygon of even width, which has smooth edges.

    >>> ribbon([(0, 0), (2, 0)], 2, "#000000").points
    ((0.0, -1.0), (2.0, -1.0), (2.0, 1.0), (0.0, 1.0))
    """
    above, below = [], []
    for i, (x, y) in enumerate(points):
        before, after = points[max(0, i - 1)], points[min(len(points) - 1, i + 1)]
        dx, dy = after[0] - before[0], after[1] - before[1]
        scale = width / 2 / (hypot(dx, dy) or 1)
        above.append((x + dy * scale, y - dx * scale))
        below.append((x - dy * scale, y + dx * scale))
    return Polygon((*above, *reversed(below)), colour)


def _runs(values: np.ndarray) -> list[list[int]]:
    """Return the spans of places without NaN."""
    runs: list[list[int]] = []
    for i in np.flatnonzero(~np.isnan(values)).tolist():
        if runs and runs[-1][-1] == i - 1:
            runs[-1].append(i)
        else:
            runs.append([i])
    return runs
