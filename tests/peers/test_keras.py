"""Weights that Keras names and lays out, beside what Keras computes with them."""

from __future__ import annotations

import os

import numpy as np
import pytest

from cnnviz.graph import sequential
from cnnviz.layers import find
from cnnviz.model import Model
from cnnviz.model.match import read_weights

torch = pytest.importorskip("torch")
os.environ.setdefault("KERAS_BACKEND", "torch")
keras = pytest.importorskip("keras")

SHAPE = (12, 14, 3)
# By name, a layer that both have, and its settings.
LAYERS = {
    "conv1": ("Conv2D", {"filters": 6, "kernel_size": 3, "groups": 3, "padding": "same"}),
    "bn1": ("BatchNormalization", {}),
    "dw": ("DepthwiseConv2D", {"kernel_size": 3, "depth_multiplier": 2, "padding": "same"}),
    "slope": ("PReLU", {"shared_axes": [1, 2]}),
    "sep": ("SeparableConv2D", {"filters": 5, "kernel_size": 3, "activation": "gelu"}),
    "up": ("Conv2DTranspose", {"filters": 4, "kernel_size": 3, "strides": 2, "padding": "same"}),
    "pool": ("AveragePooling2D", {"pool_size": 2}),
    "flat": ("Flatten", {}),
    "fc1": ("Dense", {"units": 7, "activation": "silu"}),
    "fc2": ("Dense", {"units": 4, "activation": "softmax"}),
}


def theirs():
    """Return Keras's network, none of its weights left at 0 or 1."""
    layers = [getattr(keras.layers, kind)(name=n, **kw) for n, (kind, kw) in LAYERS.items()]
    model = keras.Sequential([keras.Input(SHAPE), *layers])
    random = np.random.default_rng(0)
    for weight in model.weights:
        low = 0.1 if "variance" in weight.path else -0.5
        weight.assign(random.uniform(low, 0.5, weight.shape).astype(np.float32))
    return model


@pytest.mark.parametrize("named", ["{}", "{}:0"])
def test_the_same_outputs(tmp_path, named):
    model = theirs()
    arrays = {named.format(w.path): w.value.detach().numpy() for w in model.weights}
    np.savez(tmp_path / "w.npz", **arrays)
    graph = sequential("m", SHAPE, {n: find(kind)(**kw) for n, (kind, kw) in LAYERS.items()})
    loaded = read_weights(tmp_path / "w.npz", graph)
    assert "kernels as hwio" in loaded.notes[0]
    x = np.random.default_rng(1).normal(size=(3, *SHAPE)).astype(np.float32)
    expected = model(x, training=False).detach().numpy()
    np.testing.assert_allclose(Model(graph, loaded.weights).forward(x), expected, atol=1e-5)
