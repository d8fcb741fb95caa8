"""What the layers that keep their input's places compute, against ONNX Runtime and SciPy."""

from __future__ import annotations

import numpy as np
import onnx_peer
import pytest
from drawn import assert_close, many, seeds, values
from hypothesis import given
from hypothesis import strategies as st
from scipy import special

from cnnviz import layers

shapes = st.sampled_from([(2, 3, 4, 5), (1, 7, 1, 2), (3, 4, 6), (2, 9)])
slopes = st.sampled_from([0.0, 0.01, 0.3, 1.5])


def run(name: str, *xs: np.ndarray, weights: dict | None = None, **settings) -> np.ndarray:
    """Return a layer's output, of the predicted shape and in float32."""
    layer = layers.find(name)(**settings)
    y, _ = layer.forward(weights or {}, *xs)
    assert y.shape[1:] == layer.output_shape(*(x.shape[1:] for x in xs))
    assert y.dtype == np.float32
    return y


def test_a_batch_normalization_has_the_epsilon_of_keras():
    one, small = np.ones((1, 2), np.float32), np.full(2, 1e-3, np.float32)
    weights = {"moving_mean": np.zeros(2), "moving_variance": small}
    y = run("BatchNormalization", one, weights=weights, center=False, scale=False)
    np.testing.assert_allclose(y, 1 / np.sqrt(2e-3), rtol=1e-6)


# Layer, settings, ONNX's operation and attributes, from the settings that were drawn.
NONLINEAR = [
    ("ReLU", {}, "Relu", {}),
    ("ReLU", {"threshold": 0.7}, "ThresholdedRelu", {"alpha": 0.7}),
    ("ReLU", {"negative_slope": 0.2}, "LeakyRelu", {"alpha": 0.2}),
    ("LeakyReLU", {}, "LeakyRelu", {"alpha": 0.3}),
    ("LeakyReLU", {"negative_slope": 0.01}, "LeakyRelu", {"alpha": 0.01}),
    ("ELU", {}, "Elu", {"alpha": 1.0}),
    ("ELU", {"alpha": 0.4}, "Elu", {"alpha": 0.4}),
    ("GELU", {}, "Gelu", {}),
    ("GELU", {"approximate": True}, "Gelu", {"approximate": "tanh"}),
    ("HardSwish", {}, "HardSwish", {}),
    ("Sigmoid", {}, "Sigmoid", {}),
    ("Tanh", {}, "Tanh", {}),
    ("Activation", {"activation": "hard_swish"}, "HardSwish", {}),
    ("Activation", {"activation": "selu"}, "Selu", {}),
    ("Activation", {"activation": "softmax"}, "Softmax", {"axis": 1}),
    ("Identity", {}, "Identity", {}),
    ("Dropout", {"rate": 0.4}, "Dropout", {}),
]


@pytest.mark.parametrize(("name", "settings", "op", "attributes"), NONLINEAR)
@many(8)
@given(seeds, shapes)
def test_nonlinearities_match_onnxruntime(name, settings, op, attributes, seed, shape) -> None:
    x = 3 * values(seed, *shape)
    assert_close(run(name, x, **settings), onnx_peer.run(op, x, **attributes))


@many(60)
@given(seeds, shapes, st.sampled_from([None, 1.0, 2.5]), slopes, st.sampled_from([0.0, 0.5, 1.0]))
def test_relu_is_that_of_keras(seed, shape, most, slope, threshold) -> None:
    x = 3 * values(seed, *shape).astype(np.float64)
    # Keras's three cases, in its own words: above max_value, between, below the threshold.
    theirs = np.piecewise(
        x, [x >= threshold, x < threshold], [lambda v: v, lambda v: slope * (v - threshold)]
    )
    if most is not None:
        theirs = np.where(x >= threshold, np.fmin(theirs, most), theirs)
    settings = {"max_value": most, "negative_slope": slope, "threshold": threshold}
    assert_close(run("ReLU", x.astype(np.float32), **settings), theirs, 3)


@many(60)
@given(seeds, st.sampled_from([None, (1,), (1, 2), (3,), (-1, 1), (1, 2, 3)]))
def test_prelu_matches_onnxruntime(seed, shared) -> None:
    x = values(seed, 2, 3, 4, 5)
    shape = layers.find("PReLU")(shared_axes=shared).weight_shapes(x.shape[1:])["alpha"]
    alpha = values(seed + 1, *shape)
    theirs = onnx_peer.run("PRelu", x, np.moveaxis(alpha, -1, 0))
    assert_close(run("PReLU", x, weights={"alpha": alpha}, shared_axes=shared), theirs)


@many(40)
@given(seeds, st.sampled_from([1, 2, 3, -1, -2, -3]))
def test_softmax_matches_onnxruntime(seed, axis) -> None:
    x = 5 * values(seed, 2, 4, 3, 5)
    place = axis if axis > 0 else axis + 4
    # Channels are the last axis here and the second there.
    theirs = onnx_peer.run("Softmax", x, axis={1: 2, 2: 3, 3: 1}[place])
    assert_close(run("Softmax", x, axis=axis), theirs)


