"""Derivatives of activations against central differences."""

from __future__ import annotations

import numpy as np
import pytest

import cnnviz
from cnnviz.errors import SpecError
from cnnviz.ops import activations
from cnnviz.ops.activations import activation, gradient

# No multiple of 1/2, near which kinks are.
X = np.arange(-8.53, 8.5, 0.213)[:78].reshape(13, 6)
PARAMETERS = [
    ("relu", {"negative_slope": 0.1, "max_value": 6, "threshold": 1.5}),
    ("relu", {"max_value": 2}),
    ("relu", {"threshold": 2}),
    ("leaky_relu", {"negative_slope": 1.5}),
    ("prelu", {"alpha": [0.5, -0.25, 2, 0, 1, 1.5]}),
    ("threshold", {"threshold": 2.0, "default_value": -3.0}),
    ("elu", {"alpha": 0.7}),
    ("celu", {"alpha": 2.5}),
    ("gelu", {"approximate": True}),
    ("squareplus", {"b": 0}),
    ("squareplus", {"b": 9}),
    ("hard_shrink", {"threshold": 2}),
    ("soft_shrink", {"threshold": 2}),
    ("softmax", {"axis": 0}),
    ("log_softmax", {"axis": 0}),
    ("sparsemax", {"axis": 0}),
    ("glu", {}),
    ("glu", {"axis": 1}),
]
CASES = [*((name, {}) for name in activations.activations()), *PARAMETERS]
# Of these `x` may be overwritten before the way back.
OF_Y = ("linear", "relu", "relu6", "sigmoid", "tanh", "softmax")


def drawn(name: str) -> tuple[np.ndarray, np.random.Generator]:
    """Return values of both signs in any order; few enough of them that sparsemax keeps several."""
    rng = np.random.default_rng(0)
    x = rng.permutation(X.ravel()).reshape(X.shape)
    return x / 8 if name == "sparsemax" else x, rng


@pytest.mark.parametrize(("name", "settings"), CASES)
def test_is_the_derivative(name, settings):
    x, rng = drawn(name)
    function = getattr(cnnviz, name)
    y = function(x, **settings)
    upstream = rng.standard_normal(y.shape)
    for array in (x, y, upstream):
        array.setflags(write=False)
    ours = getattr(activations, f"{name}_gradient")(upstream, x, y, **settings)
    expected = np.empty_like(x)
    for place in np.ndindex(x.shape):
        step = np.zeros_like(x)
        step[place] = 1e-5
        change = function(x + step, **settings) - function(x - step, **settings)
        expected[place] = (upstream * change).sum() / 2e-5
    assert ours.dtype == np.float64
    np.testing.assert_allclose(ours, expected, rtol=1e-7, atol=1e-8)


@pytest.mark.parametrize(("name", "settings"), CASES)
def test_float32_is_kept(name, settings):
    x, rng = drawn(name)
    y = getattr(cnnviz, name)(x, **settings)
    upstream = rng.standard_normal(y.shape)
    function = getattr(activations, f"{name}_gradient")
    single = [array.astype(np.float32) for array in (upstream, x, y)]
    ours = function(*single, **settings)
    assert ours.dtype == np.float32
    np.testing.assert_allclose(ours, function(upstream, x, y, **settings), rtol=2e-5, atol=3e-6)


@pytest.mark.parametrize("name", activations.activations())
def test_is_found_by_name(name):
    found = gradient(name.upper())
    assert found is getattr(activations, f"{name}_gradient")
    assert found.__module__ == activation(name).__module__


@pytest.mark.parametrize("name", OF_Y)
def test_of_some_the_input_is_not_read(name):
    x, rng = drawn(name)
    y, upstream = activation(name)(x), rng.standard_normal(x.shape)
    made = [gradient(name)(upstream, other, y) for other in (x, np.full_like(x, np.nan))]
    np.testing.assert_array_equal(*made)


@pytest.mark.parametrize("name", sorted(set(activations.activations()) - {"exponential"}))
def test_huge_values_have_a_slope(name):
    x = np.float32([[-1e30, 1e30, 0, -1e-30]])
    slopes = gradient(name)(np.ones_like(x), x, activation(name)(x))
    assert np.isfinite(slopes).all()


def test_other_names_and_none():
    assert gradient("swish") is gradient("silu")
    assert gradient("identity") is gradient("linear")
    with pytest.raises(SpecError, match="did you mean"):
        gradient("rleu")


def test_an_activation_without_a_derivative_says_so(monkeypatch):
    monkeypatch.delattr(activations.mish.__module__ + ".mish_gradient")
    gradient.cache_clear()
    with pytest.raises(SpecError, match="activation mish has no derivative"):
        gradient("mish")
