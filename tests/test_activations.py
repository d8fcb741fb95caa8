"""Activations against ONNX Runtime, SciPy and their papers' definitions."""

from __future__ import annotations

import numpy as np
import onnx_peer
import pytest
from scipy import optimize, special

import cnnviz
from cnnviz.errors import SpecError
from cnnviz.ops.activations import activation, activations

# From the far negative to the far positive.
GRID = np.concatenate([np.linspace(-9, 9, 361), [-80.0, -1e-6, 0.0, 1e-6, 80.0]])
X = GRID.reshape(1, 1, -1, 6).astype(np.float32)
ONNX = {
    "relu": ("Relu", {}),
    "leaky_relu": ("LeakyRelu", {"alpha": 0.2}),
    "elu": ("Elu", {"alpha": 1.0}),
    "celu": ("Celu", {"alpha": 1.0}),
    "selu": ("Selu", {}),
    "gelu": ("Gelu", {}),
    "mish": ("Mish", {}),
    "sigmoid": ("Sigmoid", {}),
    "hard_sigmoid": ("HardSigmoid", {"alpha": 1 / 6, "beta": 0.5}),
    "hard_silu": ("HardSwish", {}),
    "hard_shrink": ("Shrink", {"lambd": 0.5, "bias": 0.0}),
    "soft_shrink": ("Shrink", {"lambd": 0.5, "bias": 0.5}),
    "softplus": ("Softplus", {}),
    "softsign": ("Softsign", {}),
    "tanh": ("Tanh", {}),
    "softmax": ("Softmax", {"axis": 1}),
    "log_softmax": ("LogSoftmax", {"axis": 1}),
    "exponential": ("Exp", {}),
}
FORMULAS = {
    "linear": lambda x: x,
    "relu6": lambda x: np.minimum(np.maximum(x, 0), 6),
    "silu": lambda x: x * special.expit(x),
    "log_sigmoid": special.log_expit,
    "hard_tanh": lambda x: np.sign(x) * np.minimum(np.abs(x), 1),
    "tanh_shrink": lambda x: x - np.tanh(x),
    "sparse_sigmoid": lambda x: np.interp(x, [-1, 1], [0, 1]),
    "sparse_plus": lambda x: np.where(x < -1, 0, np.where(x > 1, x, ((x + 1) / 2) ** 2)),
    "squareplus": lambda x: (x + np.sqrt(x**2 + 4)) / 2,
    "sparsemax": lambda x: np.apply_along_axis(nearest_probabilities, -1, x),
}
PARAMETERS = [
    ("leaky_relu", {"negative_slope": 0.3}, "LeakyRelu", {"alpha": 0.3}),
    ("leaky_relu", {"negative_slope": 1.5}, "LeakyRelu", {"alpha": 1.5}),
    ("relu", {"negative_slope": 0.1}, "LeakyRelu", {"alpha": 0.1}),
    ("relu", {"threshold": 1.5}, "ThresholdedRelu", {"alpha": 1.5}),
    ("threshold", {"threshold": 2.0, "default_value": 0.0}, "ThresholdedRelu", {"alpha": 2.0}),
    ("elu", {"alpha": 0.7}, "Elu", {"alpha": 0.7}),
    ("celu", {"alpha": 2.5}, "Celu", {"alpha": 2.5}),
    ("gelu", {"approximate": True}, "Gelu", {"approximate": "tanh"}),
    ("hard_shrink", {"threshold": 2.0}, "Shrink", {"lambd": 2.0, "bias": 0.0}),
    ("soft_shrink", {"threshold": 2.0}, "Shrink", {"lambd": 2.0, "bias": 2.0}),
    # Channels are ONNX's axis 1 and ours the last, rows 2 and 1.
    ("softmax", {"axis": 2}, "Softmax", {"axis": 3}),
    ("log_softmax", {"axis": -2}, "LogSoftmax", {"axis": 3}),
]
SHAPE_OR_PARAMETER = {"glu", "prelu", "threshold"}


def nearest_probabilities(scores: np.ndarray) -> np.ndarray:
    """Project on the simplex: max(scores - t, 0), with the t at which that sums to 1."""
    excess = lambda t: np.maximum(scores - t, 0).sum() - 1  # noqa: E731
    t = optimize.brentq(excess, scores.max() - 1, scores.max(), xtol=1e-14)
    return np.maximum(scores - t, 0)


