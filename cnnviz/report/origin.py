"""What of the image a value inside a network sees, beyond the maps that its window reads."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from cnnviz.geometry import Shape, times
from cnnviz.geometry.field import Field
from cnnviz.report.shares import tenths
from cnnviz.report.terms import Place

Span = tuple[int, int]


@dataclass(eq=False, repr=False)
class Origin:
    """The image that a network takes, and what of it the units of one layer see.

    Attributes
    ----------
    picture : ndarray, (H, W) or (H, W, C)
        The image as the network takes it, in colours that can be shown.
    space : (int, int)
        Its rows and columns.
    field : Field
        The receptive field of the layer.
    """

    picture: np.ndarray
    space: Shape
    field: Field

    def region(self, at: Place) -> tuple[Span, Span]:
        """Return the first row and the one behind the last that a unit sees, and the columns.

        They may lie in padding.

        >>> field = Field.of((3, 3), (2, 2), (-1, -1))
        >>> Origin(np.zeros((9, 9)), (9, 9), field).region((0, 4))
        ((-1, 2), (7, 10))
        """
        rows, columns = self.field.seen(at)
        return rows, columns

    def inside(self, at: Place) -> tuple[Span, Span]:
        """Return the part of the region that is image."""
        rows, columns = (
            (max(0, first), min(end, size))
            for (first, end), size in zip(self.region(at), self.space, strict=True)
        )
        return rows, columns

    def share(self, at: Place) -> float:
        """Return the share of the image that a unit sees."""
        return prod(max(0, end - first) for first, end in self.inside(at)) / prod(self.space)

    def words(self, at: Place) -> str:
        """Return what of the image a unit sees, in plain ASCII."""
        share, (rows, columns) = self.share(at), self.inside(at)
        size = times(tuple(end - first for first, end in self.region(at)))
        if share == 1:
            return f"all of the image, {times(self.space)}, with a field of {size}"
        spans = f"rows {rows[0]} to {rows[1] - 1}, columns {columns[0]} to {columns[1] - 1}"
        return f"{spans} of the image, {tenths(share)} of it, with a field of {size}"

    def to_dict(self, at: Place) -> dict[str, Any]:
        """Return it as plain data; the ends are those behind the last cell."""
        rows, columns = self.region(at)
        return {
            "rows": list(rows),
            "columns": list(columns),
            "image_shape": list(self.space),
            "image_share": self.share(at),
        }
