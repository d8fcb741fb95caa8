"""Random weights to begin with: each drawn by the seed and its own name."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import TYPE_CHECKING

import numpy as np

from cnnviz.errors import unknown_name
from cnnviz.geometry import Shape
from cnnviz.model.initial import filled

if TYPE_CHECKING:
    from cnnviz.contract import Array, Layer
    from cnnviz.graph import Graph, Node

SCHEMES = ("he-normal", "he-uniform", "glorot-normal", "glorot-uniform")


def initial_weights(
    graph: Graph, seed: int = 0, scheme: str = "he-normal"
) -> dict[str, dict[str, Array]]:
    """Return weights for every node that has any, float32, to be trained in place.

    A kernel depends on the seed, its shape and its node's name alone, so that it stays the same
    when layers are added, left out or put in another order. Biases and means are 0, scales and
    variances 1; kernels that the settings name are as they say.

    Parameters
    ----------
    graph : Graph
    seed : int
        At least 0.
    scheme : str
        One of `SCHEMES`: the variance is `2 / fan_in` (He) or `2 / (fan_in + fan_out)` (Glorot).
        Normal values are not truncated (Keras's are, PyTorch's are not).

    Raises
    ------
    SpecError
        If there is no such scheme.
    RefusedError
        If the weights are over the byte budget.

    Notes
    -----
    He et al., "Delving Deep into Rectifiers" (2015); Glorot and Bengio, "Understanding the
    difficulty of training deep feedforward neural networks" (2010). A fan is what one value is the
    sum of, or one input goes into: of grouped and depthwise kernels only a group counts (PyTorch
    counts all filters in fan_out).

    Examples
    --------
    >>> from cnnviz import load_model
    >>> graph = load_model("lenet5").graph
    >>> kernel = initial_weights(graph, seed=1)["c1"]["kernel"]
    >>> kernel.shape, round(float(kernel.std()), 1)  # √(2 / 25) is 0.28
    ((5, 5, 1, 6), 0.3)
    """
    if scheme not in SCHEMES:
        raise unknown_name("initialisation", scheme, SCHEMES)

    def draw(node: Node, name: str, shape: Shape, taken: Sequence[Shape]) -> Array:
        variance = _variance(scheme, node.layer, name, taken)
        return _drawn(shape, variance, scheme, [seed, *f"{node.name}.{name}".encode()])

    return filled(graph, draw)


def fans(layer: Layer, name: str, taken: Sequence[Shape]) -> tuple[float, float]:
    """Return how many products one value is the sum of, and how many one input goes into.

    >>> from cnnviz.layers import find
    >>> fans(find("Conv2D")(16, (3, 3)), "kernel", [(8, 8, 4)])
    (36, 144.0)
    """
    shape = layer.weight_shapes(*taken)[name]
    takes, makes = taken[0][-1], layer.output_shape(*taken)[-1]
    if name.startswith("depthwise"):  # of a separable convolution: between its two kernels
        makes = shape[-2] * shape[-1]
    elif name.startswith("pointwise"):
        takes = shape[-2]
    fan_in = layer.fan_in(name, *taken)
    return fan_in, fan_in * makes / takes


def _variance(scheme: str, layer: Layer, name: str, taken: Sequence[Shape]) -> float:
    fan_in, fan_out = fans(layer, name, taken)
    return 2 / (fan_in if scheme.startswith("he") else fan_in + fan_out)


def _drawn(shape: Shape, variance: float, scheme: str, entropy: Sequence[int]) -> Array:
    generator = np.random.default_rng(entropy)
    if scheme.endswith("normal"):
        values = generator.standard_normal(shape, np.float32)
        values *= np.float32(sqrt(variance))
        return values
    values = generator.random(shape, np.float32)
    values -= np.float32(0.5)
    values *= np.float32(2 * sqrt(3 * variance))
    return values
