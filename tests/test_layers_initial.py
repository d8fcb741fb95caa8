"""He-initialised kernels: a layer without a nonlinearity doubles the mean square."""

from __future__ import annotations

import numpy as np
import pytest

from cnnviz import RefusedError, load_model
from cnnviz.files import byte_budget
from cnnviz.model.initial import he_weights, initial, undecided

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


@pytest.mark.parametrize("bias", [True, False])
def test_what_named_kernels_give_is_told_without_making_it(bias):
    graph = load_model(f"Conv2D(kernels=['edge'], use_bias={bias})", input_shape=IMAGE).graph
    (layer,) = (node.layer for node in graph.nodes)
    assert layer.given() == tuple(initial(graph)["conv1"])
    assert not undecided(graph)


def test_named_kernels_are_held_to_the_budget_before_they_are_made():
    large = "Conv2D(kernels=['gaussian:1023', 'gaussian:1023'], padding='same') "
    graph = load_model(large * 300, input_shape=(16, 16, 3)).graph  # 25 MB and more each
    with byte_budget(10**7):
        assert not undecided(graph)
        with pytest.raises(RefusedError, match=r": [0-9]+ weights needs [0-9.]+ GiB"):
            initial(graph)
        with pytest.raises(RefusedError, match="named kernels 1023x1023x3x2 needs"):
            graph.nodes[0].layer.initial((16, 16, 3))


def growth(spec: str, shape: tuple[int, ...]) -> float:
    """Return by how much the mean square of noise grows, away from the rim."""
    graph = load_model(spec, input_shape=shape).graph
    (node,), x = graph.nodes, np.random.default_rng(1).standard_normal((8, *shape))
    y, _ = node.layer.forward(he_weights(graph)[node.name], x)
    inner = y[:, 6:-6, 6:-6] if y.ndim == 4 else y[:, 6:-6]
    return float(np.square(inner).mean())
