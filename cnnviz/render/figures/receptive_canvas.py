"""The image with room around it for padding, and the outline of a region on it."""

from __future__ import annotations

from dataclasses import dataclass

from cnnviz.geometry import Shape
from cnnviz.render import display
from cnnviz.render.scene import Point, Polygon, Rect, Scene
from cnnviz.report.receptive import ReceptiveFields
from cnnviz.report.receptive_unit import Span

Box = tuple[float, float, float, float]
Cut = tuple[bool, bool, bool, bool]

OUTLINE = 2  # px, around the region: a region of one pixel is not hidden by it
BEYOND, NEAR = 0.6, 0.25  # of the image's side: what is drawn beside it, else less of more
ARROW = 7  # px of the mark where a region goes on


@dataclass(eq=False, repr=False)
class Canvas:
    """The image with room around it for the padding that regions reach into.

    Attributes
    ----------
    spans : pair of (int, int)
        The first row that is drawn and the one behind the last, and columns.
    space : tuple of int
        Rows and columns of the image.
    scale : float
        px of a pixel of the image; a whole number where it is enlarged.
    """

    spans: tuple[Span, Span]
    space: Shape
    scale: float

    @classmethod
    def of(cls, result: ReceptiveFields, side: int) -> Canvas:
        """Return a canvas for all units, in a square of `side` px."""
        space = result.units[0].space
        spans = []
        for axis, size in enumerate(space):
            regions = [unit.region[axis] for unit in result.units if unit.region]
            before = max([0, *(-first for first, _ in regions)])
            after = max([0, *(end - size for _, end in regions)])
            most = size * (BEYOND if max(before, after) <= BEYOND * size else NEAR)
            spans.append((-min(before, round(most)), size + min(after, round(most))))
        shape = tuple(end - first for first, end in spans)
        height, _ = display.fit(shape, (side, side))
        rows, columns = spans
        factor = height / shape[0] if height >= shape[0] else min(side / n for n in shape)
        return cls((rows, columns), space, factor)

    @property
    def size(self) -> tuple[int, int]:
        """Height and width in px."""
        height, width = (round((end - first) * self.scale) for first, end in self.spans)
        return height, width

    def box(self, spans: tuple[Span, ...]) -> Box:
        """Return left, top, width and height in px of cells, as far as they are drawn."""
        found = []
        for (first, end), (low, high) in zip(spans, self.spans, strict=True):
            start = round((min(max(first, low), high) - low) * self.scale)
            found.append((start, round((min(max(end, low), high) - low) * self.scale) - start))
        (top, height), (left, width) = found
        return left, top, width, height

    def cut(self, spans: tuple[Span, ...]) -> Cut:
        """Tell whether cells at the left, the top, the right and the bottom are not drawn."""
        (top, bottom), (left, right) = spans
        (low, high), (near, far) = self.spans
        return left < near, top < low, right > far, bottom > high


def outline(scene: Scene, box: Box, cut: Cut, *, arrows: bool = False) -> None:
    """Draw an outline around a box; open where it goes on beyond what is drawn."""
    x, y, width, height = box
    theme, wide = scene.theme, OUTLINE
    if not any(cut):
        outer = wide + 1
        ground = (x - outer, y - outer, width + 2 * outer, height + 2 * outer)
        scene.add(Rect(*ground, stroke=theme.background))
        around = (x - wide, y - wide, width + 2 * wide, height + 2 * wide)
        scene.add(Rect(*around, stroke=theme.accent, line=wide))
        return
    left, top, right, bottom = (0 if side else wide for side in cut)
    across, down = width + left + right, height + top + bottom
    strips = (
        (x - wide, y - top, wide, down),
        (x - left, y - wide, across, wide),
        (x + width, y - top, wide, down),
        (x - left, y + height, across, wide),
    )
    middle, centre = x + width / 2, y + height / 2
    tips = ((x, centre), (middle, y), (x + width, centre), (middle, y + height))
    for is_cut, strip, tip, step in zip(cut, strips, tips, _STEPS, strict=True):
        if not is_cut:
            scene.add(Rect(*strip, fill=theme.accent))
        elif arrows:
            _arrow(scene, tip, step)


_STEPS = (-1, 0), (0, -1), (1, 0), (0, 1)


def _arrow(scene: Scene, tip: Point, step: tuple[int, int]) -> None:
    """Draw an arrow head that points out of the canvas, on a readable ground."""
    for colour, grown in ((scene.theme.background, 3), (scene.theme.accent, 0)):
        along, half = 1.5 * ARROW + 1.5 * grown, ARROW + grown
        at = tip[0] + step[0] * grown / 2, tip[1] + step[1] * grown / 2
        back = at[0] - step[0] * along, at[1] - step[1] * along
        aside = step[1] * half, step[0] * half
        corners = (at, (back[0] + aside[0], back[1] + aside[1]),
                   (back[0] - aside[0], back[1] - aside[1]))  # fmt: skip
        scene.add(Polygon(corners, colour))
