"""How single values of a network depend on its input: their gradients, back through its graph."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from cnnviz.errors import CnnvizError, SpecError
from cnnviz.files import check_bytes
from cnnviz.graph import INPUT, Graph
from cnnviz.model.executor import check_finite
from cnnviz.report.receptive_choice import no_filter

if TYPE_CHECKING:
    from cnnviz.contract import Array, Backward, ModelWeights

Index = tuple[int, ...]

TRIES = 8  # filters that are asked for one whose gradient is not 0
_HINT = "choose an earlier layer, or use a smaller input or a higher --max-memory"


class Gradient(NamedTuple):
    """The value of one filter at one place, and its derivatives by the input `(H, W, C)`."""

    filter: int
    value: float
    by_input: Array


def input_gradients(
    graph: Graph,
    weights: ModelWeights,
    x: Array,
    values: Sequence[tuple[str, Index, int | None]],
) -> list[Gradient]:
    """Return the gradients of single values of nodes with respect to the input.

    Parameters
    ----------
    graph : Graph
    weights : mapping
        Arrays by node and name, of the nodes that are needed at least.
    x : ndarray, *input_shape
        Preprocessed; float64 is kept if the weights are float64.
    values : sequence of (str, tuple of int, int or None)
        Node, place in its output, and which filter there; None for the strongest whose gradient
        is not 0: a saturated tanh says nothing of what it sees.

    Raises
    ------
    SpecError
        If a filter is not there, or a layer has no way back.
    InputError
        If an output is not finite.
    RefusedError
        If what has to be kept for the way back is over the byte budget.

    Notes
    -----
    Of equal maxima in a window the first one gets all of the gradient, and at the kink of a ReLU
    it is 0, as in training.

    Examples
    --------
    >>> from cnnviz import load_model
    >>> graph = load_model("Conv2D(kernels=['sobel-x'])", input_shape=(4, 4, 1)).graph
    >>> (one,) = input_gradients(graph, {}, np.ones((4, 4, 1), np.float32), [("conv1", (0, 1), 0)])
    >>> one.by_input[:, :, 0].tolist()[1]
    [0.0, -2.0, 0.0, 2.0]
    """
    names = list(dict.fromkeys(name for name, *_ in values))
    check_bytes(_needed(graph, weights, names, x.itemsize), "the way back", hint=_HINT)
    with np.errstate(all="ignore"):  # what overflows is refused
        made, ways = _forward(graph, weights, x[np.newaxis], names)
        return [
            _gradient(graph, ways, name, made[name], place, filter)
            for name, place, filter in values
        ]


def _needed(graph: Graph, weights: ModelWeights, names: Sequence[str], itemsize: int) -> int:
    """Return the bytes of outputs before and after activations, their gradients, and weights."""
    nodes, shapes = graph.above(names), graph.shapes()
    sizes = [prod(shapes[INPUT]), *(prod(shapes[node.name]) for node in nodes)]
    own = [sum(array.nbytes for array in weights.get(n.name, {}).values()) for n in nodes]
    return itemsize * (2 * sum(sizes) + 4 * max(sizes)) + sum(own) + max(own, default=0)


def _forward(
    graph: Graph, weights: ModelWeights, x: Array, names: Sequence[str]
) -> tuple[dict[str, Array], dict[str, Backward]]:
    """Return the outputs of the nodes, and each needed node's way back."""
    values, ways = {INPUT: x}, {}
    check_finite(x, INPUT)
    for node in graph.above(names):
        taken = [values[name] for name in node.inputs]
        try:
            made, way = node.layer.forward(weights.get(node.name, {}), *taken)
        except CnnvizError as error:
            raise type(error)(f"{node.name}: {error.message}", hint=error.hint) from error
        if way is None:
            raise SpecError(f"{node.name}: {type(node.layer).__name__} has no gradient")
        check_finite(made, node.name)
        values[node.name], ways[node.name] = made, way
    return values, ways


def _gradient(
    graph: Graph,
    ways: dict[str, Backward],
    name: str,
    made: Array,
    place: Index,
    filter: int | None,
) -> Gradient:
    at = (0, *place)
    there = made[at]
    if filter is not None and not 0 <= filter < len(there):
        raise no_filter(name, filter, len(there))
    wanted = np.argsort(-np.abs(there), kind="stable")[:TRIES] if filter is None else [filter]
    found = None
    for one in map(int, wanted):
        seed = np.zeros_like(made)
        seed[(*at, one)] = 1
        by_input = _back(graph, ways, name, seed)
        found = found or Gradient(one, float(there[one]), by_input)
        if by_input.any():
            found = Gradient(one, float(there[one]), by_input)
            break
    assert found is not None
    check_finite(found.by_input, f"{name}: the gradient")
    return found


def _back(graph: Graph, ways: dict[str, Backward], name: str, seed: Array) -> Array:
    """Return the input's gradient, `(H, W, C)`, from that of a node's output."""
    waiting = {name: seed}
    for node in reversed(graph.above([name])):
        own = waiting.pop(node.name, None)
        if own is None or not own.any():
            continue
        inputs, _ = ways[node.name](own)
        for above, one in zip(node.inputs, inputs, strict=True):
            # Not in place: gradients of inputs may share memory.
            waiting[above] = waiting[above] + one if above in waiting else one
    by_input = waiting.get(INPUT)
    return np.zeros(graph.input_shape, seed.dtype) if by_input is None else by_input[0]
