"""The figure of `explain --tiles`: the patches that the window visits, each with its value."""

from __future__ import annotations

import numpy as np

from cnnviz.render import display
from cnnviz.render.figures import blocks, explanation, header
from cnnviz.render.figures import explanation_parts as parts
from cnnviz.render.look import Look
from cnnviz.render.numbers import number, times
from cnnviz.render.scene import Rect, Scene
from cnnviz.render.theme import CAPTION, GAP, MARGIN, theme
from cnnviz.report.explanation_text import places
from cnnviz.report.tiles import TiledExplanation

TILE = 64  # px of a patch
STEP = 32  # px between the patches and the map


def draw(result: TiledExplanation, look: Look) -> Scene:
    """Return the figure: patches in the order of the map, and the values that they become."""
    scene = Scene(theme(look.theme), title=_title(result), description=". ".join(result.lines()))
    lines = [*explanation.about(result), explanation.signs(result.said)]
    y = MARGIN + header.height(lines)
    right, bottom = _patches(scene, result, MARGIN, y)
    scene.text(right + STEP / 2, (y + bottom) / 2 + 6, "→", size=18, anchor="middle")
    right, low = _map(scene, result, right + STEP, y)
    scene.width = explanation.width(scene, lines, right)
    scene.height = max(bottom, low) + MARGIN
    header.draw(scene, lines)
    return scene


def _title(result: TiledExplanation) -> str:
    return f"{result.heading}: every patch becomes one value"


def _patches(scene: Scene, result: TiledExplanation, x: float, y: float) -> tuple[float, float]:
    """Draw the patches with their values below; return right and bottom."""
    blocks.heading(scene, x, y, scene.theme.input, "patches", room=200)
    y += blocks.HEADING
    rows, columns = result.arithmetic.axes
    size = max(1, TILE // max(rows.kernel_size, columns.kernel_size))
    factor = min(1.0, TILE / max(rows.kernel_size, columns.kernel_size))
    tall = max(1, round(rows.kernel_size * (size if factor == 1 else factor)))
    wide = max(1, round(columns.kernel_size * (size if factor == 1 else factor)))
    scale = parts.image_scale(result, scene.theme.name)
    across, down = max(wide, 48) + GAP, tall + 16 + GAP
    asked = {one.at for one in result.values}
    for i, line in enumerate(result.tiles):
        for j, one in enumerate(line):
            left, top = x + j * across, y + i * down
            values = one.patch
            photo = values.shape[2] == 3 and values.min() >= 0 and values.max() <= 255
            shown = values if photo else values.mean(axis=2)
            pixels = display.pixels(
                np.asarray(shown, np.float32), None if photo else scale, tall, wide
            )
            blocks.tile(scene, left, top, pixels, wide, tall, places(one))
            for a, b in np.argwhere(~one.inside).tolist():
                cell = wide / columns.kernel_size, tall / rows.kernel_size
                box = left + b * cell[0], top + a * cell[1], *cell
                scene.add(Rect(*box, hatch=scene.theme.warning))
            if one.at in asked:
                scene.add(
                    Rect(left - 2, top - 2, wide + 4, tall + 4, stroke=scene.theme.accent, line=2)
                )
            text = number(one.value, 4)
            scene.text(left + wide / 2, top + tall + 13, text, size=CAPTION - 1, anchor="middle")
    return x + len(result.tiles[0]) * across - GAP, y + len(result.tiles) * down - GAP


def _map(scene: Scene, result: TiledExplanation, x: float, y: float) -> tuple[float, float]:
    """Draw the values of the tiles as a part of the map; return right and bottom."""
    role = scene.theme.pool if result.arithmetic.pooling else scene.theme.map
    values = np.array([[one.value for one in line] for line in result.tiles])
    detail = times(values.shape)
    part = "map" if result.is_whole else "part of the map"
    blocks.heading(scene, x, y, role, part, detail, room=220)
    low, high = float(values.min()), float(values.max())
    like = bool(result.arithmetic.pooling) and low >= 0
    scale = display.choose(low, high, like_image=like, theme=scene.theme.name)
    size = 44
    parts.array(scene, x, y + blocks.HEADING, values, scale, size, "map", digits=4)
    rows, columns = result.part
    for one in result.values:
        row, column = one.at
        if row in rows and column in columns:
            left, top = (
                x + columns.index(column) * size,
                y + blocks.HEADING + rows.index(row) * size,
            )
            scene.add(Rect(left, top, size, size, stroke=scene.theme.accent, line=2))
    return x + max(220, values.shape[1] * size), y + blocks.HEADING + len(values) * size
