"""He-initialised kernels: a layer without a nonlinearity doubles the mean square."""

from __future__ import annotations

import numpy as np
import pytest

from cnnviz import load_model
from cnnviz.model.initial import he_weights

IMAGE, ROW = (24, 24, 16), (200, 16)


@pytest.mark.parametrize(
    ("spec", "shape"),
    [
        ("Conv1D(32, 5)", ROW),
        ("Conv2D(32, 3, groups=4)", IMAGE),
        ("Dense(64)", IMAGE),
        ("DepthwiseConv2D(3, depth_multiplier=4)", IMAGE),
        ("Conv2DTranspose(32, 4, strides=2)", IMAGE),
        ("Conv2DTranspose(32, 6, strides=(3, 2))", IMAGE),
        ("LocallyConnected1D(8, 3)", ROW),
        ("LocallyConnected2D(8, 3)", IMAGE),
    ],
)
def test_one_kernel(spec, shape):
    assert growth(spec, shape) == pytest.approx(2, rel=0.15)


def test_both_kernels_of_a_separable_convolution():
    assert growth("SeparableConv2D(64, 3, depth_multiplier=2)", IMAGE) == pytest.approx(4, rel=0.2)


def growth(spec: str, shape: tuple[int, ...]) -> float:
    """Return by how much the mean square of noise grows, away from the rim."""
    graph = load_model(spec, input_shape=shape).graph
    (node,), x = graph.nodes, np.random.default_rng(1).standard_normal((8, *shape))
    y, _ = node.layer.forward(he_weights(graph)[node.name], x)
    inner = y[:, 6:-6, 6:-6] if y.ndim == 4 else y[:, 6:-6]
    return float(np.square(inner).mean())
