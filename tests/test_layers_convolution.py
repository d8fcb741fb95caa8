"""Convolutional and dense layers run as ONNX Runtime's operators, over drawn settings."""

from __future__ import annotations

import numpy as np
import onnx_peer
import pytest
from drawn import assert_close, dtypes, many, pairs, seeds, values
from hypothesis import given
from hypothesis import strategies as st
from scipy import special

from cnnviz import kernel, layers, load_model
from cnnviz.model.initial import he_weights

ACTIVATIONS = {
    None: lambda y: y,
    "linear": lambda y: y,
    "relu": lambda y: np.where(y > 0, y, 0),
    "tanh": np.tanh,
    "sigmoid": special.expit,
}
activations = st.sampled_from(list(ACTIVATIONS))
batches = st.integers(1, 3)
small = st.integers(1, 3)


def weights_of(layer, x: np.ndarray, seed: int) -> dict[str, np.ndarray]:
    """Values of both signs for every weight of a layer."""
    shapes = layer.weight_shapes(x.shape[1:])
    return {name: values(seed + n, *shape) for n, (name, shape) in enumerate(shapes.items(), 1)}


def assert_runs_as(layer, x, weights, theirs) -> None:
    """Hold a layer's run to what was computed before the activation, and to what it promises."""
    before = x.copy()
    ours, backward = layer.forward(weights, x)
    assert callable(backward)
    assert ours.shape == (len(x), *layer.output_shape(x.shape[1:]))
    assert ours.dtype == x.dtype
    np.testing.assert_array_equal(x, before)
    kernels = [np.abs(w) for name, w in weights.items() if name != "bias"]
    sums = [w.reshape(-1, w.shape[-1]).sum(axis=0).max() for w in kernels]
    terms = float(np.abs(x).max() * np.prod(sums))
    assert_close(ours, ACTIVATIONS[layer.activation](theirs), terms)


@st.composite
def slides(draw: st.DrawFn, rank: int) -> tuple[tuple[int, ...], dict, dict]:
    """A size, how a window slides over it, and the same in ONNX's words."""
    each = st.tuples(*[small] * rank)
    size, strides = draw(st.tuples(*[st.integers(1, 9)] * rank)), draw(each)
    kernel, dilation = draw(each), draw(each)
    extents = [d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True)]
    names = ["valid", "same", "full", "pairs", *(["causal"] if rank == 1 else [])]
    name = draw(st.sampled_from(names))
    if name in ("valid", "pairs"):
        size = tuple(map(max, size, extents))
    pairs_ = draw(st.tuples(*[pairs(0, 3)] * rank))
    begin_and_end = {
        "valid": [0] * 2 * rank,
        "same": onnx_peer.same_pads(size, extents, strides),
        "full": [e - 1 for e in extents] * 2,
        "pairs": [*(a for a, _ in pairs_), *(b for _, b in pairs_)],
        "causal": [extents[0] - 1, 0],
    }[name]
    ours = {
        "kernel_size": kernel, "strides": strides, "dilation_rate": dilation,
        "padding": pairs_ if name == "pairs" else name,
    }  # fmt: skip
    theirs = {"strides": strides, "dilations": dilation, "pads": begin_and_end}
    return size, ours, theirs


@many(150)
@given(
    st.sampled_from([1, 2]).flatmap(slides), seeds, batches, small, small, st.integers(1, 9),
    dtypes, activations, st.booleans(),
)  # fmt: skip
def test_conv(drawn, seed, n, groups, channels, filters, dtype, activation, biased):
    size, settings, theirs = drawn
    layer = layers.find(f"Conv{len(size)}D")(
        filters * groups, groups=groups, activation=activation, use_bias=biased, **settings
    )
    x = values(seed, n, *size, channels * groups, dtype=dtype)
    weights = weights_of(layer, x, seed)
    assert set(weights) == ({"kernel", "bias"} if biased else {"kernel"})
    w = np.moveaxis(weights["kernel"], (-1, -2), (0, 1))
    bias = [weights["bias"]] if biased else []
    ran = onnx_peer.run("Conv", x, w, *bias, group=groups, **theirs)
    assert_runs_as(layer, x, weights, ran)


@many(100)
@given(slides(2), seeds, batches, st.integers(1, 6), small, dtypes, activations, st.booleans())
def test_depthwise(drawn, seed, n, channels, multiplier, dtype, activation, biased):
    size, settings, theirs = drawn
    layer = layers.find("DepthwiseConv2D")(
        depth_multiplier=multiplier, activation=activation, use_bias=biased, **settings
    )
    x = values(seed, n, *size, channels, dtype=dtype)
    weights = weights_of(layer, x, seed)
    assert weights["kernel"].shape[2:] == (channels, multiplier)
    bias = [weights["bias"]] if biased else []
    w = by_channel(weights["kernel"])
    ran = onnx_peer.run("Conv", x, w, *bias, group=channels, **theirs)
    assert_runs_as(layer, x, weights, ran)


