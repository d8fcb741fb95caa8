"""Signs between tiles: of arithmetic, of convolution, arrows; and the colours of the channels."""

from __future__ import annotations

from math import cos, pi, sin

import numpy as np

from cnnviz.render import display
from cnnviz.render.display import Scale
from cnnviz.render.scene import Polygon, Rect, Scene

# Marks in a heading, which hold 3:1 on both backgrounds.
MARKS = {"R": "#e5484d", "G": "#2f9e44", "B": "#4c7dff"}
ARM = 7  # px from the centre of a sign to its end


def plus(scene: Scene, x: float, y: float) -> None:
    """Draw a plus sign around a centre."""
    scene.add(Rect(x - ARM, y - 1, 2 * ARM, 2, fill=scene.theme.text))
    scene.add(Rect(x - 1, y - ARM, 2, 2 * ARM, fill=scene.theme.text))


def equals(scene: Scene, x: float, y: float) -> None:
    """Draw an equals sign around a centre."""
    for dy in (-4, 2):
        scene.add(Rect(x - ARM, y + dy, 2 * ARM, 2, fill=scene.theme.text))


def star(scene: Scene, x: float, y: float, radius: float = 7) -> None:
    """Draw the sign of cross-correlation, a five-pointed star, around a centre."""
    points = []
    for i in range(10):
        r = radius if i % 2 == 0 else radius * 0.40
        points.append((x + r * sin(i * pi / 5), y - r * cos(i * pi / 5)))
    scene.add(Polygon(tuple(points), scene.theme.text))


def asterisk(scene: Scene, x: float, y: float, radius: float = 7) -> None:
    """Draw the sign of true convolution, six equal strokes, around a centre."""
    for i in range(3):
        dx, dy = sin(i * pi / 3), cos(i * pi / 3)
        half = 1.1
        scene.add(
            Polygon(
                (
                    (x + dx * radius + dy * half, y - dy * radius + dx * half),
                    (x + dx * radius - dy * half, y - dy * radius - dx * half),
                    (x - dx * radius - dy * half, y + dy * radius - dx * half),
                    (x - dx * radius + dy * half, y + dy * radius + dx * half),
                ),
                scene.theme.text,
            )
        )


def arrow(scene: Scene, x: float, y: float, length: float) -> None:
    """Draw an arrow to the right, centred on `y`."""
    colour = scene.theme.text
    scene.add(Rect(x, y - 0.75, length - 5, 1.5, fill=colour))
    scene.add(Polygon(((x + length, y), (x + length - 7, y - 4), (x + length - 7, y + 4)), colour))


def down(scene: Scene, x: float, y: float, length: float) -> None:
    """Draw an arrow downwards from `y`, centred on `x`."""
    colour, end = scene.theme.text, y + length
    scene.add(Rect(x - 0.75, y, 1.5, length - 5, fill=colour))
    scene.add(Polygon(((x, end), (x - 4, end - 7), (x + 4, end - 7)), colour))


def light(channel: str) -> Scale:
    """Return the scale from 0 to 255 of one channel: its own light on black, gray for another.

    The pictures of R, G and B on it add up to the image, value by value.
    """
    table = np.zeros((256, 3), np.uint8)
    ramp = np.arange(256, dtype=np.uint8)
    table[:, ["RGB".index(channel)] if channel in MARKS else [0, 1, 2]] = ramp[:, None]
    return display.Scale(0, 255, table)


def mark(scene: Scene, channel: str) -> str:
    """Return the colour of a channel's mark."""
    return MARKS.get(channel, scene.theme.input)
