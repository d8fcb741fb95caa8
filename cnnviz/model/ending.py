"""How a network ends: what its last values are, and the probabilities that follow."""

from __future__ import annotations

from dataclasses import fields, replace
from math import prod
from typing import TYPE_CHECKING

from cnnviz.errors import SpecError
from cnnviz.geometry import Shape, times
from cnnviz.graph import Graph, Node

if TYPE_CHECKING:
    from cnnviz.contract import Array

_NAMES = {"Softmax": "softmax", "Sigmoid": "sigmoid"}


def probabilities(last: Node, values: Array) -> Array:
    """Return `(classes,)` probabilities from the output of the last node.

    Raises
    ------
    SpecError
        If the output is no row of classes.
    """
    check_classes(last, values.shape)
    row = values.reshape(-1)
    ending = ending_of(last)
    if ending in ("softmax", "sigmoid"):
        return row
    from cnnviz import ops

    # After a log-softmax, softmax is the exponential that it needs.
    result: Array = ops.activation("softmax")(row)
    return result


def check_classes(last: Node, shape: Shape) -> None:
    """Refuse a network whose last output is no row of classes."""
    if prod(shape[:-1]) != 1:
        raise SpecError(
            f"{last.name}: the model ends in maps {times(shape)}, not in classes",
            hint="end it with GlobalAveragePooling2D or Flatten and Dense",
        )


def without_softmax(graph: Graph) -> Graph:
    """Return the network up to its logits, which a loss takes; the weights are the same.

    Raises
    ------
    SpecError
        If it ends in maps, or in an activation that is no softmax.

    >>> from cnnviz import load_model
    >>> graph = load_model("Flatten() Dense(10, activation='softmax')", input_shape=(2, 2, 1)).graph
    >>> without_softmax(graph).nodes[-1].layer.activation is None
    True
    """
    last = graph.nodes[-1]
    check_classes(last, graph.shapes()[last.name])
    ending = ending_of(last)
    if ending in (None, "linear"):
        return graph
    if ending not in ("softmax", "log_softmax"):
        hint = "end it in a layer without an activation, or in softmax"
        raise SpecError(f"{last.name}: classes cannot be trained through {ending}", hint=hint)
    from cnnviz.layers.regularization import Identity

    own = {field.name for field in fields(last.layer)}
    alone = "activation" not in own or type(last.layer).__name__ == "Activation"
    layer = Identity() if alone else replace(last.layer, activation=None)  # type: ignore[call-arg]
    return replace(graph, nodes=(*graph.nodes[:-1], replace(last, layer=layer)))


def ending_of(last: Node) -> str | None:
    """Return the activation that a node ends in, by its Keras name, None for none.

    >>> from cnnviz.model import zoo
    >>> ending_of(zoo.build("vgg16").nodes[-3])
    'relu'
    """
    layer = last.layer
    own = _NAMES.get(type(layer).__name__)
    name = own or getattr(layer, "activation", None)
    return name if isinstance(name, str) else None
