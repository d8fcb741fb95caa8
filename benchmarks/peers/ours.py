"""A network as cnnviz runs it."""

from __future__ import annotations

import numpy as np
from cases import Call

from cnnviz.graph import Graph
from peers.layouts import Weights


def network(graph: Graph, weights: Weights, x: np.ndarray) -> Call:
    """Return a call that runs the network on a batch `(N, H, W, C)`, its weights laid out once."""
    last = graph.nodes[-1].name
    try:
        from cnnviz.model.plan import Plan as Executor
    except ImportError:
        from cnnviz.model.executor import Sequential as Executor
    executor = Executor(graph, weights)
    return lambda: executor.run(x, [last])[last]
