"""Which units of a network are shown: those asked for, or some of those where fields grow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from cnnviz.errors import SpecError
from cnnviz.geometry import times
from cnnviz.geometry.field import Field
from cnnviz.graph import Graph
from cnnviz.report.receptive_unit import Place, Unit
from cnnviz.report.sample import sample
from cnnviz.report.shape_fields import Axes, exceeds, fields_of

MOST = 12  # units in a picture
USUAL = 6  # layers that are drawn where none are named


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
