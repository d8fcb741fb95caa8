"""Running a graph: what every executor gives, and the plain one, a node after another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from math import prod
from typing import TYPE_CHECKING, Protocol

from cnnviz.errors import CnnvizError, InputError
from cnnviz.graph import INPUT, Graph, Node

if TYPE_CHECKING:
    from cnnviz.contract import Array, ModelWeights


class Executor(Protocol):
    """Whatever computes the nodes of a graph."""

    def run(self, x: Array, keep: Collection[str]) -> dict[str, Array]:
        """Return the outputs of the nodes in `keep` for a preprocessed batch `(N, *input_shape)`.

        In the order of the graph; `"input"` may be asked for too.

        Raises
        ------
        InputError
            Naming the first node that has values which are NaN or infinite, kept or not.
        """


class Sequential:
    """Runs the layers that are needed, in order; what no later node takes is let go."""

    def __init__(self, graph: Graph, weights: ModelWeights) -> None:
        self._graph, self._weights = graph, weights

    def run(self, x: Array, keep: Collection[str]) -> dict[str, Array]:
        """Return the outputs of the nodes in `keep`."""
        import numpy as np

        values = {INPUT: x}
        check_finite(x, INPUT)
        with np.errstate(all="ignore"):  # what overflows is refused below
            for node, done in _steps(self._graph, keep):
                values[node.name] = self._made(node, values)
                # At once: a later sigmoid or softmax would make plausible numbers of infinity.
                check_finite(values[node.name], node.name)
                for name in done:
                    del values[name]
        return values

    def _made(self, node: Node, values: Mapping[str, Array]) -> Array:
        weights, taken = self._weights.get(node.name, {}), [values[n] for n in node.inputs]
        try:
            made, _ = node.layer.forward(weights, *taken)
        except CnnvizError as error:
            raise type(error)(f"{node.name}: {error.message}", hint=error.hint) from error
        return made


def check_finite(values: Array, what: str) -> None:
    """Refuse an array that has values which are NaN or infinite, with their number."""
    import numpy as np

    bad = values.size - int(np.count_nonzero(np.isfinite(values)))
    if bad:
        verb = "is" if bad == 1 else "are"
        raise InputError(f"{what}: {bad} of {values.size} values {verb} NaN or infinite")


def peak_bytes(graph: Graph, keep: Collection[str], *, batch: int = 1) -> int:
    """Return the most bytes of float32 outputs that `Sequential` holds at a time.

    >>> from cnnviz.model import zoo
    >>> peak_bytes(zoo.build("vgg16"), ["fc8"])  # conv1_1 and conv1_2
    25690112
    """
    sizes = {name: 4 * batch * prod(shape) for name, shape in graph.shapes().items()}
    held = most = sizes[INPUT]
    for node, done in _steps(graph, keep):
        held += sizes[node.name]
        most = max(most, held)
        held -= sum(sizes[name] for name in done)
    return most


def _steps(graph: Graph, keep: Collection[str]) -> Iterator[tuple[Node, list[str]]]:
    """Yield each node that is needed, with the names that nobody needs once it has run."""
    nodes = graph.above(keep)
    waiting = Counter(name for node in nodes for name in node.inputs)
    for node in nodes:
        waiting.subtract(node.inputs)
        names = dict.fromkeys((*node.inputs, node.name))
        yield node, [name for name in names if not waiting[name] and name not in keep]
