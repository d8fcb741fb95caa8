"""A small network of many kinds of layers, and its weights as each framework would store them."""

from __future__ import annotations

from math import prod

import numpy as np

from cnnviz.graph import Graph, sequential
from cnnviz.layers import find

Tensors = dict[str, np.ndarray]
# Names of ours that PyTorch calls otherwise.
TORCH = {
    "kernel": "weight",
    "gamma": "weight",
    "beta": "bias",
    "alpha": "weight",
    "moving_mean": "running_mean",
    "moving_variance": "running_var",
    "depthwise_kernel": "depthwise.weight",
    "pointwise_kernel": "pointwise.weight",
}


def network() -> Graph:
    """Return a graph that ends in dense layers behind a Flatten and a Dropout."""
    layers = {
        "conv1": find("Conv2D")(6, 3, groups=3, padding="same", activation="relu"),
        "bn1": find("BatchNormalization")(),
        "dw": find("DepthwiseConv2D")(3, depth_multiplier=2, use_bias=False),
        "prelu": find("PReLU")(shared_axes=(1, 2)),
        "sep": find("SeparableConv2D")(5, 3),
        "up": find("Conv2DTranspose")(4, (2, 3), strides=2),
        "flatten": find("Flatten")(),
        "drop": find("Dropout")(0.5),
        "fc1": find("Dense")(7, activation="tanh"),
        "fc2": find("Dense")(4),
    }
    return sequential("m", (8, 9, 3), layers)


def shapes(graph: Graph) -> dict[tuple[str, str], tuple[int, ...]]:
    """Return the shapes of all weights by node and name."""
    made = graph.shapes()
    found = {}
    for node in graph.nodes:
        taken = [made[name] for name in node.inputs]
        each = node.layer.weight_shapes(*taken) | node.layer.statistic_shapes(*taken)
        found |= {(node.name, name): shape for name, shape in each.items()}
    return found


def as_keras(graph: Graph, *, named: str = "{}.{}") -> Tensors:
    """Return random weights in our order of axes, which is Keras's."""
    random = np.random.default_rng(1)
    return {
        named.format(node, name): random.uniform(0.5, 1.5, shape).astype(np.float32)
        for (node, name), shape in shapes(graph).items()
    }


def as_torch(graph: Graph) -> Tensors:
    """Return the same weights as PyTorch would store them, by formulas of its documentation."""
    own, made, result = as_keras(graph), graph.shapes(), {}
    for node, name in shapes(graph):
        values = own[f"{node}.{name}"]
        if "kernel" in name:
            values = _stored(node, name, values, made)
        result[f"{node}.{TORCH.get(name, name)}"] = np.ascontiguousarray(values)
    return result


def _stored(node: str, name: str, values: np.ndarray, made: dict) -> np.ndarray:
    if name == "depthwise_kernel" or node == "dw":  # (kh, kw, C, m) to (C m, 1, kh, kw)
        kh, kw, channels, multiplier = values.shape
        return np.stack(
            [values[..., c, m] for c in range(channels) for m in range(multiplier)]
        ).reshape(-1, 1, kh, kw)
    if values.ndim == 4:  # a transposed one is (C, filters, kh, kw)
        return np.moveaxis(values, (3, 2), (0, 1))
    height, width, channels = made["up"]
    if values.shape[0] != prod(made["up"]):
        return values.T
    rows = [
        (h * width + w) * channels + c
        for c in range(channels)
        for h in range(height)
        for w in range(width)
    ]
    return values[rows].T
