"""Outputs that are single values, as of a dense layer: bars of the strongest, a strip of all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cnnviz.render import display
from cnnviz.render.figures import blocks, feature_parts
from cnnviz.render.figures.blocks import HEADING
from cnnviz.render.fonts import measure
from cnnviz.render.look import Look
from cnnviz.render.numbers import number
from cnnviz.render.scene import Rect, Scene
from cnnviz.render.theme import CAPTION, GAP, LABEL, WIDE_GAP, rgb

if TYPE_CHECKING:
    from cnnviz.report.layer_features import LayerFeatures

MOST = 20  # bars
WIDTH = 560  # px of names, bars and numbers together
_NAMES = 168  # px that names may take
_LINE, _BAR = 22, 14
_PER_ROW = 128  # cells in a row of the strip; half of them, twice as large, where there are
_FEW = 1024  # outputs at most


def strongest(layer: LayerFeatures, most: int = MOST) -> list[int]:
    """Return the numbers of the outputs that a figure names.

    The largest of the last layer, whose outputs are scores; of others the farthest from zero.
    """
    values = layer.values.ravel()
    keys = values if layer.is_last or layer.sort != "index" else np.abs(values)
    order: list[int] = np.argsort(-keys, kind="stable")[:most].tolist()
    return order


def draw_bars(
    scene: Scene, left: float, top: float, layer: LayerFeatures, look: Look
) -> tuple[float, float]:
    """Draw a bar for each of the strongest outputs; return right and bottom."""
    values, chosen = layer.values.ravel(), strongest(layer)
    role = feature_parts.role(scene.theme, layer)
    count = len(values)
    by_value = layer.is_last or layer.sort != "index" or layer.min >= 0
    which = "largest" if by_value else "farthest from 0"
    words = f"all {count}, {which} first" if count == len(chosen) else f"{len(chosen)} {which}"
    blocks.heading(scene, left, top, role, "outputs", words, room=WIDTH)
    names = [_name(layer, i) for i in chosen]
    numbers = [number(float(values[i])) for i in chosen]
    wide = min(_NAMES, max(measure(name, LABEL) for name in names))
    end = max(measure(text, CAPTION) for text in numbers)
    room = WIDTH - wide - end - 2 * GAP
    low, high = min(0.0, *map(float, values[chosen])), max(0.0, *map(float, values[chosen]))
    unit = room / ((high - low) or 1.0)
    zero = left + wide + GAP - low * unit
    y = top + HEADING + 4
    for i, name, text in zip(chosen, names, numbers, strict=True):
        value = float(values[i])
        line = y + _BAR - 3
        scene.text(left + wide, line, name, size=LABEL, anchor="end", room=_NAMES)
        length = max(1.0, abs(value) * unit) if value else 0.0
        start = zero if value >= 0 else zero - length
        if length:
            scene.add(Rect(start, y, length, _BAR, fill=role))
        scene.text(left + WIDTH, line, text, colour=scene.theme.secondary, anchor="end")
        y += _LINE
    scene.add(Rect(zero - 0.5, top + HEADING + 2, 1, y - top - HEADING - 6, fill=scene.theme.rule))
    if count <= MOST:
        return left + WIDTH, y
    return _strip(scene, left, y + GAP, layer, look)


def _name(layer: LayerFeatures, i: int) -> str:
    labels = layer.seen.labels
    named = layer.is_last and len(labels) == layer.values.size
    return f"{i} {labels[i]}" if named and labels[i] != str(i) else str(i)


def _strip(
    scene: Scene, left: float, top: float, layer: LayerFeatures, look: Look
) -> tuple[float, float]:
    """Draw all outputs as cells in reading order, and their scale."""
    values = layer.values.ravel()
    most = _PER_ROW if values.size > _FEW else _PER_ROW // 2
    rows = -(-values.size // most)
    per_row = min(values.size, most)
    cell = max(2, min(16, WIDTH // per_row))
    words = "in reading order" if rows == 1 else f"in reading order, {per_row} in a row"
    role = feature_parts.role(scene.theme, layer)
    blocks.heading(scene, left, top, role, f"all {values.size}", words, room=WIDTH)
    low, high = layer.min, layer.max
    scale = display.choose(low, high, name=look.colormap, theme=look.theme)
    grid = np.full(rows * per_row, np.nan, np.float32)
    grid[: values.size] = values
    missing = np.isnan(grid).reshape(rows, per_row)
    grid[values.size :] = low
    pixels = scale.colours(grid.reshape(rows, per_row))
    pixels[missing] = rgb(scene.theme.background)
    width, height = per_row * cell, rows * cell
    blocks.tile(scene, left, top + HEADING, pixels, width, height, f"all outputs of {layer.name}")
    bar = top + HEADING + height + WIDE_GAP
    blocks.bar(scene, left, bar, WIDTH, scale)
    return left + WIDTH, bar + 24
