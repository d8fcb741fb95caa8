"""The overview of `features`: the whole network as cards, each layer with its strongest maps."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, sqrt
from typing import TYPE_CHECKING

import numpy as np

from cnnviz.render import display
from cnnviz.render.figures import blocks, feature_parts
from cnnviz.render.figures.blocks import HEADING
from cnnviz.render.figures.feature_bars import strongest
from cnnviz.render.fonts import measure
from cnnviz.render.look import Look
from cnnviz.render.numbers import number, times
from cnnviz.render.scene import Rect, Scene
from cnnviz.render.theme import CAPTION, MARGIN, WIDE_GAP, theme
from cnnviz.report.features import FeatureSet
from cnnviz.report.layer_features import LayerFeatures

if TYPE_CHECKING:
    from cnnviz.render.sheet import Tile

MAPS = 4  # of a card
_BOX = 56  # px of a map, 112 where there are few layers
_FEW = 24
_AIR = 4  # px between the maps of a card
_FOOT = 18
_BARS = 16
_ASPECT = 1.5
_LEAST = 236  # px of a card: room for its name and its range
_ROW = 1200  # px in which all cards stand side by side if they can, as on a slide


def draw(features: FeatureSet, look: Look) -> Scene:
    """Return the overview: the input, then a card for each layer, in reading order."""
    seen, layers = features.seen, features.layers
    scene = Scene(theme(look.theme), description=". ".join(features.lines()))
    scene.title = features.heading
    chosen = "strongest maps by mean" if any(map(_is_sampled, layers)) else "maps"
    lines = [f"each layer with its {chosen}, each in its own colours"]
    if features.unchanged:
        names = features.unchanged
        said = ", ".join(names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "")
        lines.append(f"left out, since they change nothing: {said}")
    box = _BOX if len(layers) > _FEW else 2 * _BOX
    size = feature_parts.input_size(seen, (MAPS * (box + _AIR) - _AIR, box))
    sizes = [size, *(_size(layer, box) for layer in layers)]
    width = max(_LEAST, *(size[1] for size in sizes))
    step_x, step_y = width + 2 * WIDE_GAP, HEADING + box + _FOOT + WIDE_GAP
    count = len(sizes)
    columns = max(3, ceil(sqrt(count * step_y * _ASPECT / step_x)))
    if count * step_x <= _ROW:
        columns = count
    columns = min(columns, count) if count > 1 else 1
    top = MARGIN + feature_parts.head_height(lines, seen)
    feature_parts.draw_input(scene, MARGIN, top, seen, size, look, room=width)
    y = top
    for place, layer in enumerate(layers, 1):
        column = place % columns
        if column == 0:
            y += _step(sizes[place - columns : place])
        x, height = MARGIN + column * step_x, sizes[place][0]
        _card(scene, x, y, layer, box, (height, width), look)
    scene.width = max(2 * MARGIN + columns * step_x - 2 * WIDE_GAP, 720)
    scene.height = y + _step(sizes[(count - 1) // columns * columns :]) - WIDE_GAP + MARGIN
    feature_parts.draw_head(scene, lines, seen)
    return scene


def tiles(features: FeatureSet, look: Look) -> list[Tile]:
    """Return the maps of the last layer that has any, as tiles for the terminal."""
    from cnnviz.render.figures.feature_tiles import layer_tiles

    return layer_tiles(features.layers[-1], look)


def _size(layer: LayerFeatures, box: int) -> tuple[int, int]:
    """Return height and width of what a card shows of a layer."""
    if layer.is_vector:
        return box, min(_BARS, layer.values.size) * _bar_step(box)
    if layer.values.ndim == 2:
        return display.fit((len(layer.shown), len(layer.values)), (MAPS * box, box))
    height, width = display.fit(layer.shape, (box, box))
    count = min(MAPS, layer.stats.count)
    return height, count * (width + _AIR) - _AIR


def _is_sampled(layer: LayerFeatures) -> bool:
    return layer.stats.count > MAPS


def _step(sizes: Sequence[tuple[int, int]]) -> int:
    """Return the px from a row of cards to the next."""
    return HEADING + max(height for height, _ in sizes) + _FOOT + WIDE_GAP


def _bar_step(box: int) -> int:
    return min(24, MAPS * box // _BARS)


def _card(
    scene: Scene,
    x: float,
    y: float,
    layer: LayerFeatures,
    box: int,
    size: tuple[int, int],
    look: Look,
) -> None:
    """Draw a layer with its name and range: `size` is the height of its maps, the card's width."""
    height, width = size
    role = feature_parts.role(scene.theme, layer)
    blocks.heading(scene, x, y, role, layer.name, times(layer.shape), room=width)
    if layer.is_vector:
        _bars(scene, x, y + HEADING, layer, box)
    elif layer.values.ndim == 2:
        _sequence(scene, x, y + HEADING, layer, _size(layer, box), look)
    else:
        _maps(scene, x, y + HEADING, layer, box, look)
    dead = int(layer.stats.dead.sum())
    words = f"{number(layer.min, 3)} … {number(layer.max, 3)}"
    if dead and not layer.is_vector:
        words += f"   {dead} of {layer.stats.count} dead"
    line, room = y + HEADING + height + 13, width - measure(words, CAPTION) - WIDE_GAP
    secondary = scene.theme.secondary
    used = scene.text(x, line, str(layer.row["type"]), colour=secondary, room=room)
    scene.text(x + used + WIDE_GAP, line, words, colour=secondary)


