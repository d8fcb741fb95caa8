"""Tiles for the terminal: of the input and the maps, or of any result's arrays."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np

from cnnviz.geometry import Shape, times
from cnnviz.render import display
from cnnviz.render.display import Scale
from cnnviz.render.figures.panels import input_scale, map_scales
from cnnviz.render.look import Look
from cnnviz.render.sheet import Draw, Tile
from cnnviz.report.maps import FeatureMap, MapSet
from cnnviz.report.result import Result


def map_tiles(mapset: MapSet, look: Look) -> list[Tile]:
    """Return the tiles of the input and of every map, in the colours of the figure."""
    tiles = [array_tile(mapset.image, mapset.source, input_scale(mapset, look.theme))]
    scales = map_scales(mapset, mapset.maps, look)
    pairs = zip(mapset.maps, scales, strict=True)
    return tiles + [_map(mapset, m, own, look) for m, own in pairs]


def tiles(result: Result, look: Look) -> list[Tile]:
    """Return a tile for each array of a result whose figure has none of its own."""
    found = []
    for name, values in result.arrays():
        limits = float(values.min()), float(values.max())
        scale = display.choose(*limits, display=look.display, name=look.colormap, theme=look.theme)
        found.append(array_tile(name, values, scale))
    return found


def array_tile(name: str, values: np.ndarray, scale: Scale) -> Tile:
    """Return the tile of an array `(H, W)` or `(H, W, C)`, with its range."""
    limits = float(values.min()), float(values.max())
    return _tile(name, values.shape, limits, values.shape, partial(display.pixels, values, scale))


def map_tile(m: FeatureMap, scale: Scale) -> Tile:
    """Return the tile of a map, with its range."""
    draw = partial(display.map_picture, m, scale)
    if len(m.shape) == 3:
        draw = partial(display.pixels, m.values, scale)
    return _tile(m.name, m.shape, (m.min, m.max), m.shape, draw)


def _map(mapset: MapSet, m: FeatureMap, scale: Scale, look: Look) -> Tile:
    tile = map_tile(m, scale)
    if look.overlay:
        from cnnviz.render.overlay import overlay

        draw = partial(overlay, mapset.source, m, scale)
        return replace(tile, shape=mapset.source.shape[:2], draw=draw)
    afar = look.display == "auto" and look.range == "own" and (scale.signed or scale.root)
    return replace(tile, draw=partial(_seen_from_afar, m, scale)) if afar else tile


def _tile(name: str, shape: Shape, limits: tuple[float, float], shown: Shape, draw: Draw) -> Tile:
    low, high = limits
    captions = (
        f"min {low:.6g}  max {high:.6g}",
        f"{low:.4g} to {high:.4g}",
        f"{low:.3g} to {high:.3g}",
    )
    return Tile((f"{name}  {times(shape)}", name), captions, shown[:2], draw)


def _seen_from_afar(m: FeatureMap, scale: Scale, height: int, width: int) -> np.ndarray:
    """Return the averages of the colours, not the colour of averages.

    The edges of a photo are positive on one side and negative on the other: averaged over a
    hundred pixels nothing would be left of them. The colours are stretched until the strongest
    pixel of the small picture has the full colour.
    """
    rows, columns = m.shape
    if rows <= height and columns <= width:
        return scale.colours(m.values)
    values = m.sample(*display.steps(m.shape, (height, width)))
    down, across = display.steps(values.shape, (height, width))
    some = values[::down, ::across]
    levels = scale.levels(some).astype(np.float32)
    zero, full = (128, 127) if scale.signed else (0, 255)
    strongest = float(display.reduce(np.abs(levels - zero), height, width).max())
    share = strongest / full or 1.0
    share = share * share if scale.root else share
    low = scale.low * share if scale.signed else scale.low
    exposed = replace(scale, low=low, high=low + (scale.high - scale.low) * share)
    return display.reduce(exposed.colours(some), height, width)
