"""Where an animation has its image, its arithmetic and its maps: laid out once for all frames."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil, log
from typing import TypeVar

from cnnviz.render.figures import blocks, header, signs
from cnnviz.render.fonts import measure
from cnnviz.render.scene import Scene
from cnnviz.render.theme import LABEL, MARGIN, TITLE, WIDE_GAP, Theme
from cnnviz.report.moving import LAST, OPENING, WIPE

BOX = 304  # px of the image
LEAST = 160  # px of a panel's room, for its name
ARROW = 40  # px of the arrow to a map
ROOM = ARROW + WIDE_GAP  # px that it takes
BELOW = 48  # px of a colour bar and of a line below a map
ASPECT = 1.7  # width by height that suits a slide

Place = tuple[float, float]
Size = tuple[float, float]
Frame = TypeVar("Frame")


@dataclass(eq=False, repr=False)
class Stage:
    """The size of all frames, and where things begin.

    Attributes
    ----------
    image : (float, float)
    values, maps : list of (float, float)
        The arithmetic of each map, and the map.
    """

    theme: Theme
    title: str
    lines: list[str]
    description: str
    size: Size
    image: Place
    values: list[Place]
    maps: list[Place]

    @classmethod
    def of(
        cls,
        theme: Theme,
        title: str,
        lines: Sequence[str],
        description: str,
        *,
        image: Size,
        value: Size,
        panel: Size,
        count: int = 1,
    ) -> Stage:
        """Lay out from left to right, or the one arithmetic below if that suits a slide better.

        `image`, `value` and `panel` are sizes, those of panels with what is above and below them.
        """
        top = MARGIN + header.height(list(lines))
        image, value, panel = _whole(image, LEAST), _whole(value, 0), _whole(panel, LEAST)
        row = max(value[1], panel[1]) + WIDE_GAP
        beside = (
            image[0] + WIDE_GAP + value[0] + ROOM + panel[0],
            max(image[1], count * row - WIDE_GAP),
        )
        upper = max(image[1], panel[1]) + WIDE_GAP
        under = max(image[0] + ROOM + panel[0], value[0]), upper + value[1]
        is_beside = count > 1 or _distance(beside, top) <= _distance(under, top)
        width, height = beside if is_beside else under
        needs = max(measure(title, TITLE, "bold"), *(measure(line, LABEL) for line in lines))
        width = max(640, width, min(needs + 2, 1280))
        size = width + 2 * MARGIN, top + height + MARGIN
        if is_beside:
            left = MARGIN + image[0] + WIDE_GAP
            values: list[Place] = [(left, top + i * row) for i in range(count)]
            maps = [(left + value[0] + ROOM, y) for _, y in values]
        else:
            values, maps = [(MARGIN, top + upper)], [(MARGIN + image[0] + ROOM, top)]
        return cls(theme, title, list(lines), description, size, (MARGIN, top), values, maps)

    def scene(self) -> Scene:
        """Return a frame with nothing but its head."""
        scene = Scene(self.theme, title=self.title, description=self.description)
        scene.width, scene.height = self.size
        header.draw(scene, self.lines)
        return scene

    def arrow(self, scene: Scene, i: int, height: float) -> None:
        """Draw the arrow to the middle of a map."""
        x, y = self.maps[i]
        signs.arrow(scene, x - ARROW - WIDE_GAP / 2, y + blocks.HEADING + height / 2, ARROW)


def looped(
    full: Frame, wiped: Iterator[Frame], stops: Iterator[tuple[Frame, float]]
) -> Iterator[tuple[Frame, float]]:
    """Yield the frames of a loop: the last one first, which is wiped, then the stops."""
    yield full, OPENING
    for frame in wiped:
        yield frame, WIPE
    yield from stops
    yield full, LAST


def _whole(size: Size, least: float) -> Size:
    """Return a size in whole px, at least so wide."""
    return ceil(max(size[0], least)), ceil(size[1])


def _distance(size: Size, top: float) -> float:
    """Return how far a figure is from the shape of a slide."""
    return abs(log((size[0] + 2 * MARGIN) / (size[1] + top + MARGIN) / ASPECT))
