"""Effective fields inside networks of the zoo beside PyTorch's autograd."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from twins import of_graph  # noqa: E402
from zoo_weights import random_weights  # noqa: E402

from cnnviz import load_model  # noqa: E402
from cnnviz.model.gradients import input_gradients  # noqa: E402


@pytest.mark.parametrize(
    ("name", "layer", "side"),
    [("googlenet", "inception_4a/output", 64), ("alexnet", "pool5", 131)],
)
def test_is_autograd(name, layer, side):
    graph = load_model(name).graph
    graph = replace(graph, nodes=graph.above([layer]), input_shape=(side, side, 3))
    weights = {
        node: {each: values.astype(np.float64) for each, values in own.items()}
        for node, own in random_weights(graph).items()
    }
    x = np.random.default_rng(1).normal(size=graph.input_shape)
    rows, columns, _ = graph.shapes()[layer]
    at = rows // 2, columns - 1
    (ours,) = input_gradients(graph, weights, x, [(layer, at, None)])
    image = torch.from_numpy(x[None].copy()).requires_grad_()
    tensors = {
        node: {each: torch.from_numpy(values) for each, values in own.items()}
        for node, own in weights.items()
    }
    made = of_graph.run(graph, tensors, image, np.random.default_rng(0))
    value = made[(0, *at, ours.filter)]
    assert ours.value == pytest.approx(value.item(), rel=1e-9)
    value.backward()
    theirs = image.grad.numpy()[0]
    assert np.abs(theirs).max() > 0
    np.testing.assert_allclose(ours.by_input, theirs, rtol=1e-7, atol=1e-10 * np.abs(theirs).max())
