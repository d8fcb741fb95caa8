"""One step of training: forward through a graph, the loss, and the gradients on the way back."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from cnnviz.errors import CnnvizError, InputError
from cnnviz.files import check_bytes
from cnnviz.graph import INPUT, Graph, Node
from cnnviz.training.loss import cross_entropy

if TYPE_CHECKING:
    from cnnviz.contract import Array, Backward, ModelWeights

# The output of a layer, its gradient, and what a layer keeps for its way back.
_COPIES = 3
_HINT = "use a smaller --batch-size, a smaller model or a higher --max-memory"


class Learned(NamedTuple):
    """What one batch says.

    Attributes
    ----------
    losses : ndarray, (N,)
        Of each picture, before the weights are changed.
    is_right : ndarray of bool, (N,)
        Whether its largest output is that of its class.
    gradients : dict
        Of the mean loss, by node and weight.
    statistics : dict
        New running statistics, by node and name.
    """

    losses: Array
    is_right: Array
    gradients: dict[str, dict[str, Array]]
    statistics: dict[str, dict[str, Array]]


class Pass:
    """The way through a graph and back.

    Parameters
    ----------
    graph : Graph
        Its output is logits, `(classes,)`.
    weights : mapping
        Arrays by node and name; they may change between two runs.
    label_smoothing : float
        See `cross_entropy`.

    Examples
    --------
    >>> from cnnviz import load_model
    >>> from cnnviz.training.initial import initial_weights
    >>> graph = load_model("Flatten() Dense(3)", input_shape=(2, 2, 1)).graph
    >>> way = Pass(graph, initial_weights(graph))
    >>> made = way.run(np.ones((5, 2, 2, 1), np.float32), [0, 1, 2, 0, 1], np.random.default_rng(0))
    >>> made.losses.shape, made.gradients["dense1"]["kernel"].shape
    ((5,), (4, 3))
    """

    def __init__(
        self, graph: Graph, weights: ModelWeights, *, label_smoothing: float = 0.0
    ) -> None:
        self._weights, self._smoothing = weights, label_smoothing
        self._nodes = graph.above([graph.nodes[-1].name])
        shapes = graph.shapes()
        self._sizes = sum(prod(shapes[node.name]) for node in self._nodes)
        self._trained = _trained(graph, self._nodes)

    def run(
        self,
        x: Array,
        labels: Array,
        generator: np.random.Generator,
        *,
        step: int | None = None,
    ) -> Learned:
        """Return the losses of a batch and the gradients of their mean.

        Parameters
        ----------
        x : ndarray of float32, (N, *input_shape)
        labels : ndarray of int, (N,)
        generator : numpy.random.Generator
            Draws what is dropped.
        step : int, optional
            How many steps were taken before, for running statistics.

        Raises
        ------
        SpecError
            If a layer cannot be trained through.
        InputError
            If losses are not finite.
        RefusedError
            If what has to be kept for the way back is over the byte budget.
        """
        needed = _COPIES * x.itemsize * len(x) * self._sizes
        check_bytes(needed, f"training with batches of {len(x)}", hint=_HINT)
        with np.errstate(all="ignore"):  # what overflows makes losses that are not finite
            logits, ways, statistics = self._forward(x, generator, step)
            rows = logits.reshape(len(x), -1)
            losses, gradient = cross_entropy(rows, labels, label_smoothing=self._smoothing)
            if bad := len(losses) - int(np.count_nonzero(np.isfinite(losses))):
                raise InputError(f"{bad} of {len(losses)} losses are NaN or infinite")
            gradients = self._backward(gradient.reshape(logits.shape), ways)
        return Learned(losses, rows.argmax(axis=1) == labels, gradients, statistics)

    def _forward(
        self, x: Array, generator: np.random.Generator, step: int | None
    ) -> tuple[Array, dict[str, Backward], dict[str, dict[str, Array]]]:
        values, ways, statistics = {INPUT: x}, {}, {}
        for node in self._nodes:
            taken = [values[name] for name in node.inputs]
            own = self._weights.get(node.name, {})
            try:
                made = node.layer.forward_training(own, *taken, generator=generator, step=step)
            except CnnvizError as error:
                raise type(error)(f"{node.name}: {error.message}", hint=error.hint) from error
            values[node.name], ways[node.name], found = made
            if found:
                statistics[node.name] = found
        return values[self._nodes[-1].name], ways, statistics

    def _backward(self, gradient: Array, ways: dict[str, Backward]) -> dict[str, dict[str, Array]]:
        """Return the gradients of the weights; each way back is let go once it has been taken."""
        last = self._nodes[-1]
        waiting, found = {last.name: gradient}, {}
        for node in reversed(self._nodes):
            way, own = ways.pop(node.name), waiting.pop(node.name, None)
            if own is None or node.name not in self._trained:
                continue
            onward = any(name in self._trained for name in node.inputs)
            of_inputs, of_weights = way(own, of_inputs=onward)
            if of_weights:
                found[node.name] = of_weights
            for name, one in zip(node.inputs, of_inputs, strict=False):
                if name in self._trained:
                    # Not in place: gradients of inputs may share memory.
                    waiting[name] = waiting[name] + one if name in waiting else one
        return {node.name: found[node.name] for node in self._nodes if node.name in found}


def _trained(graph: Graph, nodes: tuple[Node, ...]) -> set[str]:
    """Return the names of the nodes whose output depends on weights that are trained."""
    shapes, found = graph.shapes(), set[str]()
    for node in nodes:
        own = node.layer.weight_shapes(*(shapes[name] for name in node.inputs))
        if own or not found.isdisjoint(node.inputs):
            found.add(node.name)
    return found
