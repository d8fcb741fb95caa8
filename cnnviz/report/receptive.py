"""What single units of a network see of an image: the region, and which of its cells count."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import prod
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from cnnviz.contract import UNKNOWN
from cnnviz.errors import SpecError
from cnnviz.geometry import Shape, times
from cnnviz.geometry.field import Field
from cnnviz.graph import Graph
from cnnviz.report.report import Row
from cnnviz.report.result import Result
from cnnviz.report.sample import sample
from cnnviz.report.shape_fields import Axes, data_of, exceeds, fields_of
from cnnviz.report.shares import tenths

if TYPE_CHECKING:
    from cnnviz.report.layer_features import Seen
    from cnnviz.report.report import Report

Place = tuple[int, ...]
Span = tuple[int, int]

KEPT = 0.95  # of the gradient
MOST = 12  # units in a picture
USUAL = 6  # layers that are drawn where none are named
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


@dataclass(eq=False, repr=False)
class ReceptiveFields(Result):
    """What units of several layers see of one image.

    Attributes
    ----------
    seen : Seen
        Its weights are of no interest without gradients, and then not random.
    units : tuple of Unit
        Those that are drawn.
    growth : tuple of Unit
        The middle unit of every layer whose window makes fields grow.
    is_chosen : bool
        Whether the layers were named.
    """

    figure: ClassVar[str] = "receptive"

    seen: Seen
    units: tuple[Unit, ...]
    growth: tuple[Unit, ...]
    is_chosen: bool = True

    @property
    def subject(self) -> str:
        """The image."""
        return self.seen.image

    @property
    def is_effective(self) -> bool:
        """Whether gradients were taken."""
        return any(unit.effective is not None for unit in self.units)

    @property
    def ends(self) -> tuple[Shape, ...]:
        """The smallest and the largest region, one if they are the same."""
        sizes = sorted((unit.size for unit in self.units if any(unit.size)), key=prod)
        return tuple(dict.fromkeys([*sizes[:1], *sizes[-1:]]))

    @property
    def heading(self) -> str:
        """Network, and what is shown of it: `lenet5: what one unit sees, 5x5 to 16x16 of 28x28`."""
        sizes = f", {' to '.join(map(times, self.ends))}" if self.ends else ""
        return f"{self.seen.model}: what one unit sees{sizes} of {times(self.units[0].space)}"

    @property
    def warnings(self) -> tuple[str, ...]:
        """Whether the gradients are those of random weights."""
        return (self.seen.stamp,) if self.seen.is_random else ()

    def head(self) -> Iterator[str]:
        """Yield what the network sees, and what was done to the image for it."""
        yield from self.seen.head(weights=self.is_effective)

    def lines(self, width: int = 80) -> Iterator[str]:
        """Yield image, network and a line a unit."""
        yield from self.head()
        for unit in self.units:
            yield f"unit     {unit.name}, {unit.place}: {unit.words()}"

    def report(self) -> Report:
        """Return the table of the units, or of all layers where none were named."""
        from cnnviz.report.receptive_table import report

        return report(self)

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return a row of plain data for each unit."""
        return [{"image": self.seen.image} | unit.to_dict() for unit in self.units]

    def tables(self) -> dict[str, list[Row]]:  # type: ignore[override]
        """Return what was done to the image."""
        steps = list(self.seen.preprocess)
        return {"preprocess": [{"image": self.seen.image, "steps": steps}]}

    def arrays(self) -> list[tuple[str, np.ndarray]]:
        """Return the heat of each unit, or 1 where it sees the image and 0 elsewhere, `(H, W)`."""
        return [(unit.name, _plane(unit)) for unit in self.units]

    @property
    def nbytes(self) -> int:
        """Bytes of the image and of all heat."""
        return self.seen.nbytes + sum(u.effective.heat.nbytes for u in self.units if u.effective)

    @property
    def figure_nbytes(self) -> int:
        """Bytes that a figure needs beside them."""
        return 40 * prod(self.units[0].space)


def percent(share: float) -> str:
    """Return a share in percent, with two digits where it is small.

    >>> percent(0.327), percent(9 / 224**2), percent(0)
    ('32.7%', '0.018%', '0.0%')
    """
    return f"{100 * share:.2g}%" if 1e-6 <= share < 0.001 else tenths(share)


