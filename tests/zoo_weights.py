"""Random weights for comparing a model with its twin in another library."""

from __future__ import annotations

import numpy as np

from cnnviz.graph import Graph
from cnnviz.layers.dense import Flatten
from cnnviz.layers.regularization import Dropout
from cnnviz.model.initial import he_weights

Weights = dict[str, dict[str, np.ndarray]]


def random_weights(graph: Graph, seed: int = 0) -> Weights:
    """Return weights none of which is left at 0 or 1, so that each of them counts.

    Variances are small enough for an epsilon to be seen.
    """
    generator = np.random.default_rng(seed)
    weights = he_weights(graph, seed)
    for own in weights.values():
        for name, values in own.items():
            if name in ("bias", "beta", "moving_mean"):
                values += generator.normal(0, 0.1, values.shape)
            elif name == "gamma":
                values *= generator.uniform(0.05, 0.15, values.shape)
            elif name == "moving_variance":
                values *= generator.uniform(0.005, 0.015, values.shape)
    return weights


def channels_first(graph: Graph, weights: Weights) -> Weights:
    """Return weights as ONNX and PyTorch have them: OIHW, (units, in), C before H and W."""
    shapes, result, space = graph.shapes(), {}, None
    for node in graph.nodes:
        if isinstance(node.layer, Flatten):
            space = shapes[node.inputs[0]]
        own = dict(weights.get(node.name, {}))
        if "kernel" in own and own["kernel"].ndim == 4:
            own["kernel"] = own["kernel"].transpose(3, 2, 0, 1)
        elif "kernel" in own:
            kernel = own["kernel"]
            if space is not None:
                kernel = kernel.reshape(*space, -1).transpose(2, 0, 1, 3).reshape(kernel.shape)
                space = None
            own["kernel"] = kernel.T
        if own:
            result[node.name] = {name: np.ascontiguousarray(v) for name, v in own.items()}
    return result


def assert_close(graph: Graph, ours: dict[str, np.ndarray], theirs: dict[str, np.ndarray]) -> None:
    """Hold every node to 1e-3 of its scale; theirs are channels first."""
    assert list(ours) == list(theirs) == [node.name for node in graph.nodes]
    flattened: dict[str, np.ndarray] = {}
    for node in graph.nodes:
        mine, other, above = ours[node.name], theirs[node.name], node.inputs[0]
        if isinstance(node.layer, Flatten):
            mine = np.moveaxis(ours[above], -1, 1).reshape(mine.shape)
            flattened[node.name] = mine
        elif isinstance(node.layer, Dropout) and above in flattened:
            mine = flattened[above]
        elif mine.ndim == 4:
            mine = np.moveaxis(mine, -1, 1)
        if mine.ndim == 2:
            other = other.reshape(len(other), -1)
        assert mine.shape == other.shape, node.name
        scale = np.abs(other).max()
        assert scale > 0, node.name
        assert np.abs(mine - other).max() <= 1e-3 * scale, node.name
