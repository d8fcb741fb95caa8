"""The figure of `explain --tiles`: the patches that the window visits, each with its value."""

from __future__ import annotations

import numpy as np

from cnnviz.render import display
from cnnviz.render.figures import blocks, explanation, header
from cnnviz.render.figures import explanation_parts as parts
from cnnviz.render.fonts import measure
from cnnviz.render.look import Look
from cnnviz.render.numbers import MINUS, number, times
from cnnviz.render.scene import Rect, Scene
from cnnviz.render.theme import CAPTION, GAP, LABEL, MARGIN, theme
from cnnviz.report.explanation_text import places
from cnnviz.report.tiles import TiledExplanation

TILE, VALUE = 64, 44  # px of a patch, and of its value
HEADING = blocks.HEADING
STEP = 32  # px between the patches and the map
CELL, KERNEL, LEAST = 36, 180, 72  # px of a kernel's cell, of a kernel at most and with its name
MOST_CELLS = 49  # of a kernel that is drawn


def draw(result: TiledExplanation, look: Look) -> Scene:
    """Return the figure: patches in the order of the map, and the values that they become."""
    scene = Scene(theme(look.theme), title=_title(result), description=". ".join(result.lines()))
    lines = [*explanation.about(result), explanation.signs(result.said)]
    y = MARGIN + header.height(lines)
    right, bottom = _patches(scene, result, MARGIN, y)
    middle = (y + bottom) / 2
    x, deep = _operation(scene, result, right, middle)
    right, low = _map(scene, result, x, max(y, middle - len(result.tiles) * VALUE / 2 - HEADING))
    scene.width = explanation.width(scene, lines, right)
    scene.height = max(bottom, low, deep) + MARGIN
    header.draw(scene, lines)
    return scene


def _title(result: TiledExplanation) -> str:
    return f"{explanation.heading(result)}: every patch becomes one value"


def _patches(scene: Scene, result: TiledExplanation, x: float, y: float) -> tuple[float, float]:
    """Draw the patches with their values below; return right and bottom."""
    blocks.heading(scene, x, y, scene.theme.input, "patches", room=200)
    y += HEADING
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


def _operation(
    scene: Scene, result: TiledExplanation, x: float, middle: float
) -> tuple[float, float]:
    """Draw what makes a value of a patch: the kernel where all channels have one; return the ends.

    The arrow alone stands for a kernel of many channels, and for a pooling.
    """
    kernel = result.values[0].kernel
    if kernel is None or kernel[..., 0].size > MOST_CELLS or (kernel != kernel[..., :1]).any():
        scene.text(x + STEP / 2, middle + 6, "→", size=18, anchor="middle")
        return x + STEP, middle
    rows, columns = kernel.shape[:2]
    size = min(CELL, KERNEL // max(rows, columns))
    width, top = max(columns * size, LEAST), middle - rows * size / 2
    scene.text(x + STEP / 2, middle + 6, "×", size=18, anchor="middle")
    x += STEP
    blocks.heading(scene, x, top - HEADING, scene.theme.kernel, "kernel", room=width)
    limit, negative = float(np.abs(kernel).max()), bool(kernel.min() < 0)
    scale = blocks.kernel_scale(limit, negative, scene.theme.name)
    parts.array(scene, x, top, kernel[..., 0], scale, size, "kernel", digits=3)
    x += width
    a, then = result.arithmetic, []
    if a.bias:
        then.append(f"{'+' if a.bias > 0 else MINUS} {number(abs(a.bias))}")
    then += [result.act] * bool(result.act)
    step = max([STEP, *(measure(text, CAPTION) + GAP for text in then)])
    scene.text(x + step / 2, middle - 8, "Σ", size=LABEL, anchor="middle")
    scene.text(x + step / 2, middle + 8, "→", size=18, anchor="middle")
    for place, text in enumerate(then, 1):
        scene.text(x + step / 2, middle + 8 + 16 * place, text, anchor="middle")
    return x + step, max(top + rows * size, middle + 8 + 16 * len(then))


def _map(scene: Scene, result: TiledExplanation, x: float, y: float) -> tuple[float, float]:
    """Draw the values of the tiles as a part of the map; return right and bottom."""
    role = scene.theme.pool if result.arithmetic.pooling else scene.theme.map
    values = np.array([[one.value for one in line] for line in result.tiles])
    detail = times(values.shape)
    part = "map" if result.is_whole else "part of the map"
    blocks.heading(scene, x, y, role, part, detail, room=220)
    scale = parts.output_scale(result, scene.theme.name, values)
    size = VALUE
    parts.array(scene, x, y + HEADING, values, scale, size, "map", digits=4)
    rows, columns = result.part
    for one in result.values:
        row, column = one.at
        if row in rows and column in columns:
            left, top = (
                x + columns.index(column) * size,
                y + HEADING + rows.index(row) * size,
            )
            scene.add(Rect(left, top, size, size, stroke=scene.theme.accent, line=2))
    return x + max(220, values.shape[1] * size), y + HEADING + len(values) * size
