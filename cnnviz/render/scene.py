"""A figure as data: boxes, texts, images, lines. Figures build it, backends write it.

The items are plain dataclasses: what `frozen`, `slots` and `eq` generate costs start-up time.

Lengths are px at 1x, the origin is the top left corner, colours are `#rrggbb`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import ceil
from typing import Literal

import numpy as np

from cnnviz.render import fonts
from cnnviz.render.terminal import escape
from cnnviz.render.theme import CAPTION, Theme

DIMMED = 0.65  # opacity of what dims
Anchor = Literal["start", "middle", "end"]
Point = tuple[float, float]


@dataclass(eq=False, repr=False)
class Rect:
    """A rectangle: filled, outlined inside its edges, hatched, or dimming what is below it."""

    x: float
    y: float
    width: float
    height: float
    fill: str | None = None
    stroke: str | None = None
    line: float = 1
    hatch: str | None = None
    dim: str | None = None


@dataclass(eq=False, repr=False)
class Text:
    """One line of text; `y` is the baseline, `anchor` tells what `x` is."""

    x: float
    y: float
    text: str
    size: float
    colour: str
    face: fonts.Face
    anchor: Anchor


@dataclass(eq=False, repr=False)
class Picture:
    """Pixels `(h, w, 3)` uint8 shown in a box; enlarged ones keep crisp edges."""

    x: float
    y: float
    width: float
    height: float
    pixels: np.ndarray
    title: str


@dataclass(eq=False, repr=False)
class Line:
    """A straight line."""

    start: Point
    end: Point
    colour: str
    line: float = 1


@dataclass(eq=False, repr=False)
class Polygon:
    """A filled polygon."""

    points: tuple[Point, ...]
    fill: str


@dataclass(eq=False, repr=False)
class Path:
    """A line through points, with smooth edges, round joints and round ends."""

    points: tuple[Point, ...]
    colour: str
    line: float = 2


Item = Rect | Text | Picture | Line | Polygon | Path


@dataclass(eq=False, repr=False)
class Scene:
    """A figure: its items in drawing order, its size, its title and description."""

    theme: Theme
    title: str = ""
    description: str = ""
    width: float = 0
    height: float = 0
    items: list[Item] = field(default_factory=list)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in whole px, as every backend writes it."""
        return ceil(self.width), ceil(self.height)

    def add(self, item: Item) -> None:
        """Draw `item` over what is there."""
        self.items.append(item)

    def text(
        self,
        x: float,
        y: float,
        text: str,
        *,
        size: float = CAPTION,
        colour: str | None = None,
        face: fonts.Face = "regular",
        anchor: Anchor = "start",
        room: float | None = None,
    ) -> float:
        """Write a line of text, shortened with an ellipsis to `room`; return its width."""
        shown = fonts.composed(escape(text))
        if room is not None:
            shown = fonts.shorten(shown, size, face, room)
        self.add(Text(x, y, shown, size, colour or self.theme.text, face, anchor))
        return fonts.measure(shown, size, face)
