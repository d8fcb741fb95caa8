"""The figure of one layer of `features`: the input, the layer's facts, and a grid of its maps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cnnviz.render import display
from cnnviz.render.figures import blocks, feature_parts
from cnnviz.render.figures.blocks import HEADING
from cnnviz.render.figures.feature_side import WIDTH, draw_side
from cnnviz.render.fonts import measure
from cnnviz.render.look import Look
from cnnviz.render.numbers import count, times, typeset
from cnnviz.render.scene import Rect, Scene
from cnnviz.render.theme import CAPTION, GAP, LABEL, MARGIN, WIDE_GAP, theme
from cnnviz.report.layer_features import LayerFeatures

if TYPE_CHECKING:
    from cnnviz.render.sheet import Tile

# Maps up to a count: px of the box of each, and columns.
_LAYOUTS = ((1, 448, 1), (2, 336, 2), (4, 280, 2), (9, 168, 3), (16, 136, 4), (36, 112, 6))
_FULL = 112, 8
_SEQUENCE, _CELL = (640, 448), 24  # px that a layer over time may take, and a value of it
LEAST = 96  # px of a tile, so that number and range fit below it
WIDE = 160  # px of a tile that has room for a kernel's name too
FOOT = 16


def draw(layer: LayerFeatures, look: Look) -> Scene:
    """Return the figure of a layer (of more than 64 maps a page, or an even sample)."""
    lines = [line for line in (*_place(layer), _shown(layer, look)) if line]
    scene = Scene(theme(look.theme), title=_title(layer), description=". ".join(layer.lines()))
    top = MARGIN + feature_parts.head_height(lines, layer.seen)
    left = MARGIN + WIDTH + 2 * MARGIN
    if layer.is_vector:
        from cnnviz.render.figures.feature_bars import draw_bars

        right, bottom = draw_bars(scene, left, top, layer, look)
    elif layer.values.ndim == 2:
        right, bottom = _sequence(scene, left, top, layer, look)
    else:
        right, bottom = _grid(scene, left, top, layer, look)
    side = draw_side(scene, MARGIN, top, layer, look)
    scene.width = max(right + MARGIN, 720)
    scene.height = max(bottom, side) + MARGIN
    feature_parts.draw_head(scene, lines, layer.seen)
    return scene


def tiles(layer: LayerFeatures, look: Look) -> list[Tile]:
    """Return the maps that are shown as tiles for the terminal."""
    from cnnviz.render.figures.feature_tiles import layer_tiles

    return layer_tiles(layer, look)


def _title(layer: LayerFeatures) -> str:
    """Return what is seen: `conv1 of googlenet: 64 maps of 112×112 from cat.png`."""
    shape, seen = layer.shape, layer.seen
    if layer.is_vector:
        noun, size = "value", ""
    else:
        noun, size = "map", f" of {times(shape[:-1])}" + (" steps" if len(shape) == 2 else "")
    made = f"{count(layer.stats.count)} {noun}{'' if layer.stats.count == 1 else 's'}{size}"
    return f"{layer.name} of {seen.model}: {made} from {seen.image}"


def _place(layer: LayerFeatures) -> list[str]:
    """Return the lines of the layer's settings and of its size formula."""
    row = layer.row
    taken = ", ".join(row["inputs"])
    lines = [f"{row['type']}({row['settings']})     takes {taken}"]
    formula = list(dict.fromkeys(row["formula"]))
    if len(formula) == 2:
        formula = [
            f"{axis}  {text}" for axis, text in zip(("rows", "columns"), formula, strict=True)
        ]
    elif formula and len(row["formula"]) == 2:
        formula = [f"rows and columns  {formula[0]}"]
    return [*lines, "     ".join(map(typeset, formula))]


def _shown(layer: LayerFeatures, look: Look) -> str:
    if layer.is_vector:
        return ""
    signed = ", zero in the middle" if layer.min < 0 else ""
    is_shared = look.range == "shared" or layer.values.ndim == 2
    scale = "one colour scale for all" if is_shared else "each map on its own colour scale"
    if layer.stats.count == 1:
        return signed.removeprefix(", ")
    return "; ".join(filter(None, (layer.page_words(), scale + signed)))


