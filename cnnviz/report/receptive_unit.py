"""One unit of a network: the region of an image that it sees, and which cells of it count."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any

import numpy as np

from cnnviz.contract import UNKNOWN
from cnnviz.geometry import Shape, times
from cnnviz.geometry.field import Field
from cnnviz.report.shape_fields import data_of
from cnnviz.report.shares import tenths

Place = tuple[int, ...]
Span = tuple[int, int]

KEPT = 0.95  # of the gradient
LARGER = "larger than the image"


@dataclass(eq=False, repr=False)
class Effective:
    """Which cells of the image one value depends on, and how much.

    Attributes
    ----------
    filter : int
        Whose value it is, of those at the place.
    value : float
    heat : ndarray, (H, W)
        The absolute derivatives of the value by the cell's channels, added.
    """

    filter: int
    value: float
    heat: np.ndarray

    @cached_property
    def cells(self) -> int:
        """Cells on which the value depends at all."""
        return int(np.count_nonzero(self.heat))

    def holding(self, share: float = KEPT) -> int:
        """Return the fewest cells that hold a share of all heat.

        >>> heat = np.array([[96.0, 2.0], [1.0, 1.0]])
        >>> one = Effective(0, 1.0, heat)
        >>> one.holding(), one.holding(0.97), one.holding(1)
        (1, 2, 4)
        """
        totals = np.cumsum(np.sort(self.heat, axis=None)[::-1], dtype=np.float64)
        enough = totals >= share * totals[-1] * (1 - 1e-12)
        return int(enough.argmax()) + 1 if totals[-1] > 0 else 0

    def to_dict(self, space: Shape) -> dict[str, Any]:
        """Return it as plain data, without the heat."""
        kept = self.holding()
        row, column = np.unravel_index(int(self.heat.argmax()), self.heat.shape)
        return {
            "filter": self.filter,
            "value": self.value,
            "cells": self.cells,
            "cells_95": kept,
            "share_95": kept / prod(space),
            "strongest": [int(row), int(column)] if self.cells else None,
        }


@dataclass(eq=False, repr=False)
class Unit:
    """One unit of a layer, and what it sees.

    Attributes
    ----------
    name, kind : str
        The layer's.
    at : tuple of int
        Its place, `(row, column)`; `()` in a layer whose units have none.
    shape : tuple of int
        The layer's output.
    space : tuple of int
        Rows and columns of the image.
    field : Field or None
        None where it is not known.
    too_large : bool
        Whether it is larger than the image.
    effective : Effective, optional
    """

    name: str
    kind: str
    at: Place
    shape: Shape
    space: Shape
    field: Field | None
    too_large: bool = False
    effective: Effective | None = None

    @property
    def region(self) -> tuple[Span, ...] | None:
        """First row and the one behind the last, and columns, padding included."""
        if self.field is None:
            return None
        axes = len(self.field.axes)
        return self.field.seen(self.at if len(self.at) == axes else (0,) * axes)

    @property
    def inside(self) -> tuple[Span, ...] | None:
        """The part of the region that is image; (0, 0) where there is none."""
        if self.region is None:
            return None
        pairs = zip(self.region, self.space, strict=True)
        found = [(max(0, first), min(end, size)) for (first, end), size in pairs]
        empty = any(first >= end for first, end in found)
        return ((0, 0),) * len(found) if empty else tuple(found)

    @property
    def share(self) -> float | None:
        """The share of the image that lies in the region."""
        if self.inside is None:
            return None
        return prod(end - first for first, end in self.inside) / prod(self.space)

    @property
    def size(self) -> Shape:
        """Rows and columns of the region; of the field if it has any."""
        return tuple(end - first for first, end in self.region or ())

    @property
    def place(self) -> str:
        """Its place in words, with those that there are: `3,3 of 7x7`."""
        if not self.at:
            return f"all {self.shape[-1]} units"
        return f"{','.join(map(str, self.at))} of {times(self.shape[:-1])}"

    def words(self) -> str:
        """Return how large the region is: `8x8, 8.2% of the image`."""
        if self.share is None:
            return f"field {UNKNOWN}"
        if not any(self.size):
            return "sees nothing"
        flag = f", {LARGER}" if self.too_large else ""
        return f"{times(self.size)}, {percent(self.share)} of the image{flag}"

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data; of spans the end is the cell behind the last."""
        found: dict[str, Any] = {
            "name": self.name,
            "type": self.kind,
            "at": list(self.at) or None,
            "output_shape": list(self.shape),
            "receptive_field": data_of(self.field),
            "region": _spans(self.region),
            "clipped": _spans(self.inside),
            "share": UNKNOWN if self.share is None else self.share,
            "exceeds_image": self.too_large,
        }
        if self.effective is not None:
            found["effective"] = self.effective.to_dict(self.space)
        return found


def percent(share: float) -> str:
    """Return a share in percent, with two digits where it is small.

    >>> percent(0.327), percent(9 / 224**2), percent(9 / 12e6), percent(0)
    ('32.7%', '0.018%', '<0.0001%', '0.0%')
    """
    if 0 < share < 1e-6:
        return "<0.0001%"
    return f"{100 * share:.2g}%" if 0 < share < 0.001 else tenths(share)


def _spans(spans: tuple[Span, ...] | None) -> Any:
    if spans is None:
        return UNKNOWN
    rows, columns = map(list, spans)
    return {"rows": rows, "columns": columns}
