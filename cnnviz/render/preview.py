"""A small picture of the maps for the terminal."""

from __future__ import annotations

import numpy as np

from cnnviz.render import display
from cnnviz.render.figures.panels import input_scale, map_scales
from cnnviz.render.look import Look
from cnnviz.render.theme import rgb, theme
from cnnviz.report.maps import MapSet

TILE = (200, 160)  # pixels of a tile at most, width and height
GAP = 6
MOST = 3  # maps beside the input


def preview(mapset: MapSet, look: Look) -> np.ndarray:
    """Return the input and the first maps side by side, `(H, W, 3)` uint8."""
    scale = input_scale(mapset, look.theme)
    tiles = [_tile(mapset.source, scale)]
    shown = mapset.maps[:MOST]
    tiles += [
        _tile(m.values, scale)
        for m, scale in zip(shown, map_scales(mapset, shown, look), strict=True)
    ]
    height = max(tile.shape[0] for tile in tiles)
    width = sum(tile.shape[1] + GAP for tile in tiles) - GAP
    sheet = np.full((height, width, 3), rgb(theme(look.theme).background), np.uint8)
    x = 0
    for tile in tiles:
        sheet[: tile.shape[0], x : x + tile.shape[1]] = tile
        x += tile.shape[1] + GAP
    return sheet


def _tile(values: np.ndarray, scale: display.Scale) -> np.ndarray:
    height, width = display.fit(values.shape, TILE)
    if values.ndim == 3 and values.shape[2] == 3:
        pixels = display.reduce(display.photo(values)[0], height, width)
    else:
        flat = values if values.ndim == 2 else values.mean(axis=2)
        pixels = scale.colours(display.reduce(flat, height, width))
    return pixels.repeat(height // pixels.shape[0], 0).repeat(width // pixels.shape[1], 1)
