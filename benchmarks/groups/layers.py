"""The layers of networks, each alone: a network of one layer."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from cases import Case

from cnnviz.contract import Layer
from cnnviz.graph import Graph, sequential
from cnnviz.layers.regularization import Dropout
from cnnviz.model import zoo
from groups import networks

TITLE = "Layers, one image"
ROUNDS = 3
NETWORKS = ("vgg16", "alexnet", "googlenet")
# Of GoogLeNet's nine blocks: the first, one in the middle and the last.
BLOCKS = ("inception_3a", "inception_4c", "inception_5b")
IDLE = ("Flatten", "Dropout", "Concatenate")


def cases(quick: bool) -> list[Case]:
    """Return every layer that differs from those before it, network by network."""
    return [
        Case(f"{name} {node}", networks.sides(alone))
        for name in (("lenet5",) if quick else NETWORKS)
        for node, alone in layers(zoo.build(name))
    ]


def layers(graph: Graph) -> Iterator[tuple[str, Graph]]:
    """Yield a network of one layer for each that has something to compute, by its name."""
    shapes = graph.shapes()
    known: set[tuple[Layer, tuple[int, ...]]] = set()
    for node in graph.nodes:
        block, _, branch = node.name.partition("/")
        shape = shapes[node.inputs[0]]
        skipped = branch and block.startswith("inception") and block not in BLOCKS
        if skipped or type(node.layer).__name__ in IDLE or (node.layer, shape) in known:
            continue
        known.add((node.layer, shape))
        # A plan is for what has more than one node; the second does nothing.
        yield node.name, sequential(node.name, shape, {"layer": node.layer, "end": Dropout(0.5)})


def work(graph: Graph) -> tuple[float, float]:
    """Return the floating-point operations of a network of one layer, and the bytes it touches.

    Bytes are those of its input, its weights and its output, each once.
    """
    node = graph.nodes[0]
    shape = graph.input_shape
    made = node.layer.output_shape(shape)
    weights = node.layer.weight_shapes(shape).values()
    sizes = [np.prod(each) for each in (shape, made, *weights)]
    return 2.0 * float(node.layer.macs(shape)), 4.0 * float(sum(sizes))
