"""The blocks of a figure of maps: the input, the kernels, one map; each knows its size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from cnnviz.render import display
from cnnviz.render.display import Scale
from cnnviz.render.figures import blocks, marks
from cnnviz.render.figures.blocks import HEADING
from cnnviz.render.fonts import measure
from cnnviz.render.look import Look
from cnnviz.render.numbers import number, times
from cnnviz.render.scene import Scene
from cnnviz.render.theme import CAPTION, WIDE_GAP, rgb
from cnnviz.report.maps import FeatureMap, MapSet

if TYPE_CHECKING:
    from cnnviz.report.peaks import Peak

FOOT, BARE_FOOT = 48, 34  # px below a map: colour bar, its labels, the caption; without a bar
LEAST_BAR = 112  # px, so that three labels fit below a colour bar
MOST_VOTES = 8  # maps that are asked whether a root scale is needed
MOST_SHAPES = 16  # maps that say their shape one by one
MINI = 22  # px of a kernel in a map's heading
ROOMY = 200  # px from which a caption has room for a remark


class InputPanel:
    """The input in a box, with padding hatched and unread pixels dimmed.

    A small array is drawn as cells with numbers, another one as a picture.
    """

    def __init__(self, mapset: MapSet, look: Look, box: tuple[int, int]) -> None:
        self.mapset, self.look = mapset, look
        source = mapset.source
        self.values = source[:, :, 0] if source.ndim == 3 and source.shape[2] == 1 else source
        self.rows, self.columns = mapset.maps[0].axes
        padded = tuple(axis.size + axis.before + axis.after for axis in mapset.maps[0].axes)
        self.cell = blocks.cell_size(padded, box) if self.values.ndim == 2 else 0
        if self.cell:
            self.tile = padded[0] * self.cell, padded[1] * self.cell
        else:
            self.tile = display.fit(source.shape, box)
        self.height, self.width = HEADING + self.tile[0] + 20, max(self.tile[1], ROOMY)

    def draw(
        self, scene: Scene, x: float, y: float, found: Sequence[tuple[FeatureMap, list[Peak]]]
    ) -> None:
        """Draw the panel, with the windows of the peaks that were found."""
        source, name = self.mapset.source, self.mapset.image
        scale = input_scale(self.mapset, self.look.theme)
        shape = times(source.shape)
        blocks.heading(scene, x, y, scene.theme.input, name, shape, room=self.width)
        low, high = self.mapset.limits
        caption = f"min {number(low)}   max {number(high)}"
        if source.ndim == 3 and source.shape[2] not in (1, 3):
            caption += f"   mean of {source.shape[2]} channels shown"
        bottom = y + HEADING + self.tile[0]
        scene.text(x, bottom + 16, caption, colour=scene.theme.secondary)
        left, top, (height, width) = x, y + HEADING, self.tile
        if self.cell:
            left, top = left + self.columns.before * self.cell, top + self.rows.before * self.cell
            height, width = self.rows.size * self.cell, self.columns.size * self.cell
            blocks.cells(scene, left, top, self.values, scale, self.cell, name)
            blocks.padding_frame(scene, left, top, self.cell, self.rows, self.columns)
            blocks.dim_cells(scene, left, top, self.cell, self.rows, self.columns)
        else:
            pixels = self._pixels(scale)
            pixels = marks.dim_unread(pixels, self.rows, self.columns, rgb(scene.theme.background))
            blocks.tile(scene, x, top, pixels, width, height, name)
        for m, peaks in found:
            marks.mark_inputs(scene, left, top, width, height, m, peaks)
        winners = self.mapset.maps[0].winners
        if self.cell and winners is not None:
            whole = (0, self.rows.size), (0, self.columns.size)
            axes = self.rows, self.columns
            plane = winners.reshape(winners.shape[:2])
            marks.mark_winners(scene, (left, top), self.cell, plane, axes, whole)

    def _pixels(self, scale: Scale) -> np.ndarray:
        height, width = (side * self.look.scale for side in self.tile)
        return display.pixels(self.values, scale, height, width)


class MapPanel:
    """One map in a box with its name, shape, true range and colour bar."""

    def __init__(
        self, mapset: MapSet, m: FeatureMap, scale: Scale, look: Look, box: tuple[int, int]
    ) -> None:
        self.mapset, self.map, self.scale, self.look = mapset, m, scale, look
        self.cell = 0 if look.overlay or len(m.shape) == 3 else blocks.cell_size(m.shape, box)
        if self.cell:
            self.tile = m.shape[0] * self.cell, m.shape[1] * self.cell
        else:
            self.tile = display.fit((mapset.source if look.overlay else m).shape, box)
        self.width = max(self.tile[1], LEAST_BAR)
        self.bar = 0 if len(m.shape) == 3 else 26  # px; a colour picture has none
        self.foot = FOOT if self.bar else BARE_FOOT

    @property
    def name(self) -> str:
        """The map's name, without the tool that all of them are of."""
        return self.map.name.removeprefix(self.mapset.family)

    @property
    def is_roomy(self) -> bool:
        """Whether remarks fit behind the range; else the head of the figure has them."""
        return self.tile[1] >= ROOMY

    @property
    def remarks(self) -> list[str]:
        """What is not to be taken for granted of the colours."""
        root = ["square-root scale"] if self.scale.root else []
        return root + [self.scale.note] * bool(self.scale.note) if self.bar else []

    def draw(
        self, scene: Scene, x: float, y: float, *, room: float, mini: bool, peaks: list[Peak]
    ) -> None:
        """Draw the panel; `mini` puts the kernel into the heading."""
        m, (height, width) = self.map, self.tile
        top, note = y + HEADING, ""
        if len(m.shape) == 3:
            pixels, note = display.photo(m.values)
            density = self.look.scale
            pixels = display.reduce(pixels, height * density, width * density)
            blocks.tile(scene, x, top, pixels, width, height, m.name)
        elif self.cell:
            blocks.cells(scene, x, top, m.values, self.scale, self.cell, m.name)
        else:
            blocks.tile(scene, x, top, self._pixels(), width, height, m.name)
        if not self.look.overlay:
            marks.mark_outputs(scene, x, top, width, height, m, peaks)
        if self.bar:
            blocks.bar(scene, x, top + height + 6, self.width, self.scale)
        maps = self.mapset.maps  # so many that the title says the shape of all
        told = len(maps) > MOST_SHAPES and len({m.shape for m in maps}) == 1
        shape = "" if told else times(m.shape)
        shown = self._heading(scene, x, y, room, mini, shape)
        words = [f"min {number(m.min)}", f"max {number(m.max)}"]
        words += self.remarks if self.is_roomy else []
        line = top + height + 16 + self.bar
        said = scene.text(x, line, "   ".join(words), colour=scene.theme.secondary)
        if note:  # behind the range if it fits there, else below
            after = said + measure(f"   {note}", CAPTION) <= room
            place = (x + said + measure("   ", CAPTION), line) if after else (x, line + 14)
            scene.text(*place, note, colour=scene.theme.secondary)
        if shape and not shown:
            scene.text(x, line + 14, shape, colour=scene.theme.secondary)

    def _heading(
        self, scene: Scene, x: float, y: float, room: float, mini: bool, shape: str
    ) -> bool:
        m, left = self.map, x
        if mini and m.kernels:
            kernel = m.kernels[0]
            scratch = Scene(scene.theme)  # its size first: a kernel may be a single row
            height, width = blocks.kernel_picture(scratch, 0, 0, kernel.values, MINI, kernel.name)
            place = x + (MINI - width) // 2, y - 2 + (MINI - height) // 2
            blocks.kernel_picture(scene, *place, kernel.values, MINI, kernel.name)
            left += MINI + 6
        role = scene.theme.map if self.mapset.command == "convolve" else scene.theme.pool
        return blocks.heading(scene, left, y, role, self.name, shape, room=room - (left - x))

    def _pixels(self) -> np.ndarray:
        height, width = (side * self.look.scale for side in self.tile)
        if self.look.overlay:
            from cnnviz.render.overlay import overlay

            return overlay(self.mapset.source, self.map, self.scale, height, width)
        return display.map_picture(self.map, self.scale, height, width)


