"""The grid of inputs once for each output: the pixels that it reads, in its weights' colours."""

from __future__ import annotations

from math import ceil, sqrt

import numpy as np

from cnnviz.geometry import Shape
from cnnviz.render.figures import blocks
from cnnviz.render.figures.connections_panel import Panel, fitting, indexed
from cnnviz.render.numbers import number
from cnnviz.render.scene import Picture, Rect, Scene
from cnnviz.render.theme import GAP, ink, mixed, rgb
from cnnviz.report.connections_wiring import Cell, cells

BOX = 420  # px of all grids
CELL, LEAST = 38, 4  # px of a pixel
NAME = 18  # px above a grid


def draw(scene: Scene, panel: Panel, x: float, y: float) -> tuple[float, float]:
    """Draw what each output reads, in the order of the outputs; return width and height."""
    one = panel.one
    down, across = arranged(one.outputs)
    first, last = panel.first, panel.last
    tall, wide = (b - a + 1 for a, b in zip(first, last, strict=True))
    room = min((BOX - GAP * (across - 1)) / (across * wide), (BOX - NAME * down) / (down * tall))
    size = max(LEAST, min(CELL, int(room)))
    for output, target in enumerate(cells(one.outputs)):
        i, j = divmod(output, across)
        left = x + j * (wide * size + 2 * GAP)
        top = y + i * (tall * size + NAME + GAP)
        text = indexed(f"y{output + 1}")
        if panel.values:
            text += f" = {number(float(one.y[target]))}"
        if wide * size >= 16:
            scene.text(left, top + 13, text, colour=panel.role, face="bold", room=wide * size + GAP)
        _grid(scene, panel, left, top + NAME, size, target, first, last)
    return (
        across * (wide * size + 2 * GAP) - 2 * GAP,
        down * (tall * size + NAME + GAP) - GAP,
    )


def arranged(outputs: Shape) -> tuple[int, int]:
    """Return how many grids stand below and beside each other."""
    if len(outputs) == 2:
        return outputs[0], outputs[1]
    across = ceil(sqrt(outputs[0]))
    return ceil(outputs[0] / across), across


def _grid(
    scene: Scene, panel: Panel, x: float, y: float, size: int, target: Cell, first: Cell, last: Cell
) -> None:
    one, theme = panel.one, scene.theme
    rows, columns = (b - a + 1 for a, b in zip(first, last, strict=True))
    pixels = np.empty((rows, columns, 3), np.uint8)
    pixels[:] = rgb(theme.background)
    inner = tuple(slice(-a, -a + n) for a, n in zip(first, one.inputs, strict=True))
    pixels[inner] = rgb(mixed(theme.input, theme.background, 0.82))
    edges = one.terms(target)
    for edge in edges:
        pixels[_shifted(edge.source, first)] = rgb(panel.colours[edge.weight])
    scene.add(Picture(x, y, columns * size, rows * size, pixels, f"what y{target} reads"))
    for edge in one.padding:
        if edge.target == target:
            i, j = _shifted(edge.source, first)
            scene.add(
                Rect(x + j * size, y + i * size, size, size, hatch=theme.rule, stroke=theme.rule)
            )
    left, top = x - first[1] * size, y - first[0] * size
    blocks.grid(scene, left, top, one.inputs[1], one.inputs[0], size, theme.rule)
    font = fitting([panel.weight(edge) for edge in one.edges], size)
    for edge in edges if font else ():
        i, j = _shifted(edge.source, first)
        scene.text(
            x + (j + 0.5) * size, y + (i + 0.5) * size + font * 0.36, panel.weight(edge),
            size=font, colour=ink(rgb(panel.colours[edge.weight])), anchor="middle",
        )  # fmt: skip


def _shifted(cell: Cell, first: Cell) -> tuple[int, int]:
    return cell[0] - first[0], cell[1] - first[1]
