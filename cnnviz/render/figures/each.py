"""The figure of `convolve --channels each`: R, G, B and the image, and what a kernel makes of each.

The upper row adds up to the image; each row of maps below adds up in the same way.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cnnviz.render import display
from cnnviz.render.display import Scale
from cnnviz.render.figures import blocks, header, marks, signs
from cnnviz.render.figures.blocks import HEADING
from cnnviz.render.figures.panels import FOOT, MapPanel
from cnnviz.render.look import Look
from cnnviz.render.numbers import MINUS, number, times, typeset
from cnnviz.render.scene import Line, Scene
from cnnviz.render.theme import MARGIN, WIDE_GAP, rgb, theme
from cnnviz.report.each import CHANNELS, EachSet
from cnnviz.report.maps import FeatureMap, on_pixel_scale

if TYPE_CHECKING:
    import numpy as np

    from cnnviz.render.sheet import Tile
    from cnnviz.report.peaks import Peak

BOX = (240, 240)  # px of a picture
LEAST_COLUMN = 216  # px, so that the range fits below a picture
BETWEEN = 40  # px between columns, which hold a sign
KERNEL = 108  # px of a kernel
SIGN = 28  # px before a kernel, which hold the sign of the operation
ARROW = 22  # px between a kernel and its map
MOST_BANDS = 8  # kernels that are shown

Band = tuple[FeatureMap, ...]


def draw(result: EachSet, look: Look) -> Scene:
    """Return the figure of all kernels (8 at most; of more, the first)."""
    scene = Scene(theme(look.theme), title=_title(result), description=". ".join(result.lines()))
    bands = result.bands[:MOST_BANDS]
    lines = _lines(result, bands)
    sheet = _Sheet(scene, result, look)
    bottom = sheet.inputs(MARGIN + header.height(lines))
    scales = _scales(result, bands, look)
    for band, pair in zip(bands, scales, strict=True):
        bottom = sheet.band(bottom + WIDE_GAP, band, pair)
    right = sheet.left(len(CHANNELS)) + sheet.column
    if sheet.found:
        from cnnviz.render.figures import strips

        x, bottom = strips.draw(scene, result, sheet.found, bottom + WIDE_GAP, right - MARGIN)
        right = max(right, x)
    scene.width, scene.height = right + MARGIN, bottom + MARGIN
    header.draw(scene, lines)
    return scene


def tiles(result: EachSet, look: Look) -> list[Tile]:
    """Return the four maps of each kernel as tiles for the terminal."""
    from cnnviz.render.preview import map_tile

    found = []
    for band, (addends, total) in zip(
        result.bands, _scales(result, result.bands, look), strict=True
    ):
        found += [map_tile(m, addends) for m in band[:-1]]
        found.append(map_tile(band[-1], total))
    return found


class _Sheet:
    """Four columns: R, G, B and the image, or the sum."""

    def __init__(self, scene: Scene, result: EachSet, look: Look) -> None:
        self.scene, self.result, self.look = scene, result, look
        self.rows, self.columns = result.maps[0].axes
        padded = tuple(axis.size + axis.before + axis.after for axis in result.maps[0].axes)
        self.cell = blocks.cell_size(padded, BOX)
        self.tile = display.fit(result.source.shape, BOX)
        if self.cell:
            self.tile = padded[0] * self.cell, padded[1] * self.cell
        self.column = max(LEAST_COLUMN, self.tile[1])
        self.found = _peaks(result, look.peaks)

    def left(self, i: int) -> float:
        """Return the left edge of a column."""
        return MARGIN + i * (self.column + BETWEEN)

    def signs(self, middle: float) -> None:
        """Draw + + = between the columns."""
        for i, sign in enumerate((signs.plus, signs.plus, signs.equals)):
            sign(self.scene, self.left(i) + self.tile[1] + self._gap / 2, middle)

    @property
    def _gap(self) -> float:
        return self.column - self.tile[1] + BETWEEN

    def inputs(self, top: float) -> float:
        """Draw the channels and the image; return the bottom."""
        scene, source = self.scene, self.result.source
        planes = [(c, source[:, :, i]) for i, c in enumerate(CHANNELS)]
        for i, (name, values) in enumerate([*planes, (self.result.image, source)]):
            x, shape = self.left(i), times(values.shape)
            role = signs.mark(scene, name if i < len(CHANNELS) else "")
            blocks.heading(scene, x, top, role, name, shape, room=self.column)
            scale = _input_scale(self.result, name, look=self.look) if values.ndim == 2 else None
            self._picture(x, top + HEADING, values, scale, name)
            words = f"min {number(float(values.min()))}   max {number(float(values.max()))}"
            line = top + HEADING + self.tile[0] + 16
            scene.text(x, line, words, colour=scene.theme.secondary)
        self.signs(top + HEADING + self.tile[0] / 2)
        return top + HEADING + self.tile[0] + 20

    def _picture(
        self, x: float, y: float, values: np.ndarray, scale: Scale | None, name: str
    ) -> None:
        """Draw an input as cells with numbers, or as a picture, with padding and peaks marked."""
        scene, (height, width) = self.scene, self.tile
        axes = self.rows, self.columns
        if self.cell:
            x, y = x + self.columns.before * self.cell, y + self.rows.before * self.cell
            height, width = self.rows.size * self.cell, self.columns.size * self.cell
        if self.cell and scale is not None:
            blocks.cells(scene, x, y, values, scale, self.cell, name)
        else:
            pixels = self._pixels(values, scale, height, width)
            blocks.tile(scene, x, y, pixels, width, height, name)
        if self.cell:
            blocks.padding_frame(scene, x, y, self.cell, *axes)
            blocks.dim_cells(scene, x, y, self.cell, *axes)
        if values.ndim == 3 and len(self.found) == 1:
            for total, found in self.found:
                marks.mark_inputs(scene, x, y, width, height, total, found)

    def _pixels(
        self, values: np.ndarray, scale: Scale | None, height: int, width: int
    ) -> np.ndarray:
        density = self.look.scale
        if scale is None:
            unit = not self.result.is_photo and values.min() >= 0 and values.max() <= 1
            pixels = display.photo(values * 255 if unit else values)[0]
            pixels = display.reduce(pixels, height * density, width * density)
        else:
            pixels = display.picture(values, scale, height * density, width * density)
        if self.cell:
            return pixels
        background = rgb(self.scene.theme.background)
        return marks.dim_unread(pixels, self.rows, self.columns, background)

    def band(self, top: float, band: Band, scales: tuple[Scale, Scale]) -> float:
        """Draw one kernel's slices, their maps and the sum; return the bottom."""
        scene, result = self.scene, self.result
        right = self.left(len(band) - 1) + self.column
        scene.add(Line((MARGIN, round(top)), (right, round(top)), scene.theme.rule))
        top += WIDE_GAP
        sizes = [self._kernel(self.left(i), top, m) for i, m in enumerate(band)]
        bottom = top + HEADING + max(height for height, _ in sizes)
        below = bottom + ARROW + WIDE_GAP
        peaks = {id(m): found for m, found in self.found}
        for i, m in enumerate(band):
            scale = scales[m is band[-1]]
            panel = MapPanel(result, m, scale, self.look, BOX)
            x = self.left(i)
            signs.down(scene, x + SIGN + sizes[i][1] / 2, bottom + 10, ARROW)
            found = peaks.get(id(m), [])
            panel.draw(scene, x, below, room=self.column, mini=False, peaks=found)
            height = panel.tile[0]
        self.signs(below + HEADING + height / 2)
        return below + HEADING + height + FOOT

    def _kernel(self, x: float, y: float, m: FeatureMap) -> tuple[int, int]:
        """Draw the sign of the operation and the kernel of one map; return the kernel's size."""
        scene, kernel, left = self.scene, m.kernels[0], x + SIGN
        blocks.heading(scene, left, y, scene.theme.kernel, kernel.name, room=self.column - SIGN)
        title = times(kernel.values.shape)
        size = blocks.kernel_picture(scene, left, y + HEADING, kernel.values, KERNEL, title)
        sign = signs.asterisk if self.result.is_flipped else signs.star
        sign(scene, x + 10, y + HEADING + size[0] / 2)
        return size


