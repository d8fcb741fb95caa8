"""The maps of a layer as tiles for the terminal."""

from __future__ import annotations

from functools import partial

import numpy as np

from cnnviz.geometry import times
from cnnviz.render import display
from cnnviz.render.figures import feature_parts
from cnnviz.render.look import Look
from cnnviz.render.preview import array_tile
from cnnviz.render.sheet import Tile
from cnnviz.report.layer_features import LayerFeatures


def layer_tiles(layer: LayerFeatures, look: Look) -> list[Tile]:
    """Return the input and the maps that are shown; single values and sequences as one picture."""
    seen = layer.seen
    shape = seen.pixels.shape
    first = Tile(
        (f"input  {times(shape)}", "input"),
        (f"{float(seen.pixels.min()):.4g} to {float(seen.pixels.max()):.4g}",),
        shape[:2],
        partial(feature_parts.input_pixels, seen),
    )
    if layer.values.ndim != 3 or layer.is_vector:
        values = layer.values.reshape(-1, layer.values.shape[-1])
        scale = display.choose(layer.min, layer.max, name=look.colormap, theme=look.theme)
        return [first, array_tile(layer.name, values, scale)]
    scales = feature_parts.scales(layer, layer.shown, look)
    return [first, *(_map(layer, i, s) for i, s in zip(layer.shown, scales, strict=True))]


def _map(layer: LayerFeatures, i: int, scale: display.Scale) -> Tile:
    plane = np.ascontiguousarray(layer.values[..., i])
    low, high = float(layer.stats.low[i]), float(layer.stats.high[i])
    said = f"{low:.4g} to {high:.4g}", f"{low:.2g} to {high:.2g}"
    titles = f"{layer.name}[{i}]", str(i)
    return Tile(titles, said, plane.shape, partial(display.pixels, plane, scale))