@pytest.mark.parametrize("name", ONNX)
def test_matches_onnxruntime(name):
    op, attributes = ONNX[name]
    ours = activation(name)(X)
    assert ours.dtype == np.float32
    np.testing.assert_allclose(ours, onnx_peer.run(op, X, **attributes), rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize(("name", "settings", "op", "attributes"), PARAMETERS)
def test_parameters_match_onnxruntime(name, settings, op, attributes):
    ours = getattr(cnnviz, name)(X, **settings)
    assert ours.dtype == np.float32
    np.testing.assert_allclose(ours, onnx_peer.run(op, X, **attributes), rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize("name", FORMULAS)
def test_matches_its_definition(name):
    expected = FORMULAS[name](X.astype(np.float64))
    np.testing.assert_allclose(activation(name)(X), expected, rtol=2e-6, atol=1e-7)


def test_every_activation_has_a_peer():
    assert set(activations()) == set(ONNX) | set(FORMULAS)


def test_every_activation_is_public():
    assert {*activations(), *SHAPE_OR_PARAMETER} == set(cnnviz._ACTIVATIONS.split())
    for name in (*activations(), *SHAPE_OR_PARAMETER):
        assert getattr(cnnviz, name).__name__ == name


@pytest.mark.parametrize("name", activations())
def test_float64_is_kept(name):
    assert activation(name)(X.astype(np.float64)).dtype == np.float64


@pytest.mark.parametrize("name", activations())
def test_the_shape_and_the_input_are_left_alone(name):
    x = X[0, 0].copy()
    assert activation(name)(x).shape == x.shape
    np.testing.assert_array_equal(x, X[0, 0])


def test_prelu_has_a_slope_a_channel():
    slopes = np.array([0.5, -0.25, 2, 0, 1, 1.5], np.float32)
    theirs = onnx_peer.run("PRelu", X, slopes[:, None, None])
    np.testing.assert_array_equal(cnnviz.prelu(X, alpha=slopes), theirs)
    for shape in ((5,), (2, 1, 1, 1, 6)):
        with pytest.raises(SpecError, match=r"alpha .* does not fit an input"):
            cnnviz.prelu(X, alpha=np.ones(shape))


@pytest.mark.parametrize("axis", [-1, 2])
def test_glu_is_one_half_gated_by_the_other(axis):
    x = np.random.default_rng(0).standard_normal((3, 5, 4, 6))
    value, gate = np.split(x, 2, axis)
    np.testing.assert_allclose(cnnviz.glu(x, axis=axis), value * special.expit(gate), rtol=1e-12)
    with pytest.raises(SpecError, match=r"axis 1 of .* does not split into two halves"):
        cnnviz.glu(x, axis=1)


def test_relu_of_keras_with_all_three():
    # keras.activations.relu: max_value above, x between, negative_slope (x - threshold) below.
    x = np.array([-3, 0, 1.9, 2.1, 4, 9])
    ours = cnnviz.relu(x, negative_slope=0.5, max_value=6, threshold=2)
    np.testing.assert_allclose(ours, [-2.5, -1, -0.05, 2.1, 4, 6])


def test_gelu_is_that_of_the_normal_distribution():
    x = np.linspace(-14, 14, 40001)
    theirs = x * special.ndtr(x)
    np.testing.assert_allclose(cnnviz.gelu(x), theirs, rtol=1e-13)
    single = x.astype(np.float32)
    theirs = single * special.ndtr(single.astype(np.float64))
    np.testing.assert_allclose(cnnviz.gelu(single), theirs, rtol=1e-5, atol=3e-7)
    np.testing.assert_array_equal(np.isnan(cnnviz.gelu(np.float32([np.nan, 1]))), [True, False])


def test_squareplus_keeps_its_digits_far_below_0():
    # b / 4 / |x| to first order.
    np.testing.assert_allclose(cnnviz.squareplus(np.float32([-1e4]), b=4), [1e-4], rtol=1e-6)
    assert cnnviz.squareplus([-2.0, 0.0, 2.0], b=0).tolist() == [0, 0, 2]


@pytest.mark.parametrize("name", sorted(set(activations()) - {"exponential"}))
def test_huge_values_do_not_overflow_on_the_way(name):
    x = np.float32([[-1e30, 1e30]])
    assert np.isfinite(activation(name)(x)).all()
    assert np.isfinite(cnnviz.gelu(x, approximate=True)).all()


def test_an_unknown_name_gets_the_nearest():
    with pytest.raises(SpecError, match="did you mean"):
        activation("rleu")


def test_other_names():
    assert activation("Swish") is activation("silu")
    assert activation("hard_swish") is activation("HardSwish") is activation("hard_silu")
    assert activation("identity") is activation("linear")
    assert activation("hardsigmoid") is activation("hard_sigmoid")
    assert activation("hardtanh") is activation("hard_tanh")


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("leaky_relu", {"negative_slope": "x"}, "negative_slope 'x' is not a number"),
        ("celu", {"alpha": 0}, "alpha 0 would divide by 0"),
        ("hard_shrink", {"threshold": -1}, "threshold -1 is not a number of at least 0"),
        ("relu", {"max_value": float("nan")}, "max_value nan is not a number"),
        ("softmax", {"axis": 2}, r"axis 2 is not an axis of \(1, 2\)"),
        ("sparsemax", {"axis": True}, "axis True is not an axis"),
    ],
)
def test_wrong_parameters_name_themselves(name, settings, message):
    with pytest.raises(SpecError, match=message):
        getattr(cnnviz, name)([[1.0, 2.0]], **settings)
