"""The maps alone at full resolution: 8-bit PNG, with a palette where they are signed."""

from __future__ import annotations

import numpy as np

from cnnviz.errors import SpecError
from cnnviz.files import check_bytes
from cnnviz.render import display
from cnnviz.render.figures.panels import map_display
from cnnviz.render.look import Look
from cnnviz.render.pngfile import encode
from cnnviz.report.maps import FeatureMap, MapSet
from cnnviz.report.result import Result

GAP = 2  # pixels between bare tiles


def plain(mapset: Result, look: Look) -> bytes:
    """Return the maps as PNG, one pixel a value; several maps as bare tiles side by side.

    Signed maps make a palette image whose entry 128 is zero, others a gray one; signed ones beside
    others, and colour pictures, make an RGB image.

    Raises
    ------
    SpecError
        If the result has no maps.
    RefusedError
        If the picture is over the byte budget.
    """
    if not isinstance(mapset, MapSet):
        raise SpecError(f"plain shows maps alone, and {mapset.subject} has none")
    _check_memory(mapset)
    low, high = min(m.min for m in mapset.maps), max(m.max for m in mapset.maps)
    limits = [(low, high) if look.range == "shared" else (m.min, m.max) for m in mapset.maps]
    crowded = display.maps_are_crowded(mapset.maps)
    scales = [_scale(*limit, map_display(mapset, look), look, crowded) for limit in limits]
    if any(len(m.shape) == 3 for m in mapset.maps) or len({s.signed for s in scales}) > 1:
        pairs = zip(mapset.maps, scales, strict=True)
        return encode(_tiled([_colours(m, scale) for m, scale in pairs]))
    tiles = [_levels(m, scale) for m, scale in zip(mapset.maps, scales, strict=True)]
    has_palette = scales[0].signed or look.colormap
    return encode(_tiled(tiles), palette=scales[0].table if has_palette else None)


def _check_memory(mapset: MapSet) -> None:
    """Check what the maps hold together with what turns them into colours."""
    sizes = [m.size for m in mapset.maps]
    # A map at a time in floats; all of them as levels or colours, in three copies.
    work = 16 * max(sizes) + 9 * sum(sizes)
    check_bytes(mapset.nbytes + work, f"a figure of {mapset.image}")


def _scale(low: float, high: float, how: str, look: Look, crowded: bool) -> display.Scale:
    return display.choose(
        low,
        high,
        display=how,
        name=look.colormap or (None if how == "signed" or (how == "auto" and low < 0) else "gray"),
        theme=look.theme,
        like_image=low >= 0,
        crowded=crowded,
    )


def _levels(m: FeatureMap, scale: display.Scale) -> np.ndarray:
    """Return the levels of a map, which is made again where it was too large to be kept."""
    levels = np.empty(m.shape, np.uint8)

    def work(rows: slice, values: np.ndarray) -> None:
        levels[rows] = scale.levels(values)

    m.by_bands(work)
    return levels


def _colours(m: FeatureMap, scale: display.Scale) -> np.ndarray:
    if len(m.shape) == 3:
        return display.photo(m.values)[0]
    colours = np.empty((*m.shape, 3), np.uint8)

    def work(rows: slice, values: np.ndarray) -> None:
        colours[rows] = scale.colours(values)

    m.by_bands(work)
    return colours


def _tiled(tiles: list[np.ndarray]) -> np.ndarray:
    """Lay tiles side by side in a near-square grid, a gap of level 128 between them."""
    if len(tiles) == 1:
        return tiles[0]
    columns = int(np.ceil(np.sqrt(len(tiles))))
    height, width = (max(t.shape[i] for t in tiles) for i in (0, 1))
    rows = -(-len(tiles) // columns)
    size = (rows * (height + GAP) - GAP, columns * (width + GAP) - GAP, *tiles[0].shape[2:])
    sheet = np.full(size, 128, np.uint8)
    for i, tile in enumerate(tiles):
        y, x = i // columns * (height + GAP), i % columns * (width + GAP)
        sheet[y : y + tile.shape[0], x : x + tile.shape[1]] = tile
    return sheet
