"""Which input pixels the units of each node see, through windows and where branches meet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from cnnviz.contract import UNKNOWN, Unknown
from cnnviz.errors import SpecError
from cnnviz.geometry import Axis, Shape, Window
from cnnviz.geometry.field import Field
from cnnviz.geometry.transposed import TransposedAxis
from cnnviz.graph import INPUT, Graph, Node

MAX_FIELD = 2**63

Axes = tuple[Axis, ...] | tuple[TransposedAxis, ...] | Unknown


def fields_of(graph: Graph) -> tuple[dict[str, Field | None], dict[str, Axes]]:
    """Return the receptive field of the input and of each node, and each node's window laid out.

    A field is None where no size, stride and start are true of every unit: behind a reshaping,
    or where branches with different strides meet.

    >>> from cnnviz import load_model
    >>> fields, _ = fields_of(load_model("vgg16").graph)
    >>> fields["pool5"].size, fields["pool5"].stride, fields["pool5"].start
    ((212, 212), (32, 32), (-90, -90))
    """
    sizes = graph.shapes()
    fields: dict[str, Field | None] = {INPUT: Field.of_input(len(graph.input_shape) - 1)}
    axes = {}
    for node in graph.nodes:
        taken = [sizes[name] for name in node.inputs]
        axes[node.name] = axes_of(node, taken)
        above = [fields[name] for name in node.inputs]
        fields[node.name] = field_of(node, above, taken, sizes[node.name], axes[node.name])
    return fields, axes


def axes_of(node: Node, taken: Sequence[Shape]) -> Axes:
    """Return a node's window laid on its input; no axes where each place is by itself."""
    window = node.layer.window(taken[0])
    if window is None:
        return ()
    return UNKNOWN if isinstance(window, str) else window.on(taken[0][:-1])


def field_of(
    node: Node, above: Sequence[Field | None], taken: Sequence[Shape], made: Shape, axes: Axes
) -> Field | None:
    """Return the field of a node from those of its inputs; None where it is not known.

    Units without a place (behind Flatten or a global pooling) see all that the layer takes.
    """
    known = [field for field in above if field is not None]
    met = _met(known, taken, made) if len(known) == len(above) else None
    field = None if met is None else _behind(met, taken[0][:-1], made[:-1], axes)
    if field and any(n >= MAX_FIELD for n in (*field.size, *field.stride)):
        raise SpecError(f"{node.name}: the receptive field is larger than 2**63 pixels")
    return field


def data_of(field: Field | None) -> dict[str, Any] | str:
    """Return a field as a report's row holds it."""
    if field is None:
        return UNKNOWN
    size, stride, start = list(field.size), list(field.stride), list(field.start)
    return {"size": size, "stride": stride, "start": start, "aligned": field.aligned}


def exceeds(field: Field | None, made: Shape, input_shape: Shape) -> bool:
    """Tell whether units that have a place see more than the input along an axis.

    A stride of 0 says that every unit sees all of it, by design.
    """
    if field is None or len(made) != len(input_shape) or len(made) < 2 or not all(field.stride):
        return False
    return any(map(int.__gt__, field.size, input_shape[:-1]))


def _behind(met: Field, taken: Shape, made: Shape, axes: Axes) -> Field | None:
    """Return the field behind a layer; `taken` and `made` are the spatial axes only."""
    if taken and not made:
        axes = Window.of(taken, rank=len(taken)).on(taken)
    elif made and not taken:  # a vector laid out as an image: every unit sees all of it
        return met.whole((1,) * len(met.axes))
    if isinstance(axes, str):
        return None
    if axes and len(axes) != len(met.axes):  # of another rank than the input
        return None if any(met.stride) else met
    return met.through(axes) if axes else met


def _met(fields: Sequence[Field], taken: Sequence[Shape], made: Shape) -> Field | None:
    """Return the field of values that a node computes from one unit of each input."""
    if len(fields) == 1:
        return fields[0]
    space, rank = made[:-1], len(fields[0].axes)
    spaces = [shape[:-1] for shape in taken]
    if any(n not in (1, m) for own in spaces for n, m in zip(own, space, strict=False)):
        return None  # side by side, not one on the other
    level = [own if len(own) == rank else (1,) * rank for own in spaces]
    # An axis is whole where one unit of an input is for all places, or sees the same as all.
    whole = {
        axis
        for axis in range(rank)
        if len({own[axis] for own in level}) > 1
        or (len({field.axes[axis].stride for field in fields}) > 1
            and (not space or any(field.axes[axis].shift == 0 for field in fields)))
    }  # fmt: skip
    pairs = zip(fields, level, strict=True)
    each = [f.whole([n if a in whole else None for a, n in enumerate(own)]) for f, own in pairs]
    met = each[0].merge(list(dict.fromkeys(each[1:])))
    if met is not None and not space:  # no places that could differ
        return replace(met, aligned=all(field.aligned for field in fields))
    return met
