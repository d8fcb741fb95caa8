"""One unit's panel: its region outlined on the image, and below it what the unit sees."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

import numpy as np

from cnnviz.geometry import Window
from cnnviz.render import display
from cnnviz.render.display import Scale
from cnnviz.render.figures import blocks, feature_parts
from cnnviz.render.figures.blocks import HEADING
from cnnviz.render.figures.receptive_canvas import OUTLINE, Box, Canvas, outline
from cnnviz.render.fonts import Face
from cnnviz.render.look import Look
from cnnviz.render.numbers import MINUS, THIN, count, number, times
from cnnviz.render.scene import Picture, Rect, Scene
from cnnviz.render.sheet import Tile
from cnnviz.render.theme import CAPTION, GAP, LABEL, Theme, rgb
from cnnviz.report.maps import FeatureMap
from cnnviz.report.receptive import ReceptiveFields
from cnnviz.report.receptive_unit import LARGER, Span, Unit, percent

PATCH = 96  # px of what the unit sees
LINE = 16
NUMBER = 16  # px of a panel's number
WORDS = 176  # px of the words beside it, at least
LEAST_BAR = 112


class Panel:
    """What one unit sees."""

    def __init__(self, result: ReceptiveFields, place: int, canvas: Canvas, look: Look) -> None:
        self.result, self.look, self.canvas = result, look, canvas
        self.unit: Unit = result.units[place]
        self.number = str(place + 1) if len(result.units) > 1 else ""
        self.width = max(canvas.size[1], PATCH + WORDS)

    def draw(self, scene: Scene, x: float, y: float) -> float:
        """Draw the panel; return its bottom."""
        self._heading(scene, x, y)
        top = y + HEADING + OUTLINE
        box = self._hatched(scene, x, top)
        self._image(scene, x, top)
        if box is not None and self.unit.region is not None:
            outline(scene, box, self.canvas.cut(self.unit.region), arrows=True)
        y = top + self.canvas.size[0] + GAP + OUTLINE
        left = x + (self._patch(scene, x, y + OUTLINE) + GAP + OUTLINE if self.unit.region else 0)
        bottom = self._words(scene, left, y, self.width - (left - x))
        return max(bottom, y + PATCH + 2 * OUTLINE)

    def tile(self) -> Tile:
        """Return the image with the outline for the terminal."""
        unit = self.unit
        words = unit.words()
        return Tile((f"{unit.name}  {unit.place}", unit.name), (words,), unit.space, self._small)

    def _heading(self, scene: Scene, x: float, y: float) -> None:
        unit, room = self.unit, float(self.width)
        if self.number:
            scene.text(x, y + 13, self.number, size=LABEL, face="bold", colour=scene.theme.accent)
            x, room = x + NUMBER, room - NUMBER
        where = f"{unit.shape[-1]} units"
        if unit.at:
            where = f"unit {', '.join(map(str, unit.at))} of {times(unit.shape[:-1])}"
        blocks.heading(scene, x, y, role(scene.theme, unit), unit.name, where, room=room)

    def _image(self, scene: Scene, x: float, y: float) -> None:
        """Draw the image; a small one as cells with numbers."""
        rows, columns = ((0, n) for n in self.canvas.space)
        left, top, width, height = self.canvas.box((rows, columns))
        values, cell, name = self._plane, int(self.canvas.scale), self.result.seen.image
        if values is not None and self._has_numbers:
            blocks.cells(scene, x + left, y + top, values, self._scale_of(values), cell, name)
            return
        wide, tall = round(width), round(height)
        density = self.look.scale
        pixels = display.reduce(self._pixels, tall * density, wide * density)
        blocks.tile(scene, x + left, y + top, pixels, wide, tall, name)

    def _hatched(self, scene: Scene, x: float, y: float) -> Box | None:
        """Hatch the region, of which the image will cover what is no padding; return its box."""
        unit = self.unit
        if unit.region is None or not any(unit.size):
            return None
        left, top, width, height = self.canvas.box(unit.region)
        if unit.region != unit.inside:
            scene.add(Rect(x + left, y + top, width, height, hatch=scene.theme.secondary))
        return x + left, y + top, width, height

    def _patch(self, scene: Scene, x: float, y: float) -> float:
        """Draw what the unit sees, enlarged, padding hatched; return its width."""
        unit = self.unit
        assert unit.region is not None
        assert unit.inside is not None
        if not any(unit.size):
            return 0
        bounds = zip(unit.region, self.canvas.spans, strict=True)
        shown = [(max(first, low), min(end, high)) for (first, end), (low, high) in bounds]
        shape = tuple(max(1, end - first) for first, end in shown)
        height, width = display.fit(shape, (PATCH, PATCH))
        scene.add(Rect(x, y, width, height, hatch=scene.theme.secondary))
        (top, bottom), (left, right) = unit.inside
        if bottom > top:
            down, across = height / shape[0], width / shape[1]
            at = round((left - shown[1][0]) * across), round((top - shown[0][0]) * down)
            size = max(1, round((right - left) * across)), max(1, round((bottom - top) * down))
            cells = self._pixels[top:bottom, left:right]
            density = self.look.scale
            pixels = display.reduce(cells, size[1] * density, size[0] * density)
            title = f"what {unit.name} sees"
            scene.add(Picture(x + at[0], y + at[1], *size, pixels, title))
        outline(scene, (x, y, width, height), self.canvas.cut(unit.region))
        return width

    def _words(self, scene: Scene, x: float, y: float, room: float) -> float:
        """Write what is known of the unit; return the bottom."""
        line = y + 12
        for text, size, colour in self._said(scene.theme):
            face: Face = "bold" if size == LABEL else "regular"
            scene.text(x, line, text, size=size, colour=colour, face=face, room=room)
            line += LINE
        if self._heat_scale is not None:
            width = int(min(max(LEAST_BAR, room - GAP), 180))
            blocks.bar(scene, x, line - 8, width, self._heat_scale)
            line += 24
        return line - LINE + 4

    def _said(self, theme: Theme) -> Iterator[tuple[str, float, str]]:
        unit, secondary = self.unit, theme.secondary
        if unit.region is None or unit.share is None or unit.field is None:
            yield "field unknown", LABEL, theme.text
            yield "behind a reshaping places are no places of the image", CAPTION, secondary
        elif not any(unit.size):
            yield "sees nothing of the image", LABEL, theme.text
        else:
            yield f"{times(unit.size)} pixels", LABEL, theme.text
            yield f"{_percent(unit.share)} of the image", LABEL, theme.text
            if unit.too_large:
                yield LARGER, LABEL, theme.warning
            rows, columns = (_span(span) for span in unit.region)
            yield f"rows {rows}", CAPTION, secondary
            yield f"columns {columns}", CAPTION, secondary
            if max(unit.shape[:-1], default=1) > 1 and any(unit.field.stride):
                steps = dict.fromkeys(map(number, unit.field.stride))
                yield f"stride {'×'.join(steps)}", CAPTION, secondary
        yield from self._of_gradient(theme)

    def _of_gradient(self, theme: Theme) -> Iterator[tuple[str, float, str]]:
        found = self.unit.effective
        if found is None:
            return
        whose = f"{'filter' if self.unit.at else 'unit'} {found.filter}"
        if not found.cells:
            yield f"{whose}: no gradient here", CAPTION, theme.warning
            return
        kept = found.holding()
        yield f"95{THIN}% of {whose}'s gradient in", CAPTION, theme.text
        noun = "pixel" if kept == 1 else "pixels"
        yield f"{count(kept)} {noun}, {_percent(kept / found.heat.size)}", CAPTION, theme.text

    @cached_property
    def _heat_scale(self) -> Scale | None:
        found = self.unit.effective
        if found is None or not found.cells:
            return None
        heat, name = found.heat, self.look.theme
        return display.choose(0.0, float(heat.max()), theme=name, crowded=display.is_crowded(heat))

    @property
    def _has_numbers(self) -> bool:
        """Whether the image's cells are so large that they hold their numbers."""
        cell = self.canvas.scale
        return self._plane is not None and cell >= blocks.LEAST_CELL and cell == int(cell)

    def _scale_of(self, values: np.ndarray) -> Scale:
        low, high = float(values.min()), float(values.max())
        return self._heat_scale or display.choose(low, high, display="minmax", name="gray")

    @cached_property
    def _plane(self) -> np.ndarray | None:
        """The heat, or the image; None if that is in colour."""
        seen, found = self.result.seen, self.unit.effective
        values = seen.pixels if seen.picture is None else seen.picture
        if values.shape[-1] == 1 and found is not None and found.cells:
            return found.heat
        return values[..., 0] if values.shape[-1] == 1 else None

    @cached_property
    def _pixels(self) -> np.ndarray:
        """The image in colour, a pixel each: faded to gray below the heat where there is some."""
        from cnnviz.render.overlay import overlay

        seen, (height, width) = self.result.seen, self.canvas.space
        scale, found = self._heat_scale, self.unit.effective
        if self._has_numbers and self._plane is not None:
            return self._scale_of(self._plane).colours(self._plane)
        picture = feature_parts.input_pixels(seen, height, width)
        if scale is None or found is None:
            return picture
        axes = Window.of(1).on((height, width))
        heat = FeatureMap("gradient", found.heat.astype(np.float32), axes)
        return overlay(picture, heat, scale, height, width)

    def _small(self, height: int, width: int) -> np.ndarray:
        """Return the image of a tile with the outline a pixel wide."""
        picture = display.reduce(self._pixels, height, width).copy()
        inside = self.unit.inside
        if inside is None or inside == ((0, 0), (0, 0)):
            return picture
        down, across = (
            picture.shape[0] / self.canvas.space[0],
            picture.shape[1] / self.canvas.space[1],
        )
        (top, bottom), (left, right) = inside
        rows = max(0, round(top * down) - 1), min(picture.shape[0] - 1, round(bottom * down))
        columns = max(0, round(left * across) - 1), min(picture.shape[1] - 1, round(right * across))
        colour = rgb(self._theme.accent)
        picture[rows[0] : rows[1] + 1, list(columns)] = colour
        picture[list(rows), columns[0] : columns[1] + 1] = colour
        return picture

    @property
    def _theme(self) -> Theme:
        from cnnviz.render.theme import theme

        return theme(self.look.theme)


def role(theme: Theme, unit: Unit) -> str:
    """Return the colour of a layer's kind."""
    if "Pool" in unit.kind:
        return theme.pool
    return theme.map if unit.at else theme.dense


def _percent(share: float) -> str:
    return percent(share).replace("%", f"{THIN}%")


def _span(span: Span) -> str:
    """Return the first and the last cell, `−2 to 5`."""
    first, end = span
    return f"{count(first)} to {count(end - 1)}".replace("-", MINUS)
