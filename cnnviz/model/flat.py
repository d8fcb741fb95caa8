"""The order of values behind a Flatten: PyTorch lays maps out channels first, we channels last."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import TYPE_CHECKING

from cnnviz.geometry import Shape
from cnnviz.graph import Graph, Node

if TYPE_CHECKING:
    from cnnviz.contract import Array

# The layout of weights whose framework lays maps out so; MLX's (ohwi) keeps channels last.
CHANNELS_FIRST = "oihw"

# The maps, one behind the other, that a row of values was laid out from.
Parts = tuple[Shape, ...]


def flattened(graph: Graph) -> dict[str, Parts]:
    """Return what each node whose input is a flattened map takes, by its name.

    Through what leaves a row in its order (dropout, activations, normalization), and through
    Concatenate; a node that mixes the values, such as Dense, ends it.

    >>> from cnnviz.model import zoo
    >>> flattened(zoo.build("vgg16"))
    {'fc6': ((7, 7, 512),)}
    """
    shapes, rows = graph.shapes(), _rows(graph)
    taken: dict[str, Parts] = {}
    for node in graph.nodes:
        above = [shapes[name] for name in node.inputs]
        first = rows.get(node.inputs[0])
        if first and (node.layer.weight_shapes(*above) or node.layer.statistic_shapes(*above)):
            taken[node.name] = first
    return taken


def reordered(values: Array, parts: Parts) -> Array:
    """Return values whose last axis runs over flattened maps, from channels first to channels last.

    >>> import numpy as np
    >>> reordered(np.arange(6), ((1, 2, 3),)).tolist()  # two places, three channels
    [0, 2, 4, 1, 3, 5]
    """
    import numpy as np

    place, made = 0, []
    for shape in parts:
        own = values[..., place : place + prod(shape)]
        maps = own.reshape(*own.shape[:-1], shape[-1], *shape[:-1])
        made.append(np.moveaxis(maps, -len(shape), -1).reshape(own.shape))
        place += prod(shape)
    return made[0] if len(made) == 1 else np.concatenate(made, axis=-1)


def moved(graph: Graph) -> list[str]:
    """Return notes on nodes whose values are not those of PyTorch, whatever the weights.

    >>> from cnnviz import load_model
    >>> moved(load_model("Conv2D(2, 3) Flatten()", input_shape=(5, 5, 1)).graph)
    ["flatten: the output is a flattened map, channels last; PyTorch's would be channels first"]
    """
    shapes, rows = graph.shapes(), _rows(graph)
    notes = []
    for node in graph.nodes:
        kind = type(node.layer).__name__
        if kind in ("Reshape", "Permute") and len(shapes[node.name]) > 1:
            notes.append(
                f"{node.name}: {kind} orders values channels last; PyTorch's would order them "
                "channels first"
            )
        elif kind != "Concatenate" and len({rows.get(name) for name in node.inputs}) > 1:
            notes.append(
                f"{node.name}: {kind} joins a flattened map, channels last, with values of "
                "another order; PyTorch's would pair them otherwise"
            )
    last = graph.nodes[-1].name
    if last in rows:
        notes.append(
            f"{last}: the output is a flattened map, channels last; PyTorch's would be "
            "channels first"
        )
    return notes


def _rows(graph: Graph) -> dict[str, Parts]:
    """Return the maps that each node's output was laid out from, where their order matters."""
    shapes = graph.shapes()
    rows: dict[str, Parts] = {}
    for node in graph.nodes:
        above = [shapes[name] for name in node.inputs]
        parts = _made(node, above, shapes[node.name], [rows.get(name) for name in node.inputs])
        if parts and any(map(_matters, parts)):
            rows[node.name] = parts
    return rows


def _made(
    node: Node, above: Sequence[Shape], made: Shape, rows: Sequence[Parts | None]
) -> Parts | None:
    """Return the maps that a node's output was laid out from, None where it is no row of maps."""
    if len(made) != 1:
        return None
    if len(above) == 1 and len(above[0]) > 1:
        return (above[0],) if prod(above[0]) == made[0] else None
    if type(node.layer).__name__ == "Concatenate":
        each = [parts or (shape,) for parts, shape in zip(rows, above, strict=True)]
        return tuple(shape for parts in each for shape in parts)
    mixes = "kernel" in node.layer.weight_shapes(*above)
    return None if mixes or made != above[0] else rows[0]


def _matters(shape: Shape) -> bool:
    return len(shape) > 1 and shape[-1] > 1 and prod(shape[:-1]) > 1
