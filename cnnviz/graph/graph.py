"""`Node` and `Graph`: named layers, what each takes, and the shapes that follow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cnnviz.contract import Layer
from cnnviz.errors import SpecError
from cnnviz.geometry import Shape

INPUT = "input"
MAX_NODES = 5_000
MAX_NAME = 100


@dataclass(frozen=True)
class Node:
    """A layer's named place in a graph; `inputs` names the nodes above that it takes."""

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
        The input itself is no node; nodes take it as `"input"`.
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
        for last, node in zip((INPUT, *(n.name for n in self.nodes)), self.nodes, strict=False):
            check_name(node.name, "layer")
            if node.name in seen:
                raise SpecError(f"two layers are named {node.name}", hint="rename one")
            for name in node.inputs:
                if name not in seen:
                    raise SpecError(
                        f"{node.name}: input {name!a} is not a layer above it",
                        hint=f"the one above is {last}",
                    )
            seen.add(node.name)

    def shapes(self) -> dict[str, Shape]:
        """Return the output shape of the input and of every node, by name.

        Raises
        ------
        SpecError
            If a layer does not fit what it takes, with the node's name.
        """
        shapes = {INPUT: self.input_shape}
        for node in self.nodes:
            try:
                shapes[node.name] = node.layer.output_shape(*(shapes[n] for n in node.inputs))
            except SpecError as error:
                raise SpecError(f"{node.name}: {error.message}", hint=error.hint) from error
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


def check_name(name: str, kind: str) -> None:
    """Refuse a name that would not fit or could change what a terminal shows."""
    if not isinstance(name, str) or not name or len(name) > MAX_NAME or not name.isprintable():
        text = ascii(name if not isinstance(name, str) else name[:40])
        raise SpecError(f"{kind} name {text} is not 1 to {MAX_NAME} printable characters")


def check_input_shape(shape: Shape) -> None:
    """Refuse an input shape that is not one to three positive integers."""
    whole = all(isinstance(n, int) and not isinstance(n, bool) and n > 0 for n in shape)
    if not whole or not 1 <= len(shape) <= 3:
        raise SpecError(f"input_shape {shape!a} is not (H, W, C) of positive integers")
