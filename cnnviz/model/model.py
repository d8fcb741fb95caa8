"""`Model`: a graph and what can be asked of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cnnviz.graph import Graph

if TYPE_CHECKING:
    from cnnviz.report.report import Report


@dataclass(frozen=True)
class Model:
    """A network that has been loaded.

    Parameters
    ----------
    graph : Graph
        Its layers, without weights.
    """

    graph: Graph

    @property
    def name(self) -> str:
        """The graph's name."""
        return self.graph.name

    def shapes(self) -> Report:
        """Return the shape report: sizes, parameters, costs and receptive fields of every node.

        >>> from cnnviz import load_model
        >>> load_model("lenet5").shapes().totals["params"]
        61706
        """
        from cnnviz.report.shapes import shapes

        return shapes(self.graph)

    def to_toml(self) -> str:
        """Return the model as the text of a spec file, to be edited and loaded again."""
        from cnnviz.graph.document import to_toml

        return to_toml(self.graph)
