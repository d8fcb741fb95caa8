"""A grid of kernels: how large each is drawn, where it stands, its number and its limit below."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cnnviz.render.figures import blocks
from cnnviz.render.fonts import measure
from cnnviz.render.numbers import number
from cnnviz.render.scene import Scene
from cnnviz.render.theme import CAPTION, GAP, Theme, rgb

# Kernels up to a count: px of the box of each, and columns.
LAYOUTS = (
    (1, 280, 1),
    (4, 176, 4),
    (6, 176, 3),
    (9, 128, 5),
    (16, 112, 8),
    (32, 88, 8),
    (64, 72, 8),
)
LINE = 16  # px below a kernel, for its number and its limit
_CELL = 3  # px of a cell, below which kernels are not made smaller
_LEAST = 40  # px from one kernel to the next, so that both find room


@dataclass(eq=False, repr=False)
class KernelGrid:
    """Where kernels stand: `size` is height and width of each in px, `step` from one to the next.

    `line` px below each are for its caption.
    """

    count: int
    columns: int
    size: tuple[int, int]
    line: int = LINE

    @classmethod
    def of(cls, count: int, shape: Sequence[int], *, part: float = 1) -> KernelGrid:
        """Return the grid of up to 64 kernels, `part` as large if their cells stay large enough."""
        _, box, columns = next(row for row in LAYOUTS if count <= row[0])
        small = int(part * box)
        return cls(count, columns, cells(shape, small if max(shape) * _CELL <= small else box))

    @property
    def step(self) -> tuple[int, int]:
        """Px from one kernel to the next, down and to the right."""
        return self.size[0] + self.line + GAP, self.room + GAP

    @property
    def room(self) -> int:
        """Px that a caption may take."""
        return max(self.size[1], _LEAST) if self.line else self.size[1]

    @property
    def height(self) -> int:
        """Px of all rows."""
        return -(-self.count // self.columns) * self.step[0] - GAP

    @property
    def width(self) -> int:
        """Px of all columns."""
        return min(self.columns, self.count) * self.step[1] - GAP

    def place(self, i: int) -> tuple[int, int]:
        """Return left and top of the i-th kernel in the grid."""
        row, column = divmod(i, self.columns)
        return column * self.step[1], row * self.step[0]

    def captions(
        self, scene: Scene, x: float, y: float, names: Sequence[str], limits: Sequence[float]
    ) -> None:
        """Write below each kernel its name and, where there are `limits`, how far it reaches."""
        said = _ranges(names, limits, self.room) if len(limits) else []
        for i, name in enumerate(names):
            left, top = self.place(i)
            line = y + top + self.size[0] + 13
            scene.text(x + left, line, name, colour=scene.theme.secondary)
            if said:
                right = x + left + self.room
                scene.text(right, line, said[i], colour=scene.theme.secondary, anchor="end")


def cells(shape: Sequence[int], box: int) -> tuple[int, int]:
    """Return height and width of a kernel in a box: whole px a cell."""
    cell = max(1, box // max(shape[:2]))
    return shape[0] * cell, shape[1] * cell


def pixels(values: np.ndarray, limit: float, theme: Theme) -> np.ndarray:
    """Return a kernel as pixels: `(h, w, 3)` in colour, `(h, w)` signed; what is no number magenta.

    Zero is gray in colour, the middle of the scale else; `limit` is its end.
    """
    known = np.isfinite(values)
    filled = np.clip(np.where(known, values, 0), -limit, limit)
    if values.ndim == 3:
        found = blocks.weights_in_colour(filled, limit)
        known = known.all(axis=2)
    else:
        found = blocks.kernel_scale(limit, True, theme.name).colours(filled)
    found[~known] = rgb(theme.nan)
    return found


def _ranges(names: Sequence[str], limits: Sequence[float], room: float) -> list[str]:
    """Return the limit of every kernel, as exact as they all find room beside its name."""
    for digits in (2, 1):
        texts = [f"±{number(limit, digits)}" for limit in limits]
        pairs = zip(names, texts, strict=True)
        if max(measure(n, CAPTION) + measure(t, CAPTION) for n, t in pairs) <= room - GAP / 2:
            return texts
    return []
