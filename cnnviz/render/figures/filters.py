"""The figure of `kernels FILE`: the filters of one layer as a grid, up to 64 on a page."""

from __future__ import annotations

import numpy as np

from cnnviz.render import display
from cnnviz.render.figures import blocks, header
from cnnviz.render.look import Look
from cnnviz.render.numbers import MINUS, number, times
from cnnviz.render.scene import Scene
from cnnviz.render.theme import CAPTION, GAP, MARGIN, WIDE_GAP, theme
from cnnviz.report.filters import FilterSet

# Filters up to a count: px of the box of each, and columns.
_LAYOUTS = ((1, 280, 1), (4, 176, 4), (9, 128, 5), (16, 112, 8), (32, 88, 8), (64, 72, 8))
_LINE = 16  # px below a tile, for its number and its limit
_BAR = 200
_ROOMY = 64  # px of a tile from which its limit is written beside its number


def draw(filters: FilterSet, look: Look) -> Scene:
    """Return the figure of a layer's filters, signed and with zero in the middle of the scale."""
    shown = filters.shown
    _, box, columns = next(row for row in _LAYOUTS if len(shown) <= row[0])
    scene = Scene(theme(look.theme), title=_title(filters), description=". ".join(filters.lines()))
    lines = [line for line in (filters.layout_words(), *_words(filters, look)) if line]
    tiles = [filters.view[..., i] for i in shown]
    limits = [float(np.abs(tile).max()) for tile in tiles]
    if look.range == "shared":  # by the whole layer, so that its pages can be compared
        limits = [float(np.abs(filters.view).max())] * len(tiles)
    height, width = _size(tiles[0].shape, box)
    step_x, step_y = max(width, 40) + GAP, height + _LINE + GAP
    top = MARGIN + header.height(lines)
    for i, (index, tile, limit) in enumerate(zip(shown, tiles, limits, strict=True)):
        row, column = divmod(i, columns)
        x, y = MARGIN + column * step_x, top + row * step_y
        _tile(scene, x, y, tile, limit, (height, width), f"filter {index}", look.theme)
        scene.text(x, y + height + 13, str(index), size=CAPTION, colour=scene.theme.secondary)
        if look.range == "own" and width >= _ROOMY:
            text = f"±{number(limit, 3)}"
            right = x + width
            scene.text(right, y + height + 13, text, colour=scene.theme.secondary, anchor="end")
    rows = -(-len(shown) // columns)
    right = MARGIN + min(columns, len(shown)) * step_x - GAP
    bottom: float = top + rows * step_y
    if look.range == "shared" or len(shown) == 1:
        bottom = _legend(scene, filters, MARGIN, bottom + GAP, limits[0])
    scene.width, scene.height = max(480, right + MARGIN), bottom + MARGIN - GAP
    header.draw(scene, lines)
    return scene


def _title(filters: FilterSet) -> str:
    kh, kw, channels, count = filters.values.shape
    noun = "filter" if count == 1 else "filters"
    return f"{filters.name}: {count} {noun} of {times((kh, kw, channels))}"


def _words(filters: FilterSet, look: Look) -> list[str]:
    scale = "one scale for the layer" if look.range == "shared" else "each on its own scale"
    return [f"{filters.view_words()}; {scale}", filters.page_words()]


def _size(shape: tuple[int, ...], box: int) -> tuple[int, int]:
    """Return height and width of a tile: whole px a cell."""
    cell = max(1, box // max(shape[:2]))
    return shape[0] * cell, shape[1] * cell


def _tile(
    scene: Scene,
    x: float,
    y: float,
    values: np.ndarray,
    limit: float,
    size: tuple[int, int],
    title: str,
    theme_name: str,
) -> None:
    height, width = size
    scale = _scale(limit, theme_name)
    if values.ndim == 3:
        pixels = _colours(values, limit)
        blocks.tile(scene, x, y, pixels, width, height, title)
    elif (cell := height // values.shape[0]) >= 26 and values.shape[0] * values.shape[1] > 1:
        blocks.cells(scene, x, y, values, scale, cell, title)
    else:
        blocks.tile(scene, x, y, scale.colours(values), width, height, title)


def _colours(values: np.ndarray, limit: float) -> np.ndarray:
    """Return `(kh, kw, 3)` weights as a colour picture: gray is zero, `limit` is full colour."""
    scaled = 127.5 + 127.5 * values / (limit or 1.0)
    return np.rint(scaled).astype(np.uint8)


def _scale(limit: float, theme_name: str) -> display.Scale:
    limit = limit or 1.0
    return display.choose(-limit, limit, display="signed", name="slate-orange", theme=theme_name)


def _legend(scene: Scene, filters: FilterSet, x: float, y: float, limit: float) -> float:
    """Draw the scale that all share; return the bottom."""
    if not filters.in_colour:
        blocks.bar(scene, x, y + 8, _BAR, _scale(limit, scene.theme.name))
        return y + 40
    ramp = np.linspace(-limit, limit, _BAR)
    for i, name in enumerate("RGB"):
        strip = np.zeros((1, _BAR, 3))
        strip[0, :, i] = ramp
        place = y + 8 + 14 * i
        scene.text(x, place + 8, name, colour=scene.theme.secondary)
        blocks.tile(scene, x + 14, place, _colours(strip, limit), _BAR, 8, "colour scale")
    line, left = y + 8 + 14 * 3 + 10, x + 14
    secondary = scene.theme.secondary
    scene.text(left, line, f"{MINUS}{number(limit)}", colour=secondary)
    scene.text(left + _BAR / 2, line, "0", colour=secondary, anchor="middle")
    scene.text(left + _BAR, line, number(limit), colour=secondary, anchor="end")
    return line + WIDE_GAP