def _title(result: EachSet) -> str:
    """Return what is seen: `edge, R + G + B = sum: 300×451×3 → 298×449`."""
    names = [total.name for *_, total in result.bands]
    named = f"{len(names)} kernels" if len(names) > 3 else ", ".join(names)
    after = header.shapes(result.maps)
    settings = (word.replace(" -", f" {MINUS}") for word in result.settings)
    words = ", ".join((named, "R + G + B = sum", *settings))
    return f"{words}: {times(result.source.shape)} → {after}"


def _lines(result: EachSet, bands: Sequence[Band]) -> list[str]:
    lines = header.formulas(result, len(result.maps))
    more = [band[-1] for band in bands if result.has_more(band[-1])]
    if more:
        formula = f"{more[0].name} = {typeset(result.formula(more[0]))}"
        lines.append(f"{formula}: to the sum, not to its addends")
    if len(bands) < len(result.bands):
        lines.append(f"the first {len(bands)} of {len(result.bands)} kernels shown")
    return lines


def _scales(result: EachSet, bands: Sequence[Band], look: Look) -> list[tuple[Scale, Scale]]:
    """Return for each kernel one scale for its three addends, and that of the sum.

    With `range="shared"` all maps of the figure have one.
    """
    crowded = display.maps_are_crowded([m for band in bands for m in band])

    def scale(maps: Sequence[FeatureMap]) -> Scale:
        low, high = min(m.min for m in maps), max(m.max for m in maps)
        return display.choose(
            min(low, 0.0),  # equal steps of colour then mean equal addends
            high,
            display=look.display,
            name=look.colormap,
            theme=look.theme,
            like_image=result.is_photo and all(m.keeps_photo for m in maps),
            crowded=crowded,
        )

    if look.range == "shared":
        one = scale([m for band in bands for m in band])
        return [(one, one)] * len(bands)
    return [(scale(band[:-1]), scale(band[-1:])) for band in bands]


def _input_scale(result: EachSet, name: str, *, look: Look) -> Scale:
    """Return a channel's own light on the 0-255 scale, one scale for all of another array."""
    low, high = result.limits
    if on_pixel_scale(low, high, is_photo=result.is_photo):
        return signs.light(name)
    return display.of_source(low, high, is_photo=False, theme=look.theme)


def _peaks(result: EachSet, count: int) -> list[tuple[FeatureMap, list[Peak]]]:
    """Return the strongest responses of the sums."""
    if not count:
        return []
    from cnnviz.report.peaks import peaks

    return [(band[-1], peaks(band[-1], count)) for band in result.bands[:MOST_BANDS]]
