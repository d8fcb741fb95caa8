"""One step of training: forward through a graph, the loss, and the gradients on the way back."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from cnnviz.errors import InputError
from cnnviz.files import check_bytes
from cnnviz.graph import INPUT, Graph, Node
from cnnviz.ops.scratch import small_buffers
from cnnviz.training.loss import cross_entropy
from cnnviz.training.stages import Stage, stages

if TYPE_CHECKING:
    from cnnviz.contract import Array, ModelWeights

# The output of a layer, before and after its activation, its gradient, and what a layer keeps for
# its way back: tiles of Winograd's are 2.25 times what they are cut from.
_COPIES = 5
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
        nodes, shapes = graph.above([graph.nodes[-1].name]), graph.shapes()
        self._sizes = sum(prod(shapes[node.name]) for node in nodes)
        self._stages = stages(nodes)
        self._trained = _trained(graph, nodes, self._stages)

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
        with small_buffers():  # what overflows makes losses that are not finite
            logits, statistics = self._forward(x, generator, step)
            rows = np.ascontiguousarray(logits.swapaxes(0, -1)).reshape(len(x), -1)
            losses, gradient = cross_entropy(rows, labels, label_smoothing=self._smoothing)
            if bad := len(losses) - int(np.count_nonzero(np.isfinite(losses))):
                raise InputError(f"{bad} of {len(losses)} losses are NaN or infinite")
            gradients = self._backward(gradient.T.reshape(logits.shape))
        return Learned(losses, rows.argmax(axis=1) == labels, gradients, statistics)

    def _forward(
        self, x: Array, generator: np.random.Generator, step: int | None
    ) -> tuple[Array, dict[str, dict[str, Array]]]:
        values = {INPUT: np.ascontiguousarray(x.swapaxes(0, -1))}
        statistics: dict[str, dict[str, Array]] = {}
        for stage in self._stages:
            taken = [values[name] for name in stage.inputs]
            made, found = stage.forward(self._weights, *taken, generator=generator, step=step)
            values[stage.name] = made
            statistics |= found
        return made, statistics

    def _backward(self, gradient: Array) -> dict[str, dict[str, Array]]:
        """Return the gradients of the weights."""
        found: dict[str, dict[str, Array]] = {}
        waiting = {self._stages[-1].name: gradient}
        for stage in reversed(self._stages):
            own = waiting.pop(stage.name, None)
            if own is None or stage.name not in self._trained:
                stage.forget()
                continue
            onward = any(name in self._trained for name in stage.inputs)
            of_inputs, of_weights = stage.backward(own, of_inputs=onward)
            found |= of_weights
            for name, one in zip(stage.inputs, of_inputs, strict=False):
                if name in self._trained:
                    # Not in place: gradients of inputs may share memory.
                    waiting[name] = waiting[name] + one if name in waiting else one
        return found


def _trained(graph: Graph, nodes: tuple[Node, ...], all_stages: list[Stage]) -> set[str]:
    """Return the names of the outputs that depend on weights that are trained."""
    shapes, found = graph.shapes(), set[str]()
    weighted = {
        node.name
        for node in nodes
        if node.layer.weight_shapes(*(shapes[name] for name in node.inputs))
    }
    for stage in all_stages:
        if any(link.node in weighted for link in stage.links) or not found.isdisjoint(stage.inputs):
            found.add(stage.name)
    return found
