"""The figure of `channels`: the image taken apart, its grays, and one patch in numbers."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile
from typing import TYPE_CHECKING

import numpy as np

from cnnviz.render import display
from cnnviz.render.display import Scale
from cnnviz.render.figures import blocks, header, signs
from cnnviz.render.figures.blocks import HEADING, LEAST_CELL
from cnnviz.render.fonts import measure, shorten
from cnnviz.render.look import Look
from cnnviz.render.numbers import count, number, times, typeset
from cnnviz.render.scene import Rect, Scene
from cnnviz.render.terminal import escape
from cnnviz.render.theme import GAP, LABEL, MARGIN, WIDE_GAP, theme
from cnnviz.report.channels import Channel, ChannelSet, dispute
from cnnviz.report.patch import Patch
from cnnviz.report.sample import sample

if TYPE_CHECKING:
    from cnnviz.render.sheet import Tile

BOX = 240  # px of a picture
LEAST_COLUMN = 240  # px, so that range and formula fit below a picture
BETWEEN = 40  # px between columns, which hold a sign
COLUMNS = 4
MOST_NAME = 240  # px of the image's name above the figure
MOST_CELL, WIDE_CELL = 30, 34  # px of a whole number, and of another one at least
MOST_NUMBERS, MOST_CHANNELS = 8, 64  # channels whose patch is shown, and that are shown
LEAST_OUTLINE = 9  # px of the patch on a picture


def draw(result: ChannelSet, look: Look) -> Scene:
    """Return the figure of the channels of one image."""
    scene = Scene(theme(look.theme), title=_title(result), description=_description(result))
    lines = _lines(result)
    sheet = _Sheet(scene, result, look)
    place = sheet.colour if result.grays else sheet.maps
    bottom = place(MARGIN + header.height(lines))
    if result.locality is not None:
        from cnnviz.render.figures import locality

        right, bottom = locality.draw(scene, result.locality, MARGIN, bottom + WIDE_GAP)
        sheet.right = max(sheet.right, right)
    right = max(sheet.right, *(MARGIN + measure(line, LABEL) for line in lines))
    scene.width, scene.height = right + MARGIN, bottom + MARGIN
    header.draw(scene, lines)
    return scene


def tiles(result: ChannelSet, look: Look) -> list[Tile]:
    """Return the image and its channels as tiles for the terminal."""
    from cnnviz.render.preview import array_tile

    gray = display.choose(0.0, 255.0, like_image=True)
    found = [array_tile(result.image, result.source[..., :3], gray)] if result.grays else []
    return found + [array_tile(c.title, c.values, scale) for c, scale in _shown(result, look)]


class _Plane:
    """A channel with its scale, or the whole image without one."""

    def __init__(self, values: np.ndarray, scale: Scale | None) -> None:
        self.values, self.scale = values, scale

    def pixels(self, height: int, width: int) -> np.ndarray:
        """Return the colours, averaged where there are more than fit."""
        return display.pixels(self.values, self.scale, height, width)


class _Sheet:
    """Columns of equal width; each placing method takes a top and returns the bottom."""

    def __init__(self, scene: Scene, result: ChannelSet, look: Look) -> None:
        self.scene, self.result, self.look = scene, result, look
        self.patch = result.patch
        self.tile = display.fit(result.shape, (BOX, BOX))
        longest = max(self.patch.height, self.patch.width)
        shown = self.patch.of(result.source)
        least = LEAST_CELL if np.array_equal(shown, np.rint(shown)) else WIDE_CELL
        self.cell = max(least, min(MOST_CELL, BOX // longest))
        if (self.patch.height, self.patch.width) == result.shape[:2]:
            self.cell = max(self.cell, self.tile[0] // result.shape[0])  # as large as its picture
        self.column = max(LEAST_COLUMN, self.tile[1], self.cell * self.patch.width)
        self.right: float = MARGIN
        self.image = _Plane(result.source[..., :3], None)
        self.channels = _shown(result, look)

    def left(self, i: int) -> float:
        """Return the left edge of a column, which the figure will be wide enough for."""
        x = MARGIN + i * (self.column + BETWEEN)
        self.right = max(self.right, x + self.column)
        return x

    def colour(self, top: float) -> float:
        """Place the image = R + G + B, the patch of each, and the grays with theirs."""
        result, apart, transparent = self.result, self.channels[:3], self.channels[3:]
        whole = Channel(result.image, result.source)
        gray = display.choose(0.0, 255.0, like_image=True)
        middle = top + HEADING + self.tile[0] / 2
        bottom = self.picture(0, top, whole, self.image, "")
        for i, (c, scale) in enumerate((*apart, *transparent), 1):
            bottom = max(bottom, self.picture(i, top, c, _Plane(c.values, scale), ""))
            if c.name != "A":
                (signs.equals if i == 1 else signs.plus)(
                    self.scene, self.left(i) - BETWEEN / 2, middle
                )
        top = bottom + WIDE_GAP
        self.crop(0, top)
        for i, (c, scale) in enumerate((*apart, *transparent), 1):
            bottom = self.numbers(i, top, c.name, self.patch.of(c.values), scale)
        top = bottom + WIDE_GAP
        bottom = self.words(top, "gray", _grays(result))
        for i, c in enumerate(result.grays):
            top = self.picture(i, bottom, c, _Plane(c.values, gray), c.formula)
        top += WIDE_GAP
        for i, c in enumerate(result.grays):
            values = np.rint(self.patch.of(c.values))
            bottom = self.numbers(i, top, f"{c.title}, rounded", values, gray)
        return bottom

    def maps(self, top: float) -> float:
        """Place each channel with its patch below, or beside a single one."""
        single, numbers = len(self.channels) == 1, len(self.channels) <= MOST_NUMBERS
        columns = COLUMNS if len(self.channels) <= 4 * COLUMNS else 2 * COLUMNS
        for first in range(0, len(self.channels), columns):
            row = self.channels[first : first + columns]
            bottom = max(
                self.picture(i, top, c, _Plane(c.values, scale), "")
                for i, (c, scale) in enumerate(row)
            )
            if numbers:
                below = top if single else bottom + WIDE_GAP
                last = max(
                    self.numbers(i + single, below, c.name, self.patch.of(c.values), scale)
                    for i, (c, scale) in enumerate(row)
                )
                bottom = max(bottom, last)
            top = bottom + WIDE_GAP
        return top - WIDE_GAP

    def picture(self, i: int, top: float, c: Channel, plane: _Plane, formula: str) -> float:
        """Draw a picture with the patch on it, its range below."""
        scene, x, (height, width) = self.scene, self.left(i), self.tile
        density = self.look.scale
        title = self.result.image if len(self.result.channels) == 1 else c.title
        shape = times(self.result.shape if plane.scale is None else c.shape)
        role = signs.mark(scene, title)
        blocks.heading(scene, x, top, role, title, shape, room=self.column)
        y = top + HEADING
        pixels = plane.pixels(height * density, width * density)
        blocks.tile(scene, x, y, pixels, width, height, title)
        if len(self.channels) <= MOST_NUMBERS:
            _outline(scene, x, y, width, height, c.shape, self.patch)
        line = y + height
        if plane.scale is not None and not formula:
            blocks.bar(scene, x, line + 6, width if width >= 112 else self.column, plane.scale)
            line += 26
        if formula:
            line += 16
            scene.text(x, line, _print(formula), room=self.column)
        words = [f"min {number(c.min)}", f"max {number(c.max)}", f"mean {number(c.mean)}"]
        scene.text(x, line + 16, "   ".join(words), colour=scene.theme.secondary)
        return line + 20

    def numbers(self, i: int, top: float, name: str, values: np.ndarray, scale: Scale) -> float:
        """Draw the patch of a channel as cells with its numbers."""
        scene, x = self.scene, self.left(i)
        blocks.heading(scene, x, top, scene.theme.accent, name, self.patch.slices, room=self.column)
        blocks.cells(scene, x, top + HEADING, values, scale, self.cell, f"{name}, patch")
        return top + HEADING + self.patch.height * self.cell

    def crop(self, i: int, top: float) -> None:
        """Draw the patch of the image, enlarged."""
        scene, x, y, patch = self.scene, self.left(i), top + HEADING, self.patch
        slices = patch.slices
        blocks.heading(scene, x, top, scene.theme.accent, "patch", slices, room=self.column)
        pixels = display.photo(patch.of(self.image.values))[0]
        height, width = patch.height * self.cell, patch.width * self.cell
        blocks.tile(scene, x, y, pixels, width, height, "patch")
        scene.add(Rect(x - 2, y - 2, width + 4, height + 4, stroke=scene.theme.accent, line=2))

    def words(self, top: float, name: str, text: str) -> float:
        """Write a sentence behind a heading over the whole width."""
        scene, room = self.scene, COLUMNS * (self.column + BETWEEN) - BETWEEN
        blocks.heading(scene, MARGIN, top, scene.theme.input, name, room=room)
        scene.text(MARGIN + 60, top + 13, text, colour=scene.theme.secondary, room=room - 60)
        return top + HEADING + GAP


def _title(result: ChannelSet) -> str:
    height, width, channels = result.shape
    number_of = "one array" if channels == 1 else f"{channels} arrays"
    return f"channels: {times(result.shape)} is {number_of} of {height}×{width} numbers"


def _description(result: ChannelSet) -> str:
    """Return the report up to its tables of numbers."""
    return ". ".join(takewhile(bool, result.lines()))


def _lines(result: ChannelSet) -> list[str]:
    """Return what the shapes mean, and what is shown."""
    size = result.shape[0] * result.shape[1] * result.shape[2]
    name = shorten(escape(result.image), LABEL, "regular", MOST_NAME)
    made = f"{result.source.shape} → " if result.source.ndim == 2 else ""
    lines = [
        f"{name}  {made}{result.shape} = (H, W, C)     batch of one  {(1, *result.shape)}"
        f" = (N, H, W, C)     {count(size)} numbers"
    ]
    if result.grays:
        lines.append("R, G and B are shown as their own light on black: added, they are the image")
    elif result.shape[2] == 1:
        lines.append("one channel: a gray image; a colour image has three, R, G and B")
    elif "A" not in result.names:
        lines.append("no gray: its formulas take R, G and B from 0 to 255")
    if "A" in result.names:
        lines.append("A is transparency: 0 is clear, 255 opaque")
    if result.shape[2] > MOST_CHANNELS:
        lines.append(f"{MOST_CHANNELS} of {result.shape[2]} channels shown, evenly sampled")
    return lines


def _grays(result: ChannelSet) -> str:
    if result.disputed is None:
        return "one channel by four formulas, which agree on every pixel"
    return f"one channel by four formulas; they differ most on {dispute(result)}"


def _print(formula: str) -> str:
    """Return a formula as it is printed, short for linear light."""
    if not formula.startswith("code("):
        return typeset(formula)
    terms = formula[5:-1].replace("light(", "").replace(")", "")
    return f"{terms}, of light"


def _shown(result: ChannelSet, look: Look) -> list[tuple[Channel, Scale]]:
    """Return the channels of the picture, each with its scale."""
    shown = sample(result.channels, MOST_CHANNELS)
    return [(c, _scale(c, result, look.theme)) for c in shown]


def _scale(c: Channel, result: ChannelSet, theme: str) -> Scale:
    if result.grays:
        return signs.light(c.name)
    if result.is_photo:
        return display.choose(c.min, c.max, theme=theme, like_image=True)
    return display.choose(c.min, c.max, theme=theme, name=None if c.min < 0 else "slate")


def _outline(
    scene: Scene,
    x: float,
    y: float,
    width: float,
    height: float,
    shape: Sequence[int],
    patch: Patch,
) -> None:
    """Outline the patch on a picture, large enough to be seen and inside the picture."""
    sx, sy = width / shape[1], height / shape[0]
    w = min(width, max(LEAST_OUTLINE, patch.width * sx))
    h = min(height, max(LEAST_OUTLINE, patch.height * sy))
    left = x + (patch.column + patch.width / 2) * sx - w / 2
    top = y + (patch.row + patch.height / 2) * sy - h / 2
    left, top = max(x, min(left, x + width - w)), max(y, min(top, y + height - h))
    scene.add(Rect(left - 1, top - 1, w + 2, h + 2, stroke=scene.theme.background))
    scene.add(Rect(left, top, w, h, stroke=scene.theme.accent, line=2))
