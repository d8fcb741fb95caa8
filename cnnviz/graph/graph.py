"""`Node` and `Graph`: named layers, what each takes, and the shapes that follow."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from math import prod
from typing import Any

from cnnviz.contract import Layer
from cnnviz.errors import SpecError, bounded, shortened, unknown_name
from cnnviz.geometry import Shape

INPUT = "input"
MAX_NODES = 5_000
MAX_NAME = 100
# Above it no array can be: its values could not be counted by an index.
MAX_VALUES = 2**63


@dataclass(frozen=True)
class Node:
    """A layer's named place in a graph; `inputs` names the nodes above that it takes, in order."""

    name: str
    layer: Layer
    inputs: tuple[str, ...]


@dataclass(frozen=True)
class Graph:
    """A network: its nodes in an order in which each comes after its inputs.

    Parameters
    ----------
    name : str
    nodes : tuple of Node
        The input itself is no node; nodes take it as `"input"`. The last node is the output.
    input_shape : tuple of int
        `(H, W, C)` or `(units,)`, without a batch axis.
    preprocess : mapping, optional
        What is done to an image before the first node, kept as read.
    labels : tuple of str
        The names of the outputs.

    Raises
    ------
    SpecError
        If there are no nodes or too many, or a name is taken, unknown or cannot be printed.
    """

    name: str
    nodes: tuple[Node, ...]
    input_shape: Shape
    preprocess: Mapping[str, Any] | None = field(default=None, hash=False)
    labels: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_name(self.name, "model")
        check_input_shape(self.input_shape)
        if not self.nodes:
            raise SpecError(f"model {self.name} has no layers")
        if len(self.nodes) > MAX_NODES:
            raise SpecError(f"model {self.name} has more than {MAX_NODES} layers")
        seen = {INPUT}
        for place, node in enumerate(self.nodes):
            check_name(node.name, "layer")
            if node.name in seen:
                raise SpecError(f"two layers are named {node.name}", hint="rename one")
            if not node.inputs:
                raise SpecError(f"{node.name}: inputs is empty", hint=f'write inputs = ["{INPUT}"]')
            if not seen.issuperset(node.inputs):
                raise self._unknown_input(place, seen)
            seen.add(node.name)

    def _unknown_input(self, place: int, above: Collection[str]) -> SpecError:
        """Return the error for a node that takes what is not above it."""
        node = self.nodes[place]
        name = next(name for name in node.inputs if name not in above)
        below = [other.name for other in self.nodes[place:]]
        if name == node.name:
            hint = "a layer takes what is above it, never itself"
        elif name in below:
            hint = f"it is below {node.name}; write a layer after all that it takes"
        else:
            hint = unknown_name("layer", name, above).hint or ""
            if hint.startswith("known"):
                hint = f"the one above is {self.nodes[place - 1].name if place else INPUT}"
        return SpecError(
            f"{node.name}: input {shortened(name)!a} is not a layer above it", hint=hint
        )

    def shapes(self) -> dict[str, Shape]:
        """Return the output shape of the input and of every node, by name.

        Raises
        ------
        SpecError
            If a layer does not fit what it takes, with the node's name.
        """
        return dict(self._shapes)

    def above(self, names: Collection[str]) -> tuple[Node, ...]:
        """Return the nodes of those names and all that they depend on, in order."""
        needed, found = set(names), []
        for node in reversed(self.nodes):
            if node.name in needed:
                needed.update(node.inputs)
                found.append(node)
        return tuple(reversed(found))

    @cached_property
    def _shapes(self) -> dict[str, Shape]:
        # Kept, since reports, executors and each run of a model ask again.
        shapes = {INPUT: self.input_shape}
        for node in self.nodes:
            try:
                shape = node.layer.output_shape(*(shapes[name] for name in node.inputs))
                if prod(shape) >= MAX_VALUES:
                    raise SpecError("its output has more than 2**63 values")
                shapes[node.name] = shape
            except SpecError as error:
                raise SpecError(
                    f"{node.name}: {bounded(error.message)}", hint=error.hint
                ) from error
        return shapes


def sequential(
    name: str,
    input_shape: Shape,
    layers: Mapping[str, Layer],
    *,
    preprocess: Mapping[str, Any] | None = None,
    labels: tuple[str, ...] = (),
) -> Graph:
    """Return the graph in which each layer takes the one above it."""
    return Graph(name, chain(INPUT, layers), input_shape, preprocess, labels)


def chain(above: str, layers: Mapping[str, Layer]) -> tuple[Node, ...]:
    """Return nodes each of which takes the one before it, the first the node `above`."""
    takes = (above, *layers)
    return tuple(Node(own, layers[own], (last,)) for last, own in zip(takes, layers, strict=False))


def dead_ends(graph: Graph) -> list[str]:
    """Return the names of the nodes that nothing takes, apart from the last one, the output.

    >>> from cnnviz.layers import find
    >>> dense = find("Dense")
    >>> dead_ends(Graph("net", tuple(Node(n, dense(2), (INPUT,)) for n in ("aside", "out")), (3,)))
    ['aside']
    """
    taken = {name for node in graph.nodes for name in node.inputs}
    return [node.name for node in graph.nodes[:-1] if node.name not in taken]


def check_name(name: str, kind: str) -> None:
    """Refuse a name that would not fit or could change what a terminal shows."""
    if not isinstance(name, str) or not name or len(name) > MAX_NAME or not name.isprintable():
        text = shortened(ascii(name))
        raise SpecError(f"{kind} name {text} is not 1 to {MAX_NAME} printable characters")


def check_input_shape(shape: Shape) -> None:
    """Refuse an input shape that is not one to three positive integers."""
    whole = all(isinstance(n, int) and not isinstance(n, bool) and n > 0 for n in shape)
    if not whole or not 1 <= len(shape) <= 3:
        raise SpecError(
            f"input_shape {shortened(ascii(shape))} is not (H, W, C) of positive integers"
        )
