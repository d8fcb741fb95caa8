"""A network as cnnviz runs it."""

from __future__ import annotations

import numpy as np
from cases import Call

from cnnviz.graph import Graph
from cnnviz.model.model import Model
from peers.layouts import Weights


def network(graph: Graph, weights: Weights, x: np.ndarray) -> Call:
    """Return a call that runs the network on a batch `(N, H, W, C)`, whose values are checked."""
    executor, last = Model(graph, weights).executor, graph.nodes[-1].name
    return lambda: executor.run(x, [last])[last]
