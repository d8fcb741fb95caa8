"""What a network comes to when it only runs: one step for several nodes where it saves a pass."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cnnviz.graph import Graph, Node

if TYPE_CHECKING:
    from cnnviz.contract import Layer, ModelWeights, Weights


@dataclass(frozen=True, eq=False)
class Step:
    """What is done in one go: a layer, perhaps with others folded into it, or done to its bands.

    Parameters
    ----------
    nodes : tuple of str
        The names of the nodes that it stands for, the last of which it makes.
    layer, weights
        What is run.
    inputs : tuple of str
    endings : tuple of Layer
        What is done to its output in place.
    """

    nodes: tuple[str, ...]
    layer: Layer
    weights: Weights
    inputs: tuple[str, ...]
    endings: tuple[Layer, ...] = ()

    @property
    def name(self) -> str:
        """The node whose output it makes."""
        return self.nodes[-1]

    @property
    def nbytes(self) -> int:
        """Bytes of weights that are not those of the graph: what others were folded into."""
        if len(self.nodes) == 1 + len(self.endings):
            return 0
        return sum(values.nbytes for values in self.weights.values())


def steps(graph: Graph, weights: ModelWeights, keep: Collection[str]) -> list[Step]:
    """Return what makes the nodes in `keep`, each step after those that it takes.

    A node whose output nobody else reads is joined with the one before it where that can be.
    """
    nodes = graph.above(keep)
    readers = Counter(name for node in nodes for name in node.inputs)
    found: dict[str, Step] = {}
    for node in nodes:
        own, above = weights.get(node.name, {}), found.get(node.inputs[0])
        alone = above is not None and readers[above.name] == 1 and above.name not in keep
        joined = _joined(above, node, own) if above is not None and alone else None
        if joined is not None:
            del found[node.inputs[0]]
        found[node.name] = joined or Step((node.name,), node.layer, own, node.inputs)
    return list(found.values())


def fits(graph: Graph, weights: ModelWeights, keep: Collection[str]) -> bool:
    """Tell whether all weights that the nodes in `keep` need are there, in the right shapes."""
    shapes = graph.shapes()
    for node in graph.above(keep):
        own, taken = weights.get(node.name, {}), [shapes[name] for name in node.inputs]
        wanted = node.layer.weight_shapes(*taken) | node.layer.statistic_shapes(*taken)
        for name, shape in wanted.items():
            missing = name not in own and name not in node.layer.given()
            if missing or (name in own and own[name].shape != shape):
                return False
    return True


def _joined(above: Step, node: Node, weights: Weights) -> Step | None:
    """Return a step with the node behind it in it, None if it cannot be."""
    if above.layer.is_view or len(node.inputs) > 1:
        return None
    nodes = (*above.nodes, node.name)
    affine = None if above.endings else node.layer.affine(weights)
    folded = above.layer.folded(above.weights, *affine) if affine else None
    if folded is not None:
        return Step(nodes, *folded, above.inputs)
    if node.layer.ending() is not None:
        return replace(above, nodes=nodes, endings=(*above.endings, node.layer))
    return None
