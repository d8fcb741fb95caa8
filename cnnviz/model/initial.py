"""Weights before any training."""

from __future__ import annotations

from math import prod, sqrt
from typing import TYPE_CHECKING

import numpy as np

from cnnviz.graph import Graph

if TYPE_CHECKING:
    from cnnviz.contract import Array

_ONES = ("gamma", "moving_variance", "variance")


def he_weights(graph: Graph, seed: int = 0) -> dict[str, dict[str, Array]]:
    """Return random weights for every node that has any, float32.

    Kernels are normal with variance `2 / fan_in`, which keeps the variance of activations through
    ReLU layers (He et al., "Delving Deep into Rectifiers", 2015); biases and means are 0, scales
    and variances 1; what a layer's settings give (named kernels) is as they say. The same seed
    gives the same weights.
    """
    generator = np.random.default_rng(seed)
    shapes = graph.shapes()
    weights = {}
    for node in graph.nodes:
        taken = [shapes[name] for name in node.inputs]
        wanted = node.layer.weight_shapes(*taken) | node.layer.statistic_shapes(*taken)
        given = node.layer.initial(*taken)
        if wanted:
            weights[node.name] = {
                n: given[n] if n in given else _values(n, s, generator) for n, s in wanted.items()
            }
    return weights


def _values(name: str, shape: tuple[int, ...], generator: np.random.Generator) -> Array:
    if "kernel" in name:
        values = generator.standard_normal(shape, np.float32)
        values *= np.float32(sqrt(2 / prod(shape[:-1])))
        return values
    return np.full(shape, float(name in _ONES), np.float32)