@many(100)
@given(
    slides(2), seeds, batches, st.integers(1, 5), small, st.integers(1, 6), activations,
    st.booleans(),
)  # fmt: skip
def test_separable(drawn, seed, n, channels, multiplier, filters, activation, biased):
    size, settings, theirs = drawn
    layer = layers.find("SeparableConv2D")(
        filters, depth_multiplier=multiplier, activation=activation, use_bias=biased, **settings
    )
    x = values(seed, n, *size, channels)
    weights = weights_of(layer, x, seed)
    apart = by_channel(weights["depthwise_kernel"])
    maps = onnx_peer.run("Conv", x, apart, group=channels, **theirs)
    across = weights["pointwise_kernel"].transpose(3, 2, 0, 1)
    ran = onnx_peer.run("Conv", maps, across, *([weights["bias"]] if biased else []))
    assert_runs_as(layer, x, weights, ran)


def by_channel(kernel: np.ndarray) -> np.ndarray:
    """Return `(kh, kw, C, M)` as ONNX takes it, `(C M, 1, kh, kw)`."""
    return kernel.transpose(2, 3, 0, 1).reshape(-1, 1, *kernel.shape[:2])


@many(100)
@given(
    seeds, st.lists(st.integers(1, 5), max_size=2), batches, st.integers(1, 9), st.integers(1, 9),
    dtypes, activations, st.booleans(),
)  # fmt: skip
def test_dense(seed, places, n, read, units, dtype, activation, biased):
    layer = layers.find("Dense")(units, activation, biased)
    x = values(seed, n, *places, read, dtype=dtype)
    weights = weights_of(layer, x, seed)
    flat = x.reshape(-1, read)
    bias = [weights["bias"]] if biased else []
    ran = onnx_peer.run("Gemm", flat, weights["kernel"], *bias)
    assert_runs_as(layer, x, weights, ran.reshape(n, *places, units))


def test_dense_does_not_copy_its_weights():
    import tracemalloc

    kernel_ = np.ones((2000, 500), np.float32)
    layer = layers.find("Dense")(500, use_bias=False)
    x = np.ones((1, 2000), np.float32)
    layer.forward({"kernel": kernel_}, x)
    tracemalloc.start()
    layer.forward({"kernel": kernel_}, x)
    assert tracemalloc.get_traced_memory()[1] < kernel_.nbytes / 20
    tracemalloc.stop()


NAMED = ["sobel-x", "pillow:emboss", "1 0 -1; 2 0 -2; 1 0 -1"]


@pytest.mark.parametrize(("channels", "groups"), [(1, 1), (3, 1), (6, 3)])
def test_named_kernels_slide_over_every_channel_of_their_group(channels, groups):
    layer = layers.find("Conv2D")(kernels=NAMED, groups=groups)
    x = values(1, 2, 7, 6, channels)
    ours, _ = layer.forward({}, x)
    each = channels // groups
    for n, name in enumerate(NAMED):
        seen = x[..., n * each : (n + 1) * each] if groups > 1 else x
        w = np.broadcast_to(kernel(name), (1, seen.shape[3], 3, 3))
        theirs = onnx_peer.run("Conv", seen, w)[..., 0] + (128 if "emboss" in name else 0)
        assert_close(ours[..., n], theirs, 100.0)


def test_named_kernels_are_the_weights_before_training():
    model = load_model(f"Conv2D(kernels={NAMED}) Conv2D(2, 3)", input_shape=(9, 9, 2))
    weights = he_weights(model.graph)
    layer = model.graph.nodes[0].layer
    assert weights["conv1"]["bias"].tolist() == [0, 128, 0]
    np.testing.assert_array_equal(weights["conv1"]["kernel"][:, :, 1, 0], kernel("sobel-x"))
    shapes = {name: values.shape for name, values in weights["conv1"].items()}
    assert shapes == layer.weight_shapes((9, 9, 2))
    assert weights["conv2"]["kernel"].std() > 0
    x = values(3, 1, 9, 9, 2)
    assert_close(model.executor.run(x, ["conv1"])["conv1"], layer.forward({}, x)[0])
    # Trained ones go before them.
    other = {"kernel": np.ones((3, 3, 2, 3)), "bias": np.zeros(3)}
    theirs = onnx_peer.run("Conv", x, np.ones((3, 2, 3, 3)))
    assert_close(layer.forward(other, x)[0], theirs)