def kernel_row(
    scene: Scene, x: float, y: float, m: FeatureMap, box: int, *, named: bool
) -> tuple[int, int]:
    """Draw the kernels of a map, headed by their names or shapes; return height and width."""
    height, width = 0, 0
    several = len(m.kernels) > 1
    for kernel in m.kernels:
        width += WIDE_GAP if width else 0
        shape = times(kernel.values.shape)
        each = min(box, 126) if several else box
        h, w = blocks.kernel_picture(scene, x + width, y + HEADING, kernel.values, each, shape)
        text, least = (kernel.name, 108) if named else (shape, 64)
        room = max(w, least)
        blocks.heading(scene, x + width, y, scene.theme.kernel, text, room=room)
        width += room
        height = max(height, h)
    return height, width


def input_scale(mapset: MapSet, theme: str) -> Scale:
    """Return the scale of the input: gray for a photo, slate for an array without negatives."""
    return display.of_source(*mapset.limits, is_photo=mapset.is_photo, theme=theme)


def map_display(mapset: MapSet, look: Look) -> str:
    """Return the display of the maps.

    `auto` shows all that is pooled from an array with negative values signed, whether or not some
    are left.
    """
    if look.display != "auto" or mapset.is_photo:
        return look.display
    return "signed" if mapset.command == "pool" and mapset.limits[0] < 0 else "auto"


def map_scales(mapset: MapSet, maps: Sequence[FeatureMap], look: Look) -> list[Scale]:
    """Return the scale of each map: its own, or with `range="shared"` one for all."""
    limits = [(m.min, m.max) for m in maps]
    if look.range == "shared":
        limits = [(min(a for a, _ in limits), max(b for _, b in limits))] * len(limits)
    is_pool = mapset.command == "pool"
    crowded = display.maps_are_crowded([m for m in maps if not m.keeps_photo][:MOST_VOTES])
    # What is pooled from an array looks like the array, to be compared with it.
    array_map = display.ARRAY_MAP if is_pool and mapset.limits[0] >= 0 else None
    return [
        display.choose(
            low,
            high,
            display=map_display(mapset, look),
            name=look.colormap or (None if mapset.is_photo else array_map),
            theme=look.theme,
            like_image=mapset.is_photo and (is_pool or m.keeps_photo),
            crowded=crowded,
        )
        for m, (low, high) in zip(maps, limits, strict=True)
    ]
