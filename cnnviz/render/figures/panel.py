"""An array in a box that an animation fills: cells with numbers, or at the scale of a picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cnnviz.render import display
from cnnviz.render.display import Scale
from cnnviz.render.figures import blocks
from cnnviz.render.figures.explanation_parts import mark
from cnnviz.render.figures.labels import labels
from cnnviz.render.scene import Rect, Scene
from cnnviz.render.theme import Theme, ink, rgb

Ring = tuple[tuple[int, int], tuple[int, int]]  # cells around it: of rows, of columns
NO_RING: Ring = ((0, 0), (0, 0))
LEAST_RING = 3  # px of a cell around the array from which it is drawn
LEAST_GRID = 12  # px of a cell from which cells have lines between them
LEAST_CELL = 4  # px from which single cells are outlined


@dataclass(eq=False, repr=False)
class Panel:
    """What is drawn anew in each frame, laid out once.

    Attributes
    ----------
    shape : (int, int)
        Rows and columns of the array.
    pixels : ndarray, (h, w, 3)
        Its colours, a pixel a cell or reduced.
    cell : (float, float)
        Px of a cell.
    ring : tuple
        Cells around the array that are drawn, hatched.
    texts, font
        The numbers in cells; none where they cannot be read.
    """

    shape: tuple[int, int]
    pixels: np.ndarray
    cell: tuple[float, float]
    ring: Ring
    texts: list[list[str]]
    font: float

    @classmethod
    def of(
        cls,
        values: np.ndarray,
        scale: Scale | None,
        box: tuple[int, int],
        ring: Ring = NO_RING,
        *,
        largest: float | None = None,
    ) -> Panel:
        """Lay out values `(H, W)` or `(H, W, C)` in a box `(width, height)`.

        `largest` is of all values that it will ever show, if these are not all.
        """
        rows, columns = values.shape[:2]
        values = values[..., 0] if values.shape[2:] == (1,) else values
        whole = rows + sum(ring[0]), columns + sum(ring[1])
        factor = display.fit(whole, box)[0] / whole[0]
        texts: list[list[str]] = []
        font = 0.0
        if factor < LEAST_RING:
            height, width = display.fit((rows, columns), box)
            ring, cell = NO_RING, (height / rows, width / columns)
        else:
            height, width = rows, columns
            cell = factor, factor
            if values.ndim == 2 and max(rows, columns) <= blocks.MOST_CELLS:
                texts, font = labels(values, factor, largest=largest)
        pixels = display.pixels(values, scale, height, width)
        return cls((rows, columns), pixels, cell, ring, texts, font)

    @property
    def width(self) -> int:
        """Px from side to side, with the ring."""
        return round((self.shape[1] + sum(self.ring[1])) * self.cell[1])

    @property
    def height(self) -> int:
        """Px from top to bottom, with the ring."""
        return round((self.shape[0] + sum(self.ring[0])) * self.cell[0])

    def draw(
        self,
        scene: Scene,
        x: float,
        y: float,
        title: str,
        *,
        pixels: np.ndarray | None = None,
        known: np.ndarray | None = None,
    ) -> None:
        """Draw it, or other `pixels` in its place; of numbers those that are `known`."""
        (top, bottom), (left, right) = self.ring
        down, across = self.cell
        width, inner = self.width, self.shape[0] * down
        wide = self.shape[1] * across
        hatched = (
            (x, y, width, top * down),
            (x, y + top * down + inner, width, bottom * down),
            (x, y + top * down, left * across, inner),
            (x + left * across + wide, y + top * down, right * across, inner),
        )
        for at_x, at_y, w, h in hatched:
            if w > 0 and h > 0:
                scene.add(Rect(at_x, at_y, w, h, hatch=scene.theme.rule))
        if any(map(any, self.ring)):
            scene.add(Rect(x - 1, y - 1, width + 2, self.height + 2, stroke=scene.theme.rule))
        x, y = x + left * across, y + top * down
        shown = self.pixels if pixels is None else pixels
        blocks.tile(scene, x, y, shown, round(wide), round(inner), title)
        rows, columns = self.shape
        if down >= LEAST_GRID:
            blocks.grid(scene, x, y, columns, rows, down, scene.theme.rule)
        for i, line in enumerate(self.texts):
            for j, text in enumerate(line):
                if known is None or known[i, j]:
                    self._number(scene, x + j * across, y + i * down, text, shown[i, j])

    def _number(self, scene: Scene, x: float, y: float, text: str, colour: np.ndarray) -> None:
        r, g, b = (int(c) for c in colour)
        middle = x + self.cell[1] / 2, y + self.cell[0] / 2 + self.font * 0.36
        scene.text(
            *middle, text, size=self.font, colour=ink((r, g, b)), face="mono", anchor="middle"
        )

    def outline(self, scene: Scene, x: float, y: float, rows: range, columns: range) -> None:
        """Outline in accent what a window reaches, and each cell of one with gaps."""
        box = self._box(x, y, rows, columns)
        gaps = rows.step > 1 or columns.step > 1
        if gaps and min(self.cell) >= LEAST_CELL:
            for row in rows:
                for column in columns:
                    cell = self._box(x, y, range(row, row + 1), range(column, column + 1))
                    if cell[2] > 0 and cell[3] > 0:
                        scene.add(Rect(*cell, stroke=scene.theme.accent, line=2))
            scene.add(Rect(*box, stroke=scene.theme.accent, line=1))
            return
        mark(scene, *box, (x, y, self.width, self.height))

    def _box(
        self, x: float, y: float, rows: range, columns: range
    ) -> tuple[float, float, float, float]:
        """Return the place of some cells in px, as far as it is in the panel."""
        spans = []
        for cells, size, ring, px in zip(
            (rows, columns), self.shape, self.ring, self.cell, strict=True
        ):
            first = min(max(cells[0], -ring[0]), size + ring[1])
            last = max(min(cells[-1] + 1, size + ring[1]), first)
            spans.append(((first + ring[0]) * px, (last - first) * px))
        (top, tall), (left, wide) = spans
        return x + left, y + top, wide, tall


class Filling:
    """A panel's colours as they become known, from a blank to the whole."""

    def __init__(self, panel: Panel, theme: Theme) -> None:
        self.panel = panel
        self.pixels = np.empty_like(panel.pixels)
        self.pixels[:] = rgb(theme.unknown)
        self.known = np.zeros(panel.shape if panel.texts else (0, 0), bool)

    def fill(self, rows: range, columns: range) -> None:
        """Make some rows and columns known."""
        spans = []
        for cells, size, px in zip(
            (rows, columns), self.panel.shape, self.panel.pixels.shape, strict=False
        ):
            spans.append(slice(round(cells.start * px / size), round(cells.stop * px / size)))
        self.pixels[spans[0], spans[1]] = self.panel.pixels[spans[0], spans[1]]
        self.known[rows.start : rows.stop, columns.start : columns.stop] = True

    def draw(self, scene: Scene, x: float, y: float, title: str) -> None:
        """Draw what is known."""
        self.panel.draw(scene, x, y, title, pixels=self.pixels.copy(), known=self.known)
