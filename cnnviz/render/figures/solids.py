"""Boxes in oblique projection: three faces, each of its own brightness."""

from __future__ import annotations

from collections.abc import Sequence

from cnnviz.render.scene import Path, Point, Polygon, Scene
from cnnviz.render.theme import mixed

# How much of the background is in a face: front, top, right.
LIGHT, DARK = (0.55, 0.78, 0.38), (0.5, 0.32, 0.68)

Face = tuple[Point, ...]


def faces(
    x: float, y: float, width: float, height: float, reach: float, rise: float
) -> Sequence[Face]:
    """Return the corners of the front, the top and the right face.

    Parameters
    ----------
    x, y, width, height : float
        The front.
    reach, rise : float
        How far the back stands to the right and higher; there are no other faces without.
    """
    right, bottom = x + width, y + height
    ahead = ((x, y), (right, y), (right, bottom), (x, bottom))
    if not reach:
        return (ahead,)
    back, over = right + reach, y - rise
    top = ((x, y), (x + reach, over), (back, over), (right, y))
    side = ((right, y), (back, over), (back, bottom - rise), (right, bottom))
    return ahead, top, side


def outlined(scene: Scene, parts: Sequence[Face], colour: str) -> None:
    """Draw faces of one colour with their edges."""
    theme = scene.theme
    shares = LIGHT if theme.name == "light" else DARK
    for part, share in zip(parts, shares, strict=False):
        scene.add(Polygon(part, mixed(colour, theme.background, share)))
    for part in parts:
        scene.add(Path((*part, part[0]), colour, 1))
