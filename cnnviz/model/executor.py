"""Running a graph: what every executor gives, and the plain one, a node after another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Protocol

from cnnviz.graph import INPUT, Graph

if TYPE_CHECKING:
    from cnnviz.contract import Array, Weights


class Executor(Protocol):
    """Whatever computes the nodes of a graph."""

    def run(self, x: Array, keep: Collection[str]) -> dict[str, Array]:
        """Return the outputs of the nodes in `keep` for a preprocessed batch `(N, *input_shape)`.

        In the order of the graph; `"input"` may be asked for too.
        """


class Sequential:
    """Runs each layer's `forward` in order; what no later node takes is let go."""

    def __init__(self, graph: Graph, weights: Mapping[str, Weights]) -> None:
        self._graph, self._weights = graph, weights

    def run(self, x: Array, keep: Collection[str]) -> dict[str, Array]:
        """Return the outputs of the nodes in `keep`."""
        waiting = Counter(name for node in self._graph.nodes for name in node.inputs)
        values = {INPUT: x}
        for node in self._graph.nodes:
            taken = [values[name] for name in node.inputs]
            values[node.name], _ = node.layer.forward(self._weights.get(node.name, {}), *taken)
            for name in node.inputs:
                waiting[name] -= 1
                if not waiting[name] and name not in keep:
                    values.pop(name, None)
            if not waiting[node.name] and node.name not in keep:
                del values[node.name]
        return values
