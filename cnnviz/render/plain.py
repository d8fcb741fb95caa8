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
    crowded = display.are_crowded([m.values for m in mapset.maps])
    scales = [_scale(*limit, map_display(mapset, look), look, crowded) for limit in limits]
    if any(m.values.ndim == 3 for m in mapset.maps) or len({s.signed for s in scales}) > 1:
        pairs = zip(mapset.maps, scales, strict=True)
        return encode(_tiled([_colours(m, scale) for m, scale in pairs]))
    tiles = [_Levels(m.values, s) for m, s in zip(mapset.maps, scales, strict=True)]
    sheet = tiles[0] if len(tiles) == 1 else _tiled([tile[:] for tile in tiles])
    has_palette = scales[0].signed or look.colormap
    return encode(sheet, palette=scales[0].table if has_palette else None)


class _Levels:
    """The table entries of a map's values, made for the rows that are asked for."""

    def __init__(self, values: np.ndarray, scale: display.Scale) -> None:
        self.values, self.scale = values, scale

    @property
    def shape(self) -> tuple[int, ...]:
        """That of the values."""
        return self.values.shape

    def __getitem__(self, rows: slice, /) -> np.ndarray:
        """Return the entries of some rows, uint8."""
        return self.scale.levels(self.values[rows])


def _check_memory(mapset: MapSet) -> None:
    """Check what the maps hold together with what turns them into colours."""
    sizes = [m.values.size for m in mapset.maps]
    # One map is worked on by bands, and compressed twice at the end: in blocks and joined. Of
    # several, one at a time is in floats, and all of them are levels or colours.
    flat = len(sizes) == 1 and mapset.maps[0].values.ndim == 2
    work = 3 * sizes[0] if flat else 16 * max(sizes) + 9 * sum(sizes)
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


def _colours(m: FeatureMap, scale: display.Scale) -> np.ndarray:
    return display.photo(m.values)[0] if m.values.ndim == 3 else scale.colours(m.values)


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
