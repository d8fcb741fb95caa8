"""What a layer makes as a solid: height, width and channels; of a vector, a bar."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cnnviz.geometry import Shape
from cnnviz.render.figures.solids import faces, outlined
from cnnviz.render.scene import Line, Path, Point, Polygon, Scene
from cnnviz.render.theme import mixed
from cnnviz.report.architecture_scales import Scale

TALLEST = 128.0  # px of the longest side and of the longest vector
THICK = 12.0  # px of a vector
LEAST = 3.0  # px of any edge
SHEAR = 0.36, 0.24  # px to the right and upwards for a px of width
MOST_SHEETS = 24  # channels up to which each is drawn
SHEET = 3.0  # px of a channel from which it is drawn by itself


@dataclass(eq=False, repr=False)
class Volume:
    """A solid of so many px: channels to the right, height downwards, width into the page."""

    depth: float
    height: float
    width: float
    sheets: int = 0

    @property
    def reach(self) -> float:
        """Px that its back stands to the right of its front."""
        return self.width * SHEAR[0]

    @property
    def rise(self) -> float:
        """Px that its back stands higher."""
        return self.width * SHEAR[1]

    @property
    def span(self) -> tuple[float, float]:
        """The px of all of it, from left to right and from top to bottom."""
        return self.depth + self.reach, self.height + self.rise


def volume(shape: Shape, scales: Mapping[str, Scale], deepest: float) -> Volume:
    """Return the solid of a shape.

    Parameters
    ----------
    scales : mapping
        See `report.architecture_scales.scales_of`.
    deepest : float
        Px of the most channels.
    """
    if len(shape) == 1:
        units = scales["units"]
        cells = shape[0] if shape[0] <= MOST_SHEETS else 0
        height = max(LEAST, TALLEST * units.part(shape[0]))
        return Volume(THICK, height, 0, cells if cells * SHEET <= height else 0)
    sides, channels = scales["sides"], scales["channels"]
    depth = max(LEAST, deepest * channels.part(shape[-1]))
    height = max(LEAST, TALLEST * sides.part(shape[0]))
    width = max(LEAST, TALLEST * sides.part(shape[1])) if len(shape) == 3 else 0
    drawn = shape[-1] <= MOST_SHEETS and depth >= SHEET * shape[-1]
    return Volume(depth, height, width, shape[-1] if drawn else 0)


def draw(scene: Scene, x: float, middle: float, solid: Volume, colour: str) -> None:
    """Draw a solid whose left edge is at `x`, with its middle at the height `middle`."""
    top = front(middle, solid)
    outlined(scene, faces(x, top, solid.depth, solid.height, solid.reach, solid.rise), colour)
    line = mixed(colour, scene.theme.background, 0.3)
    if solid.width == 0 and solid.depth == THICK:  # the cells of a vector
        for cell in range(1, solid.sheets):
            y = top + cell * solid.height / solid.sheets
            scene.add(Line((x, y), (x + solid.depth, y), line))
        return
    for sheet in range(1, solid.sheets):
        at = x + sheet * solid.depth / solid.sheets
        below, edge = (at, top + solid.height), (at, top)
        scene.add(Path((below, edge, (at + solid.reach, top - solid.rise)), line, 1))


def front(middle: float, solid: Volume) -> float:
    """Return the top of the front face."""
    return middle - solid.span[1] / 2 + solid.rise


def window(
    scene: Scene,
    x: float,
    middle: float,
    solid: Volume,
    part: tuple[float, float],
    place: float,
    to: Point,
    colour: str,
) -> None:
    """Draw a kernel's window on the right side of a solid, and lines from it to where it writes.

    Parameters
    ----------
    part : tuple of float
        What part of the height and of the width the window is.
    place : float
        Where its middle lies, as a part of the height.
    to : tuple of float
        Where its value stands.
    """
    top, right = front(middle, solid), x + solid.depth
    across, down = 0.5 - part[1] / 2, place - part[0] / 2

    def at(u: float, v: float) -> Point:
        return right + u * solid.reach, top + v * solid.height - u * solid.rise

    corners = (
        at(across, down),
        at(across + part[1], down),
        at(across + part[1], down + part[0]),
        at(across, down + part[0]),
    )
    for corner in corners[1:3]:
        scene.add(Path((corner, to), colour, 1))
    scene.add(Polygon(corners, mixed(colour, scene.theme.background, 0.35)))
    scene.add(Path((*corners, corners[0]), colour, 1.5))