def _grid(
    scene: Scene, left: float, top: float, layer: LayerFeatures, look: Look
) -> tuple[float, float]:
    """Place a tile for each map; return right and bottom."""
    shown = layer.shown
    box, columns = next((row[1:] for row in _LAYOUTS if len(shown) <= row[0]), _FULL)
    size = display.fit(layer.shape, (box, box))
    scales = feature_parts.scales(layer, shown, look)
    planes = np.ascontiguousarray(np.moveaxis(layer.values[..., list(shown)], -1, 0))
    step_x, step_y = max(size[1], LEAST) + GAP, size[0] + FOOT + GAP
    for place, (i, plane, scale) in enumerate(zip(shown, planes, scales, strict=True)):
        row, column = divmod(place, columns)
        x, y = left + column * step_x, top + row * step_y
        if layer.stats.dead[i] or layer.stats.constant[i]:
            _flat(scene, x, y, size, "dead" if layer.stats.dead[i] else "constant")
        else:
            height, width = size[0] * look.scale, size[1] * look.scale
            pixels = display.picture(plane, scale, height, width)
            blocks.tile(scene, x, y, pixels, size[1], size[0], f"map {i}")
        _caption(scene, x, y + size[0] + 13, layer, i, room=step_x - GAP)
    rows = -(-len(shown) // columns)
    return left + min(columns, len(shown)) * step_x - GAP, top + rows * step_y - GAP


def _caption(
    scene: Scene, x: float, line: float, layer: LayerFeatures, i: int, *, room: float
) -> None:
    """Write a map's number and its range, with as many digits as there is room."""
    name = f"{i} {layer.names[i]}" if layer.names and room >= WIDE else f"{i}"
    used = scene.text(x, line, name, face="bold", room=room / 2) + 6
    stats = layer.stats
    low, high = float(stats.low[i]), float(stats.high[i])
    text = feature_parts.range_words(low, high, room=room - used)
    right = x + room if room < 200 else x + used + measure(text, CAPTION)
    scene.text(right, line, text, colour=scene.theme.secondary, anchor="end", room=room - used)


def _flat(scene: Scene, x: float, y: float, size: tuple[int, int], word: str) -> None:
    """Draw a map that is the same everywhere: hatched, with the word for it."""
    height, width = size
    colours = scene.theme
    scene.add(Rect(x - 1, y - 1, width + 2, height + 2, stroke=colours.rule, hatch=colours.rule))
    text = measure(word, LABEL)
    middle = x + width / 2
    scene.add(
        Rect(middle - text / 2 - 5, y + height / 2 - 10, text + 10, 20, fill=colours.background)
    )
    scene.text(
        middle, y + height / 2 + 4.5, word, size=LABEL, colour=colours.secondary, anchor="middle"
    )


def _sequence(
    scene: Scene, left: float, top: float, layer: LayerFeatures, look: Look
) -> tuple[float, float]:
    """Draw maps over time as the rows of one picture; return right and bottom."""
    shown = layer.shown
    picture = layer.values[:, list(shown)].T
    scale = display.choose(layer.min, layer.max, name=look.colormap, theme=look.theme)
    words = "a row a map, time to the right"
    blocks.heading(scene, left, top, scene.theme.map, "maps over time", words, room=_SEQUENCE[0])
    # Time and maps are not of one kind: a cell need not be square.
    cells = [max(1, min(_CELL, n // m)) for n, m in zip(_SEQUENCE, picture.T.shape, strict=True)]
    length = min(picture.shape[1], _SEQUENCE[0] * look.scale)
    pixels = display.picture(picture, scale, len(shown), length)
    pixels = pixels.repeat(cells[1] * look.scale, axis=0).repeat(cells[0], axis=1)
    height = len(shown) * cells[1]
    width = picture.shape[1] * cells[0] if cells[0] > 1 else min(length, _SEQUENCE[0])
    if cells[0] > 1:
        pixels = pixels.repeat(look.scale, axis=1)
    blocks.tile(scene, left, top + HEADING, pixels, width, height, layer.name)
    for place, i in enumerate(shown if cells[1] >= CAPTION + 1 else ()):
        line = top + HEADING + (place + 0.5) * cells[1] + 4
        scene.text(left + width + 6, line, str(i), colour=scene.theme.secondary)
    bar = top + HEADING + height + WIDE_GAP
    blocks.bar(scene, left, bar, max(width, 160), scale)
    return left + max(width, 200) + 40, bar + 24
