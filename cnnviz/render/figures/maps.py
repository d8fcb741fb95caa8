"""The grid of `convolve` and `pool`: input, kernels with their numbers, every map."""

from __future__ import annotations

import numpy as np

from cnnviz.render import display
from cnnviz.render.display import Scale
from cnnviz.render.figures import blocks, marks
from cnnviz.render.figures.blocks import HEADING
from cnnviz.render.look import Look
from cnnviz.render.numbers import number, times, typeset
from cnnviz.render.overlay import overlay
from cnnviz.render.scene import Scene
from cnnviz.render.theme import GAP, LABEL, MARGIN, TITLE, WIDE_GAP, rgb, theme
from cnnviz.report.maps import FeatureMap, MapSet
from cnnviz.report.peaks import peaks

MOST_MAPS = 64
INPUT_BOX = (480, 440)
SIGN = 56  # px between blocks, which hold an operator
FOOT = 48  # px below a tile: colour bar, its labels, the caption
LEAST_WIDTH = 560
# Maps up to a count: their boxes, and columns (0: a row for each, beside its kernel).
_LAYOUTS = (
    (1, (480, 440), 0),
    (2, (400, 320), 0),
    (3, (400, 260), 0),
    (4, (280, 280), 2),
    (9, (224, 224), 3),
    (16, (184, 184), 4),
    (36, (144, 144), 6),
    (64, (136, 136), 8),
)
_KERNEL_BOX = {0: 252, 2: 126, 3: 108, 4: 72}  # by columns; denser grids have it in the heading
_MINI = 22


def maps_figure(mapset: MapSet, look: Look) -> Scene:
    """Return the figure of all maps of one image (64 at most; of more, an even sample)."""
    maps = _sample(mapset.maps)
    scene = Scene(theme(look.theme), title=_title(mapset), description=" ".join(mapset.lines()))
    figure = _Figure(scene, mapset, maps, look)
    top = MARGIN + _header_height(mapset, maps)
    if figure.columns == 0:
        figure.rows(top)
    else:
        figure.grid(top)
    _header(scene, mapset, maps)
    scene.height += MARGIN
    return scene


