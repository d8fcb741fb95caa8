"""`Model`: a graph and what can be asked of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from cnnviz.graph import Graph

if TYPE_CHECKING:
    from cnnviz.contract import Array, Weights
    from cnnviz.model.executor import Executor
    from cnnviz.report.report import Report


@dataclass(frozen=True)
class Model:
    """A network that has been loaded.

    Parameters
    ----------
    graph : Graph
        Its layers, without weights.
    weights : mapping, optional
        Arrays by node and name; without any, He-initialised ones (seed 0) stand in.
    """

    graph: Graph
    weights: Mapping[str, Weights] | None = None

    @property
    def is_random(self) -> bool:
        """Whether its weights are not trained ones."""
        return self.weights is None

    @cached_property
    def executor(self) -> Executor:
        """What runs it."""
        from cnnviz.model.executor import Sequential
        from cnnviz.model.initial import he_weights

        weights = he_weights(self.graph) if self.weights is None else self.weights
        return Sequential(self.graph, weights)

    def trace(self, image: Array, *, layers: Collection[str] | None = None) -> dict[str, Array]:
        """Return the outputs of all nodes (or of `layers`) for one image, without a batch axis."""
        import numpy as np

        x = np.asarray(image, np.float32)[None]
        keep = [node.name for node in self.graph.nodes] if layers is None else layers
        return {name: values[0] for name, values in self.executor.run(x, keep).items()}

    @property
    def name(self) -> str:
        """The graph's name."""
        return self.graph.name

    def shapes(self, batch: int = 1) -> Report:
        """Return the shape report: sizes, parameters, costs and receptive fields of every node.

        Multiply-adds and activation bytes are those of `batch` images.

        >>> from cnnviz import load_model
        >>> load_model("lenet5").shapes().totals["params"]
        61706
        """
        from cnnviz.report.shapes import shapes

        return shapes(self.graph, batch)

    def to_toml(self) -> str:
        """Return the model as the text of a spec file, to be edited and loaded again."""
        from cnnviz.graph.document import to_toml

        return to_toml(self.graph)