def chosen_units(
    graph: Graph, layers: Sequence[str], places: Sequence[Place] = (), filter: int | None = None
) -> tuple[Unit, ...]:
    """Return units of layers: at the places, one after another, else the middle one of each.

    Raises
    ------
    SpecError
        If the network takes no images, they are too many, or a layer has no unit at a place, or
        no filter of that number.

    >>> from cnnviz import load_model
    >>> (unit,) = chosen_units(load_model("vgg16").graph, ["pool5"], [(0, 0)])
    >>> unit.region, unit.inside
    (((-90, 122), (-90, 122)), ((0, 122), (0, 122)))
    """
    if len(graph.input_shape) != 3:
        raise SpecError(f"{graph.name} takes {times(graph.input_shape)}, which is no image")
    fields, _ = fields_of(graph)
    found = []
    for middle in (_middle(graph, name, fields[name]) for name in layers):
        wanted = places if middle.at else ()
        found += [replace(middle, at=_checked(middle, at)) for at in wanted] or [middle]
    if places and not any(unit.at for unit in found):
        raise SpecError(f"--at: the units of {layers[0]} have no place", hint="leave it out")
    if len(found) > MOST:
        raise SpecError(
            f"{len(found)} units are more than the {MOST} of a picture", hint="name fewer layers"
        )
    for unit in found:
        if filter is not None and filter >= unit.shape[-1]:
            raise no_filter(unit.name, filter, unit.shape[-1])
    return tuple(found)


def no_filter(name: str, filter: int, count: int) -> SpecError:
    """Return the error for a filter that a layer does not have."""
    return SpecError(f"{name} has no filter {filter}", hint=f"they are 0 to {count - 1}")


def grown(graph: Graph) -> tuple[Unit, ...]:
    """Return the middle unit of each layer with places whose window makes fields grow, or step."""
    if len(graph.input_shape) != 3:
        return ()
    fields, axes = fields_of(graph)
    shapes = graph.shapes()
    return tuple(
        _middle(graph, node.name, fields[node.name])
        for node in graph.nodes
        if fields[node.name] is not None and len(shapes[node.name]) == 3 and _grows(axes[node.name])
    )


def growth_rows(graph: Graph) -> list[dict[str, Any]]:
    """Return a row of plain data for each layer where fields grow."""
    return [unit.to_dict() for unit in grown(graph)]


def usual_layers(graph: Graph) -> tuple[str, ...]:
    """Return which layers are drawn where none are named: some of those where fields grow.

    >>> from cnnviz import load_model
    >>> usual_layers(load_model("vgg16").graph)
    ('conv1_1', 'conv2_1', 'conv3_2', 'conv4_1', 'conv5_1', 'pool5')
    """
    names = [unit.name for unit in grown(graph)] or [node.name for node in graph.nodes]
    return sample(names, USUAL)


def _grows(axes: Axes) -> bool:
    return not isinstance(axes, str) and any(a.extent > 1 or a.pace != (1, 1) for a in axes)


def _middle(graph: Graph, name: str, field: Field | None) -> Unit:
    """Return the unit in the middle of a layer."""
    shape = graph.shapes()[name]
    kind = next(type(node.layer).__name__ for node in graph.nodes if node.name == name)
    large = exceeds(field, shape, graph.input_shape)
    at = tuple(n // 2 for n in shape[:-1])
    return Unit(name, kind, at, shape, graph.input_shape[:-1], field, large)


def _checked(unit: Unit, at: Place) -> Place:
    space = unit.shape[:-1]
    if len(at) != len(space) or any(not 0 <= n < size for n, size in zip(at, space, strict=True)):
        sides = zip(("rows", "columns") if len(space) == 2 else ("places",), space, strict=True)
        hint = "its " + ", its ".join(f"{side} are 0 to {size - 1}" for side, size in sides)
        where = ",".join(map(str, at))
        raise SpecError(f"--at {where} is not in {unit.name}, {times(space)}", hint=hint)
    return at


def _spans(spans: tuple[Span, ...] | None) -> Any:
    if spans is None:
        return UNKNOWN
    rows, columns = map(list, spans)
    return {"rows": rows, "columns": columns}


def _plane(unit: Unit) -> np.ndarray:
    if unit.effective is not None:
        return unit.effective.heat
    plane = np.zeros(unit.space, np.float32)
    if unit.inside is not None:
        (top, bottom), (left, right) = unit.inside
        plane[top:bottom, left:right] = 1
    return plane
