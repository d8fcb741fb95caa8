"""A pooled value of many cells: what the window reads, as a picture, and what it becomes."""

from __future__ import annotations

import numpy as np

from cnnviz.render import display
from cnnviz.render.figures import blocks
from cnnviz.render.figures import explanation_parts as parts
from cnnviz.render.numbers import count, number, times
from cnnviz.render.scene import Rect, Scene
from cnnviz.render.theme import CAPTION, GAP, ink, rgb
from cnnviz.report.explanation import Explanation
from cnnviz.report.terms import Terms

BOX = 216, 216  # px of what the window reads
ARROW = 88  # px between it and the value
VALUE = 64  # px of the value


def draw(scene: Scene, result: Explanation, one: Terms, x: float, y: float) -> tuple[float, float]:
    """Draw the values as a picture and what they become in the same colours; return the ends."""
    theme, values = scene.theme, one.patch[..., 0]
    scale = parts.image_scale(result, theme.name)
    height, width = display.fit(values.shape, BOX)
    detail = times(values.shape)
    blocks.heading(scene, x, y, theme.input, "patch", detail, room=BOX[0])
    y += blocks.HEADING
    pixels = display.picture(np.asarray(values, np.float32), scale, height, width)
    blocks.tile(scene, x, y, pixels, width, height, "patch")
    down, across = height / values.shape[0], width / values.shape[1]
    if one.padded:
        _hatch(scene, x, y, one.inside, (down, across))
    if one.winner is not None:
        left, top = x + one.winner[1] * across, y + one.winner[0] * down
        parts.mark(scene, left, top, across, down, (x, y, width, height))
    middle, right = y + height / 2, x + width + ARROW
    scene.text(x + width + ARROW / 2, middle - 8, result.arithmetic.pooling, anchor="middle")
    scene.text(x + width + ARROW / 2, middle + 12, "→", size=18, anchor="middle")
    _value(scene, one, right, max(y, middle - VALUE / 2), scale)
    y += max(height, VALUE) + GAP
    inside = values[one.inside]
    low, high = number(float(inside.min()), 5), number(float(inside.max()), 5)
    said = f"{count(inside.size)} values, from {low} to {high}"
    wide = scene.text(x, y + CAPTION, said, colour=theme.secondary)
    return max(right + VALUE, x + wide), y + CAPTION + GAP / 2


def _hatch(scene: Scene, x: float, y: float, inside: np.ndarray, cell: tuple[float, float]) -> None:
    """Hatch the sides of a window that lie outside the image: there may be very many cells."""
    (tall, wide), (down, across) = inside.shape, cell
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    top, bottom = (int(rows[0]), int(rows[-1]) + 1) if len(rows) else (tall, tall)
    left, right = (int(columns[0]), int(columns[-1]) + 1) if len(columns) else (wide, wide)
    for first, last, begin, end in (
        (0, top, 0, wide),
        (bottom, tall, 0, wide),
        (top, bottom, 0, left),
        (top, bottom, right, wide),
    ):
        box = x + begin * across, y + first * down, (end - begin) * across, (last - first) * down
        if box[2] > 0 and box[3] > 0:
            scene.add(Rect(*box, fill=scene.theme.background))
            scene.add(Rect(*box, hatch=scene.theme.warning))


def _value(scene: Scene, one: Terms, x: float, y: float, scale: display.Scale) -> None:
    colour = scale.colours(np.array([[one.value]], np.float32))
    fill = "#{:02x}{:02x}{:02x}".format(*colour[0, 0].tolist())
    scene.add(Rect(x, y, VALUE, VALUE, fill=fill, stroke=scene.theme.accent, line=2))
    text, middle = number(one.value, 4), y + VALUE / 2 + 4
    shade = ink(rgb(fill))
    scene.text(x + VALUE / 2, middle, text, face="mono", anchor="middle", colour=shade)
