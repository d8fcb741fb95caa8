"""Activations against ONNX Runtime and SciPy, from the far negative to the far positive."""

from __future__ import annotations

import numpy as np
import onnx_peer
import pytest
from scipy import special

from cnnviz.errors import SpecError
from cnnviz.ops.activations import activation, activations

GRID = np.concatenate([np.linspace(-9, 9, 361), [-80.0, -1e-6, 0.0, 1e-6, 80.0]])
X = GRID.reshape(1, 1, -1, 6).astype(np.float32)
ONNX = {
    "relu": ("Relu", {}),
    "leaky_relu": ("LeakyRelu", {"alpha": 0.2}),
    "elu": ("Elu", {"alpha": 1.0}),
    "selu": ("Selu", {}),
    "gelu": ("Gelu", {}),
    "sigmoid": ("Sigmoid", {}),
    "hard_sigmoid": ("HardSigmoid", {"alpha": 1 / 6, "beta": 0.5}),
    "hard_silu": ("HardSwish", {}),
    "softplus": ("Softplus", {}),
    "softsign": ("Softsign", {}),
    "tanh": ("Tanh", {}),
    "softmax": ("Softmax", {"axis": 1}),
    "exponential": ("Exp", {}),
}
FORMULAS = {
    "linear": lambda x: x,
    "relu6": lambda x: np.minimum(np.maximum(x, 0), 6),
    "silu": lambda x: x * special.expit(x),
}


@pytest.mark.parametrize("name", ONNX)
def test_matches_onnxruntime(name):
    op, attributes = ONNX[name]
    ours = activation(name)(X)
    assert ours.dtype == np.float32
    np.testing.assert_allclose(ours, onnx_peer.run(op, X, **attributes), rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize("name", FORMULAS)
def test_matches_its_definition(name):
    expected = FORMULAS[name](X.astype(np.float64))
    np.testing.assert_allclose(activation(name)(X), expected, rtol=2e-6, atol=1e-7)


def test_every_activation_has_a_peer():
    assert set(activations()) == set(ONNX) | set(FORMULAS)


@pytest.mark.parametrize("name", activations())
def test_float64_is_kept(name):
    assert activation(name)(X.astype(np.float64)).dtype == np.float64


def test_an_unknown_name_gets_the_nearest():
    with pytest.raises(SpecError, match="did you mean"):
        activation("rleu")
