"""The maps alone at full resolution: 8-bit PNG, with a palette where they are signed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cnnviz.errors import SpecError
from cnnviz.files import check_bytes
from cnnviz.render import display
from cnnviz.render.figures.panels import map_display
from cnnviz.render.look import Look
from cnnviz.render.pngfile import Rows, encode
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
    has_colours = _has_colours(mapset) or len({s.signed for s in scales}) > 1
    if len(mapset.maps) == 1 and not has_colours:
        sheet: Rows = _Levels(mapset.maps[0], scales[0])
    else:
        sheet = _tiled(mapset.maps, scales, (3,) * has_colours)
    has_palette = not has_colours and (scales[0].signed or look.colormap)
    return encode(sheet, palette=scales[0].table if has_palette else None)


class _Levels:
    """The table entries of a map's values, made for the rows that are asked for."""

    def __init__(self, m: FeatureMap, scale: display.Scale) -> None:
        self.map, self.scale = m, scale

    @property
    def shape(self) -> tuple[int, ...]:
        """That of the values."""
        return self.map.shape

    def __getitem__(self, rows: slice, /) -> np.ndarray:
        """Return the entries of some rows, uint8."""
        return self.scale.levels(self.map.rows(rows))


def _has_colours(mapset: MapSet) -> bool:
    return any(len(m.shape) == 3 for m in mapset.maps)


def _check_memory(mapset: MapSet) -> None:
    """Check what the maps hold together with what turns them into colours."""
    total = sum(m.size for m in mapset.maps)
    # A map is worked on by bands, and compressed twice at the end, in blocks and joined; of several
    # all levels or colours are there too.
    flat = len(mapset.maps) == 1 and not _has_colours(mapset)
    check_bytes(mapset.nbytes + (3 if flat else 9) * total, f"a figure of {mapset.image}")


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


def _tiled(
    maps: Sequence[FeatureMap], scales: Sequence[display.Scale], channels: tuple[int, ...]
) -> np.ndarray:
    """Lay maps side by side in a near-square grid, a gap of level 128 between them."""
    columns = int(np.ceil(np.sqrt(len(maps))))
    height, width = (max(m.shape[i] for m in maps) for i in (0, 1))
    rows = -(-len(maps) // columns)
    size = (rows * (height + GAP) - GAP, columns * (width + GAP) - GAP, *channels)
    sheet = np.full(size, 128, np.uint8)
    for i, (m, scale) in enumerate(zip(maps, scales, strict=True)):
        y, x = i // columns * (height + GAP), i % columns * (width + GAP)
        _paint(sheet[y : y + m.shape[0], x : x + m.shape[1]], m, scale)
    return sheet


def _paint(place: np.ndarray, m: FeatureMap, scale: display.Scale) -> None:
    """Write the colours of a map (its levels where there is no room for colours)."""
    if len(m.shape) == 3:
        place[...] = display.photo(m.values)[0]
        return

    def work(rows: slice, values: np.ndarray) -> None:
        place[rows] = scale.colours(values) if place.ndim == 3 else scale.levels(values)

    m.by_bands(work)