def test_silu_is_x_times_the_sigmoid_of_scipy() -> None:
    x = 4 * values(0, 2, 5, 5, 3)
    assert_close(run("SiLU", x), x * special.expit(x.astype(np.float64)))


@many(60)
@given(seeds, shapes, st.sampled_from([1e-3, 1e-5, 0.1]), st.booleans(), st.booleans())
def test_batch_normalization_matches_onnxruntime(seed, shape, epsilon, scale, center) -> None:
    x = values(seed, *shape)
    gamma, beta, mean, variance = (values(seed + n, shape[-1]) for n in range(1, 5))
    variance = np.square(variance) + np.float32(0.1)
    weights = {"moving_mean": mean, "moving_variance": variance}
    weights |= {"gamma": gamma} if scale else {}
    weights |= {"beta": beta} if center else {}
    settings = {"epsilon": epsilon, "scale": scale, "center": center}
    wanted = layers.find("BatchNormalization")(**settings)
    shaped = wanted.weight_shapes(shape[1:]) | wanted.statistic_shapes(shape[1:])
    assert shaped == {name: array.shape for name, array in weights.items()}
    gamma = gamma if scale else np.ones_like(gamma)
    beta = beta if center else np.zeros_like(beta)
    theirs = onnx_peer.run("BatchNormalization", x, gamma, beta, mean, variance, epsilon=epsilon)
    terms = np.abs(gamma) * (np.abs(x).max() + np.abs(mean)) / np.sqrt(variance + epsilon)
    ours = run("BatchNormalization", x, weights=weights, **settings)
    assert_close(ours, theirs, float(terms.max()))


@many(60)
@given(
    seeds, st.integers(1, 12), st.integers(0, 3), st.sampled_from([1e-4, 0.2]),
    st.sampled_from([0.75, 0.4]), st.sampled_from([1.0, 2.0]),
)  # fmt: skip
def test_local_response_normalization_matches_onnxruntime(
    seed, channels, radius, alpha, beta, bias
) -> None:
    size = 2 * radius + 1  # ONNX Runtime refuses even ones
    x = values(seed, 2, 3, 3, channels)
    # ONNX divides alpha by the size, the paper does not.
    theirs = onnx_peer.run("LRN", x, size=size, alpha=alpha * size, beta=beta, bias=bias)
    settings = {"size": size, "alpha": alpha, "beta": beta, "bias": bias}
    assert_close(run("LocalResponseNormalization", x, **settings), theirs)


def test_rescaling_is_one_factor_and_one_offset() -> None:
    x = values(0, 2, 3, 4, 3)
    # A 1 x 1 convolution with the scales on its diagonal does the same.
    scale, offset = np.float32([2, -0.5, 1 / 255]), np.float32([0, 1, -3])
    kernel = np.diag(scale).reshape(3, 3, 1, 1)
    theirs = onnx_peer.run("Conv", x, kernel, offset)
    assert_close(run("Rescaling", x, scale=scale.tolist(), offset=offset.tolist()), theirs)
    theirs = onnx_peer.run("Conv", x, np.diag([np.float32(0.25)] * 3).reshape(3, 3, 1, 1))
    assert_close(run("Rescaling", x, scale=0.25), theirs)


@pytest.mark.parametrize("given", [True, False])
def test_normalization_centres_channels(given: bool) -> None:
    x = values(0, 2, 6, 5, 3)
    mean, variance = x.mean((0, 1, 2)), x.var((0, 1, 2))
    one, zero = np.ones(3, np.float32), np.zeros(3, np.float32)
    theirs = onnx_peer.run("BatchNormalization", x, one, zero, mean, variance, epsilon=0.0)
    held = {"mean": mean, "variance": variance}
    settings = {name: array.tolist() for name, array in held.items()} if given else {}
    weights = {} if given else held
    y = run("Normalization", x, weights=weights, **settings)
    assert_close(y, theirs)
    assert_close(run("Normalization", y, weights=weights, invert=True, **settings), x)


def test_normalization_of_other_axes_broadcasts() -> None:
    x = values(0, 2, 4, 3, 2)
    mean, variance = values(1, 4, 2), np.square(values(2, 4, 2)) + 1
    theirs = np.empty_like(x)
    for row in range(4):
        for channel in range(2):
            deviation = np.sqrt(variance[row, channel])
            theirs[:, row, :, channel] = (x[:, row, :, channel] - mean[row, channel]) / deviation
    weights = {"mean": mean, "variance": variance}
    assert_close(run("Normalization", x, weights=weights, axis=(3, 1)), theirs)
    both = {"mean": np.float32(0.5), "variance": np.float32(4)}
    assert_close(run("Normalization", x, weights=both, axis=None), (x - 0.5) / 2)


def test_a_variance_of_0_divides_by_the_least_deviation_of_keras() -> None:
    x = np.full((1, 2, 2, 1), 3, np.float32)
    y = run("Normalization", x, mean=2, variance=0)
    np.testing.assert_allclose(y, 1e7, rtol=1e-6)
