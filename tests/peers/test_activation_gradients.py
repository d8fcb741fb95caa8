"""Derivatives of activations beside PyTorch's, at the kinks too."""

from __future__ import annotations

import numpy as np
import pytest

from cnnviz.ops import activations

torch = pytest.importorskip("torch")
F = torch.nn.functional

THEIRS = {
    "linear": lambda x: x * 1,
    "relu": F.relu,
    "relu6": F.relu6,
    "leaky_relu": lambda x: F.leaky_relu(x, 0.2),
    "hard_sigmoid": F.hardsigmoid,
    "hard_tanh": F.hardtanh,
    "hard_shrink": F.hardshrink,
    "soft_shrink": F.softshrink,
    "exponential": torch.exp,
    "elu": F.elu,
    "celu": F.celu,
    "selu": F.selu,
    "silu": F.silu,
    "hard_silu": F.hardswish,
    "gelu": F.gelu,
    "mish": F.mish,
    "softmax": lambda x: F.softmax(x, -1),
    "log_softmax": lambda x: F.log_softmax(x, -1),
    "sigmoid": torch.sigmoid,
    "log_sigmoid": F.logsigmoid,
    "tanh": torch.tanh,
    "tanh_shrink": F.tanhshrink,
    "softsign": F.softsign,
    "softplus": F.softplus,
}
PARAMETERS = [
    ("gelu", {"approximate": True}, lambda x: F.gelu(x, approximate="tanh")),
    ("relu", {"max_value": 2}, lambda x: F.hardtanh(x, 0, 2)),
    ("elu", {"alpha": 0.7}, lambda x: F.elu(x, 0.7)),
    ("celu", {"alpha": 2.5}, lambda x: F.celu(x, 2.5)),
    ("threshold", {"threshold": 2, "default_value": -3}, lambda x: F.threshold(x, 2, -3)),
    ("softmax", {"axis": 0}, lambda x: F.softmax(x, 0)),
    ("glu", {"axis": 0}, lambda x: F.glu(x, 0)),
]
CASES = [*((name, {}, function) for name, function in THEIRS.items()), *PARAMETERS]


@pytest.mark.parametrize(("name", "settings", "function"), CASES)
def test_the_same_slopes(name, settings, function):
    rng = np.random.default_rng(0)
    # With every kink: 0, ±0.5, ±1, ±2, ±3, 6.
    x = np.concatenate([rng.normal(0, 4, 51), np.arange(-12, 13) / 2]).reshape(4, 19)
    theirs = torch.from_numpy(x.copy()).requires_grad_()
    made = function(theirs)
    upstream = rng.standard_normal(made.shape)
    made.backward(torch.from_numpy(upstream))
    y = getattr(activations, name)(x, **settings)
    ours = getattr(activations, f"{name}_gradient")(upstream, x, y, **settings)
    # Its hard_sigmoid multiplies by a sixth of float32.
    np.testing.assert_allclose(ours, theirs.grad.numpy(), rtol=1e-7, atol=1e-9)
