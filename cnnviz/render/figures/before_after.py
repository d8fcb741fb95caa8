"""A layer's maps of an image before and after training: for each filter kernel and map, twice."""

from __future__ import annotations

import numpy as np

from cnnviz.render import display
from cnnviz.render.display import Scale
from cnnviz.render.figures import blocks, feature_parts, header, kernel_grid
from cnnviz.render.figures.blocks import HEADING
from cnnviz.render.fonts import measure
from cnnviz.render.look import Look
from cnnviz.render.numbers import MINUS, count, number, times
from cnnviz.render.scene import Scene
from cnnviz.render.theme import CAPTION, GAP, LABEL, MARGIN, theme
from cnnviz.report.before_after import BeforeAfter, Side

# Filters up to a count: px of the box of a map, of a kernel, and filters side by side.
_LAYOUTS = ((2, 224, 96, 1), (8, 128, 64, 2), (16, 96, 56, 2))
_INPUT = 224
_NUMBER = 28  # px left of a filter, for its number
_LINE = 18  # px below a map, for its range
_BETWEEN = 28  # px from before to after


def draw(result: BeforeAfter, look: Look) -> Scene:
    """Return the figure: the input, and the filters in columns of up to eight."""
    scene = Scene(theme(look.theme), _title(result), ". ".join(result.lines()))
    scales = _scales(result, look)
    lines = [line for line in _lines(result, look, scales[0][0]) if line]
    top, left = MARGIN + header.height(lines), MARGIN + _INPUT + MARGIN
    size = feature_parts.input_size(result.seen, (_INPUT, _INPUT))
    bottom = feature_parts.draw_input(scene, MARGIN, top, result.seen, size, look, room=_INPUT)
    bottom = _legend(scene, MARGIN, bottom + MARGIN, scales[0][0], look)
    right = left
    row = _Row(result, look)
    rows = -(-len(result.shown) // row.columns)
    for place, index in enumerate(result.shown):
        column, line = divmod(place, rows)
        x, y = left + column * (row.width + MARGIN), top + HEADING + line * row.height
        if line == 0:
            row.heading(scene, x, top)
        row.draw(scene, x, y, index, scales[place])
        right, bottom = max(right, x + row.width), max(bottom, y + row.height - GAP)
    wide = max([measure(line, LABEL) for line in lines], default=0) + 2 * MARGIN
    scene.width, scene.height = max(right + MARGIN, wide), bottom + MARGIN
    header.draw(scene, lines)
    return scene


class _Row:
    """One filter: kernel and map before, kernel and map after, each of one size in all rows."""

    def __init__(self, result: BeforeAfter, look: Look) -> None:
        self.result, self.look = result, look
        shown = len(result.shown)
        _, box, small, self.columns = next(row for row in _LAYOUTS if shown <= row[0])
        self.map = display.fit(result.before.maps.shape, (box, box))
        self.kernel = kernel_grid.cells(result.before.kernel.shape, small)
        self.room = max(small, self.kernel[1])
        self.side = self.room + GAP + max(self.map[1], 64)
        self.width = _NUMBER + 2 * self.side + _BETWEEN
        self.height = max(self.map[0], self.kernel[0]) + _LINE + GAP

    def heading(self, scene: Scene, x: float, y: float) -> None:
        """Write above the rows what stands where."""
        for place, side in enumerate(self.result.sides):
            left = x + _NUMBER + place * (self.side + _BETWEEN)
            detail = f"step {count(side.step)}"
            role = scene.theme.kernel
            blocks.heading(scene, left, y, role, side.stage, detail, room=self.side + _BETWEEN - 4)

    def draw(self, scene: Scene, x: float, y: float, index: int, scales: list[Scale]) -> None:
        """Draw one filter."""
        scene.text(x, y + 11, str(index), face="bold", colour=scene.theme.secondary)
        for place, (side, scale) in enumerate(zip(self.result.sides, scales, strict=True)):
            left = x + _NUMBER + place * (self.side + _BETWEEN)
            self._kernel(scene, left, y, side, index)
            self._map(scene, left + self.room + GAP, y, side, index, scale)

    def _kernel(self, scene: Scene, x: float, y: float, side: Side, index: int) -> None:
        values = self.result.thumbnail(side, index)
        limit = float(np.abs(values).max())
        pixels = kernel_grid.pixels(values, limit, scene.theme)
        height, width = self.kernel
        blocks.tile(scene, x, y, pixels, width, height, f"kernel {index}, {side.stage}")
        text = f"±{number(limit, 2)}"
        scene.text(x, y + height + 13, text, colour=scene.theme.secondary, room=self.room)

    def _map(self, scene: Scene, x: float, y: float, side: Side, index: int, scale: Scale) -> None:
        values, (height, width) = side.maps[..., index], self.map
        density = self.look.scale
        pixels = display.picture(values, scale, height * density, width * density)
        blocks.tile(scene, x, y, pixels, width, height, f"map {index}, {side.stage}")
        low, high = float(values.min()), float(values.max())
        text = feature_parts.range_words(low, high, room=max(width, 64))
        scene.text(x, y + height + 13, text, colour=scene.theme.secondary)


def _title(result: BeforeAfter) -> str:
    shape = times(result.before.maps.shape[:2])
    noun = "map" if result.count == 1 else "maps"
    made = f"{result.count} {noun} of {shape} from {result.seen.image}"
    return f"{result.layer} of {result.seen.model} before and after training: {made}"


def _lines(result: BeforeAfter, look: Look, scale: Scale) -> list[str]:
    maps = "one scale for all maps" if look.range == "shared" else "each map on its own scale"
    zero = ", zero in the middle" if scale.signed else ""
    root = ", square-root scale" if scale.root else ""
    words = "; ".join(filter(None, (result.kernel_words(), result.page_words())))
    return [f"trained on {result.data}; {maps}{zero}{root}", words]


def _scales(result: BeforeAfter, look: Look) -> list[list[Scale]]:
    """Return the scales of each filter's two maps: of one kind for all, signed or not."""
    planes = [[side.maps[..., i] for side in result.sides] for i in result.shown]
    everything = [side.maps[..., list(result.shown)] for side in result.sides]
    least = min(float(maps.min()) for maps in everything)
    largest = max(float(maps.max()) for maps in everything)
    crowded = display.are_crowded([plane for pair in planes for plane in pair])

    def scale(plane: np.ndarray) -> Scale:
        low, high = float(plane.min()), float(plane.max())
        if look.range == "shared":
            low, high = least, largest
        if least < 0:
            high = max(-low, high)
            low = -high
        return display.choose(
            low,
            high,
            display="auto" if low < 0 or least >= 0 else "signed",
            name=look.colormap,
            theme=look.theme,
            crowded=crowded,
        )

    return [[scale(plane) for plane in pair] for pair in planes]


def _legend(scene: Scene, x: float, y: float, scale: Scale, look: Look) -> float:
    """Draw the colours of the maps; return the bottom."""
    blocks.heading(scene, x, y, scene.theme.map, "maps", room=_INPUT)
    y += HEADING
    if look.range == "shared":
        blocks.bar(scene, x, y, _INPUT, scale)
        return y + 22
    blocks.bar_alone(scene, x, y, _INPUT, scale)
    line, secondary = y + blocks.BAR + 12, scene.theme.secondary
    ends = (f"{MINUS}largest", "largest") if scale.signed else ("its min", "its max")
    scene.text(x, line, ends[0], size=CAPTION, colour=secondary)
    scene.text(x + _INPUT, line, ends[1], colour=secondary, anchor="end")
    if scale.signed:
        scene.text(x + _INPUT / 2, line, "0", colour=secondary, anchor="middle")
    return line + 2
