"""Weights before any training."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import prod, sqrt
from typing import TYPE_CHECKING

import numpy as np

from cnnviz.files import check_bytes
from cnnviz.geometry import Shape
from cnnviz.graph import Graph, Node

if TYPE_CHECKING:
    from cnnviz.contract import Array

    Draw = Callable[[Node, str, Shape, Sequence[Shape]], Array]

_ONES = ("gamma", "moving_variance", "variance")


def he_weights(graph: Graph, seed: int = 0) -> dict[str, dict[str, Array]]:
    """Return random weights for every node that has any, float32.

    Kernels are normal with variance `2 / fan_in`, which keeps the variance of activations through
    ReLU layers (He et al., "Delving Deep into Rectifiers", 2015); biases and means are 0, scales
    and variances 1; what a layer's settings give (named kernels) is as they say. The same seed
    gives the same weights.
    """
    generator = np.random.default_rng(seed)

    def draw(node: Node, name: str, shape: Shape, taken: Sequence[Shape]) -> Array:
        values = generator.standard_normal(shape, np.float32)
        values *= np.float32(sqrt(2 / node.layer.fan_in(name, *taken)))
        return values

    return filled(graph, draw)


def filled(graph: Graph, draw: Draw) -> dict[str, dict[str, Array]]:
    """Return new weights for every node that has any, float32, their kernels as `draw` makes them.

    What a layer's settings give is as they say; biases and means are 0, scales and variances 1.

    Parameters
    ----------
    graph : Graph
    draw : callable
        Takes a node, the name and the shape of a kernel, and the shapes that the node takes.

    Raises
    ------
    RefusedError
        If the weights are over the byte budget.
    """
    _check(graph, weight_count(graph))
    wanted = wanted_shapes(graph)
    weights: dict[str, dict[str, Array]] = {}
    named = initial(graph)
    for node, taken in _taken(graph):
        for name, shape in wanted.get(node.name, {}).items():
            given = named.get(node.name, {}).get(name)
            if given is not None:
                values = np.array(given, np.float32)
            elif "kernel" in name:
                values = draw(node, name, shape, taken)
            else:
                values = np.full(shape, float(name in _ONES), np.float32)
            weights.setdefault(node.name, {})[name] = values
    return weights


def wanted_shapes(graph: Graph) -> dict[str, dict[str, Shape]]:
    """Return the shapes of all weights and statistics by node and name, in the graph's order.

    >>> from cnnviz.model import zoo
    >>> wanted_shapes(zoo.build("lenet5"))["c1"]
    {'kernel': (5, 5, 1, 6), 'bias': (6,)}
    """
    found = {}
    for node, taken in _taken(graph):
        shapes = node.layer.weight_shapes(*taken) | node.layer.statistic_shapes(*taken)
        if shapes:
            found[node.name] = shapes
    return found


def weight_count(graph: Graph) -> int:
    """Return how many numbers the weights and statistics of all nodes are.

    >>> from cnnviz.model import zoo
    >>> weight_count(zoo.build("lenet5"))
    61706
    """
    return sum(prod(shape) for own in wanted_shapes(graph).values() for shape in own.values())


def initial(graph: Graph) -> dict[str, dict[str, Array]]:
    """Return the weights that the settings of layers give, by node and name.

    Raises
    ------
    RefusedError
        If they are over the byte budget.
    """
    layers = {node.name: node.layer for node in graph.nodes}
    wanted = wanted_shapes(graph)
    given = (own[name] for node, own in wanted.items() for name in layers[node].given())
    _check(graph, sum(map(prod, given)))
    made = {node.name: node.layer.initial(*taken) for node, taken in _taken(graph)}
    return {name: values for name, values in made.items() if values}


def undecided(graph: Graph) -> bool:
    """Tell whether there are kernels that neither training nor the spec has decided."""
    layers = {node.name: node.layer for node in graph.nodes}
    return any(
        "kernel" in name and name not in layers[node].given()
        for node, shapes in wanted_shapes(graph).items()
        for name in shapes
    )


def _check(graph: Graph, count: int) -> None:
    check_bytes(4 * count, f"{graph.name}: {count} weights", hint="use a smaller model")


def _taken(graph: Graph) -> Iterator[tuple[Node, list[Shape]]]:
    shapes = graph.shapes()
    for node in graph.nodes:
        yield node, [shapes[name] for name in node.inputs]