class _Figure:
    """The state of one layout: where blocks stand and on which scale each map is shown."""

    def __init__(
        self, scene: Scene, mapset: MapSet, maps: tuple[FeatureMap, ...], look: Look
    ) -> None:
        self.scene, self.mapset, self.maps, self.look = scene, mapset, maps, look
        _, self.box, self.columns = next(row for row in _LAYOUTS if len(maps) <= row[0])
        self.scales = self._scales()
        self.peaks = [peaks(m, look.peaks) for m in maps] if look.peaks else []

    def _scales(self) -> list[Scale]:
        limits = [(m.min, m.max) for m in self.maps]
        if self.look.range == "shared":
            low, high = min(a for a, _ in limits), max(b for _, b in limits)
            limits = [(low, high)] * len(limits)
        return [
            display.choose(
                low,
                high,
                display=self.look.display,
                name=self.look.colormap,
                theme=self.look.theme,
                like_image=self.mapset.command == "pool" and not _is_map(self.mapset),
                values=m.values,
            )
            for m, (low, high) in zip(self.maps, limits, strict=True)
        ]

    def rows(self, top: float) -> None:
        """Lay out the input and for each map a row: operator, kernel, arrow, map."""
        scene, box = self.scene, 252 if len(self.maps) == 1 else 224
        scratch = Scene(scene.theme)  # the sizes first, which kernels and maps set together
        operators = [self.operator(scratch, 0, 0, m, box) for m in self.maps]
        tiles = [self.map_size(m) for m in self.maps]
        bodies = [max(t, o) for (t, _), (o, _) in zip(tiles, operators, strict=True)]
        heights = [HEADING + body + FOOT for body in bodies]
        total = sum(heights) + WIDE_GAP * (len(heights) - 1)
        input_width, input_height = self.input(scratch, 0, 0)
        spare = (total - FOOT - input_height + 20) / 2  # the input stands centred on the rows
        input_top = round(top + max(0, spare))
        self.input(scene, MARGIN, input_top)
        left = MARGIN + input_width + SIGN
        column = max(width for _, width in operators)
        map_left = left + column + SIGN
        y = top + max(0, -spare)
        for i, m in enumerate(self.maps):
            middle = round(y + HEADING + bodies[i] / 2)
            self.sign(left - SIGN / 2, middle)
            height, width = operators[i]
            x = round(left + (column - width) / 2)
            self.operator(scene, x, round(middle - height / 2) - HEADING, m, box)
            blocks.arrow(scene, map_left - SIGN / 2 - 12, middle, 24)
            self.map(i, map_left, round(middle - tiles[i][0] / 2) - HEADING)
            y += heights[i] + WIDE_GAP
        bottom = max(y - WIDE_GAP, input_top + input_height)
        self.finish(map_left + max(112, *(width for _, width in tiles)), bottom)

    def sign(self, x: float, y: float) -> None:
        """Draw the operator between input and kernel, centred."""
        if self.mapset.command == "pool":
            blocks.arrow(self.scene, x - 12, y, 24)
        elif self.mapset.is_flipped:
            blocks.asterisk(self.scene, x, y)
        else:
            blocks.star(self.scene, x, y)

    def grid(self, top: float) -> None:
        """Lay out the input and beside it a grid of maps, each with its kernel."""
        input_width, input_height = self.input(self.scene, MARGIN, top)
        left = MARGIN + input_width + 2 * MARGIN
        box = _KERNEL_BOX.get(self.columns, 0) if self.mapset.command == "convolve" else 0
        sizes = [self.map_size(m) for m in self.maps]
        tile_width, tile_height = max(w for _, w in sizes), max(h for h, _ in sizes)
        tile_width = max(tile_width, 136)
        step_x = tile_width + (box + GAP if box else 0) + WIDE_GAP
        step_y = HEADING + tile_height + FOOT + 14 + GAP
        for i, m in enumerate(self.maps):
            x = left + (i % self.columns) * step_x
            y = top + (i // self.columns) * step_y
            if box:
                self.kernels(self.scene, x, y, m, box)
            self.map(i, x + (box + GAP if box else 0), y, room=tile_width, mini=not box)
        used = min(self.columns, len(self.maps))
        rows = -(-len(self.maps) // self.columns)
        bottom = max(top + input_height, top + rows * step_y - GAP)
        self.finish(left + used * step_x - WIDE_GAP, bottom)

    def finish(self, right: float, bottom: float) -> None:
        """Add what stands below the maps and set the size of the figure."""
        for below in (self._peak_strips, self._winner_panel):
            width, bottom = below(bottom)
            right = max(right, width)
        self.scene.width = max(LEAST_WIDTH, right + MARGIN)
        self.scene.height = bottom

    def _peak_strips(self, bottom: float) -> tuple[float, float]:
        right = 0.0
        for m, found in list(zip(self.maps, self.peaks, strict=False))[:8]:
            if found:
                x, bottom = marks.peak_strip(self.scene, self.mapset, m, found, bottom + WIDE_GAP)
                right = max(right, x)
        return right, bottom

    def _winner_panel(self, bottom: float) -> tuple[float, float]:
        if all(m.winners is None for m in self.maps):
            return 0.0, bottom
        return marks.winner_panels(self.scene, self.mapset, self.maps, bottom + WIDE_GAP)

    def input(self, scene: Scene, x: float, y: float) -> tuple[float, float]:
        """Draw the input with its heading and caption; return its width and height."""
        source = self.mapset.source
        box = INPUT_BOX if self.columns == 0 else (320, 320)
        rows, columns = self.maps[0].axes[:2]
        flat = source[:, :, 0] if source.ndim == 3 and source.shape[2] == 1 else source
        padded = rows.size + rows.before + rows.after, columns.size + columns.before + columns.after
        size = blocks.cell_size(padded, (max(box[0], 360), max(box[1], 360)))
        low, high = float(source.min()), float(source.max())
        scale = input_scale(self.mapset, self.look.theme)
        name = self.mapset.image
        if flat.ndim == 2 and size:
            left, top = x + columns.before * size, y + HEADING + rows.before * size
            blocks.cells(scene, left, top, flat, scale, size, name)
            blocks.padding_frame(scene, left, top, size, rows, columns)
            height, width = padded[0] * size, padded[1] * size
        else:
            height, width = display.fit(flat.shape, box)
            pixels = self._input_pixels(flat, scale, height, width)
            pixels = marks.dim_unread(pixels, rows, columns, rgb(scene.theme.background))
            blocks.tile(scene, x, y + HEADING, pixels, width, height, name)
            left, top = x, y + HEADING
        for m, found in zip(self.maps, self.peaks, strict=False):
            if len(self.maps) <= 3:
                marks.mark_inputs(scene, left, top, width, height, m, found)
        room = max(width, 200)
        blocks.heading(scene, x, y, scene.theme.input, name, times(source.shape), room=room)
        caption = f"min {number(low)}   max {number(high)}"
        if source.ndim == 3 and source.shape[2] not in (1, 3):
            caption += f"   mean of {source.shape[2]} channels shown"
        scene.text(x, y + HEADING + height + 16, caption, colour=scene.theme.secondary)
        return max(width, 200), HEADING + height + 20

    def _input_pixels(self, flat: np.ndarray, scale: Scale, height: int, width: int) -> np.ndarray:
        density = self.look.scale
        if flat.ndim == 3 and flat.shape[2] == 3:
            pixels, _ = display.photo(flat)
            return display.reduce(pixels, height * density, width * density)
        values = flat if flat.ndim == 2 else flat.mean(axis=2)
        return scale.colours(display.reduce(values, height * density, width * density))

    def operator(
        self, scene: Scene, x: float, y: float, m: FeatureMap, box: int
    ) -> tuple[float, float]:
        """Draw what makes a map; return the height and width of its picture."""
        if self.mapset.command == "convolve":
            return self.kernels(scene, x, y, m, box)
        return marks.pool_card(scene, x, y, m)

    def kernels(
        self, scene: Scene, x: float, y: float, m: FeatureMap, box: int
    ) -> tuple[float, float]:
        """Draw the kernels of a map with their names above; return the size of the pictures."""
        height, width = 0, 0
        for kernel in m.kernels:
            each = min(box, 126) if len(m.kernels) > 1 else box
            shape = times(kernel.values.shape)
            h, w = blocks.kernel_picture(scene, x + width, y + HEADING, kernel.values, each, shape)
            if self.columns == 0:
                blocks.heading(
                    scene, x + width, y, scene.theme.kernel, kernel.name, room=max(w, 108)
                )
            else:
                blocks.heading(scene, x + width, y, scene.theme.kernel, shape, room=max(w, 64))
            width += (max(w, 108) if len(m.kernels) > 1 else w) + (
                WIDE_GAP if kernel is not m.kernels[-1] else 0
            )
            height = max(height, h)
        return height, width

    def map_size(self, m: FeatureMap) -> tuple[int, int]:
        """Return the height and width in px of a map's picture."""
        if m.values.ndim == 2 and (size := self._cell(m)):
            return m.shape[0] * size, m.shape[1] * size
        if self.look.overlay:
            return display.fit(self.mapset.source.shape, self.box)
        return display.fit(m.shape, self.box)

    def _cell(self, m: FeatureMap) -> int:
        return 0 if self.look.overlay else blocks.cell_size(m.shape, self.box)

    def map(
        self, i: int, x: float, y: float, *, room: float | None = None, mini: bool = False
    ) -> None:
        """Draw one map with its heading, colour bar and caption."""
        scene, m, scale = self.scene, self.maps[i], self.scales[i]
        height, width = self.map_size(m)
        top = y + HEADING
        if m.values.ndim == 3:
            note = self._colour_tile(m, x, top, height, width)
        else:
            note = ""
            if size := self._cell(m):
                blocks.cells(scene, x, top, m.values, scale, size, m.name)
            else:
                blocks.tile(
                    scene, x, top, self._map_pixels(m, scale, height, width), width, height, m.name
                )
            blocks.bar(scene, x, top + height + 6, max(width, 112), scale)
        if self.peaks and not self.look.overlay:
            marks.mark_outputs(scene, x, top, width, height, m, self.peaks[i])
        left = x
        if mini and m.kernels:
            values = m.kernels[0].values
            blocks.kernel_picture(scene, x, y - 2, values, _MINI, m.kernels[0].name)
            left += _MINI + 6
        role = scene.theme.map if self.mapset.command == "convolve" else scene.theme.pool
        space = (room or max(width, 200)) - (left - x)
        shape = times(m.shape)
        shown = blocks.heading(scene, left, y, role, m.name, shape, room=space)
        words = [f"min {number(m.min)}", f"max {number(m.max)}"]
        if scale.root and width >= 200:
            words.append("square-root scale")
        words += [note] if note else []
        line = top + height + (16 if m.values.ndim == 3 else 42)
        scene.text(x, line, "   ".join(words), colour=scene.theme.secondary)
        if not shown:
            scene.text(x, line + 14, shape, colour=scene.theme.secondary)

    def _colour_tile(self, m: FeatureMap, x: float, top: float, height: int, width: int) -> str:
        pixels, note = display.photo(m.values)
        density = self.look.scale
        pixels = display.reduce(pixels, height * density, width * density)
        blocks.tile(self.scene, x, top, pixels, width, height, m.name)
        return note

    def _map_pixels(self, m: FeatureMap, scale: Scale, height: int, width: int) -> np.ndarray:
        density = self.look.scale
        if self.look.overlay:
            return overlay(self.mapset.source, m, scale, height * density, width * density)
        return scale.colours(display.reduce(m.values, height * density, width * density))


def input_scale(mapset: MapSet, theme: str) -> Scale:
    """Return the scale of the input: gray for a photo, slate for an array without negatives."""
    low, high = float(mapset.source.min()), float(mapset.source.max())
    if mapset.is_photo:
        return display.choose(low, high, theme=theme, like_image=True)
    return display.choose(low, high, name=None if low < 0 else "slate", theme=theme)


def _is_map(mapset: MapSet) -> bool:
    """Tell whether the source is an array of feature maps rather than a picture."""
    return not mapset.is_photo and mapset.source.min() < 0


def _sample(maps: tuple[FeatureMap, ...]) -> tuple[FeatureMap, ...]:
    if len(maps) <= MOST_MAPS:
        return maps
    chosen = np.linspace(0, len(maps) - 1, MOST_MAPS).round().astype(int)
    return tuple(maps[i] for i in chosen)


def _title(mapset: MapSet) -> str:
    names = [m.name for m in mapset.maps]
    if mapset.command == "pool" and not mapset.is_photo:
        names = sorted({name.split("[")[0] for name in names})
    what = ", ".join(names) if len(names) <= 3 else f"{len(names)} kernels"
    shapes = sorted({m.shape for m in mapset.maps})
    after = " and ".join(times(shape) for shape in shapes[:2])
    if len(mapset.maps) > 1:
        after = f"{len(mapset.maps)} maps of {after}"
    words = ", ".join((what, *mapset.settings))
    return f"{words}: {times(mapset.source.shape)} → {after}"


def _formulas(mapset: MapSet, maps: tuple[FeatureMap, ...]) -> list[str]:
    groups = mapset.workings()
    lines = []
    for names, (rows, columns) in groups[:3]:
        line = f"rows  {typeset(rows.working())}     columns  {typeset(columns.working())}"
        if rows.rule == "same" and (rows.after or columns.after):
            added = f"rows {rows.before} + {rows.after}, columns {columns.before} + {columns.after}"
            line += f"     padding  {added}"
        if rows.unread or columns.unread:
            line += f"     unread  {rows.unread} rows, {columns.unread} columns"
        lines.append(f"{names}:  {line}" if len(groups) > 1 else line)
    if len(groups) > 3:
        lines.append(f"and {len(groups) - 3} other window sizes")
    if len(maps) < len(mapset.maps):
        lines.append(f"{len(maps)} of {len(mapset.maps)} maps shown, evenly sampled")
    return lines


def _header_height(mapset: MapSet, maps: tuple[FeatureMap, ...]) -> int:
    return 24 + 18 * len(_formulas(mapset, maps)) + WIDE_GAP


def _header(scene: Scene, mapset: MapSet, maps: tuple[FeatureMap, ...]) -> None:
    """Write the title and the size formulas, when the width is known."""
    room = scene.width - 2 * MARGIN
    scene.text(MARGIN, MARGIN + 16, scene.title, size=TITLE, face="bold", room=room)
    for i, line in enumerate(_formulas(mapset, maps)):
        y = MARGIN + 24 + 18 * i + 14
        scene.text(MARGIN, y, line, size=LABEL, colour=scene.theme.secondary, room=room)
