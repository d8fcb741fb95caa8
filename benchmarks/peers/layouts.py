"""Weights as ONNX and PyTorch have them."""

from __future__ import annotations

import numpy as np

from cnnviz.graph import Graph
from cnnviz.layers.dense import Flatten

Weights = dict[str, dict[str, np.ndarray]]


def first(x: np.ndarray) -> np.ndarray:
    """Return a batch with its channels first."""
    return np.ascontiguousarray(np.moveaxis(x, -1, 1))


def channels_first(graph: Graph, weights: Weights) -> Weights:
    """Return kernels as OIHW and (units, in); what was flattened has C before H and W."""
    shapes, found = graph.shapes(), {}
    space: dict[str, tuple[int, ...]] = {}  # what was flattened, as long as it is flat
    for node in graph.nodes:
        above = node.inputs[0]
        own = dict(weights.get(node.name, {}))
        if isinstance(node.layer, Flatten):
            space[node.name] = shapes[above]
        elif above in space and "kernel" not in own:
            space[node.name] = space[above]
        kernel = own.get("kernel")
        if kernel is not None and kernel.ndim == 4:
            own["kernel"] = kernel.transpose(3, 2, 0, 1)
        elif kernel is not None:
            if above in space:
                kernel = kernel.reshape(*space[above], -1).transpose(2, 0, 1, 3)
            own["kernel"] = kernel.reshape(-1, kernel.shape[-1]).T
        if own:
            found[node.name] = {name: np.ascontiguousarray(v) for name, v in own.items()}
    return found