def _maps(scene: Scene, x: float, y: float, layer: LayerFeatures, box: int, look: Look) -> None:
    height, width = display.fit(layer.shape, (box, box))
    # Where all maps are shown they keep their places, so that a filter is seen through the layers.
    by = "mean" if _is_sampled(layer) else "index"
    chosen = layer.stats.order(by).tolist()[:MAPS]
    scales = feature_parts.scales(layer, chosen, look)
    for place, (i, scale) in enumerate(zip(chosen, scales, strict=True)):
        left = x + place * (width + _AIR)
        if layer.stats.dead[i]:
            colour = scene.theme.rule
            scene.add(Rect(left - 1, y - 1, width + 2, height + 2, stroke=colour, hatch=colour))
            continue
        plane = np.ascontiguousarray(layer.values[..., i])
        pixels = display.picture(plane, scale, height * look.scale, width * look.scale)
        blocks.tile(scene, left, y, pixels, width, height, f"map {i}")


def _bars(scene: Scene, x: float, y: float, layer: LayerFeatures, box: int) -> None:
    """Draw the strongest outputs as upright bars around zero."""
    values = layer.values.ravel()[strongest(layer, _BARS)]
    low, high = min(0.0, float(values.min())), max(0.0, float(values.max()))
    unit = (box - 2) / ((high - low) or 1.0)
    zero = y + 1 + high * unit
    step = _bar_step(box)
    role = feature_parts.role(scene.theme, layer)
    for place, value in enumerate(map(float, values)):
        length = max(1.0, abs(value) * unit) if value else 0.0
        if length:
            up = zero - length if value > 0 else zero
            scene.add(Rect(x + place * step, up, step - 3, length, fill=role))
    scene.add(Rect(x, round(zero), step * len(values), 1, fill=scene.theme.rule))


def _sequence(
    scene: Scene, x: float, y: float, layer: LayerFeatures, size: tuple[int, int], look: Look
) -> None:
    picture = layer.values[:, list(layer.shown)].T
    height, width = size
    scale = display.choose(float(picture.min()), float(picture.max()), theme=look.theme)
    pixels = display.picture(picture, scale, height * look.scale, width * look.scale)
    blocks.tile(scene, x, y, pixels, width, height, layer.name)
