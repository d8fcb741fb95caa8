"""Gradients held to central differences of the forward run, in float64."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

STEP = 1e-6
small = st.integers(1, 3)


@st.composite
def slides(draw: st.DrawFn, rank: int) -> tuple[tuple[int, ...], dict]:
    """A size and how a window slides over it, also far beyond its rim."""
    each = st.tuples(*[small] * rank)
    size, kernel = draw(st.tuples(*[st.integers(1, 8)] * rank)), draw(each)
    strides, dilation = draw(each), draw(each)
    pair = st.tuples(st.integers(0, 5), st.integers(0, 5))
    named = st.sampled_from(["valid", "same", "full", *(["causal"] if rank == 1 else [])])
    padding = draw(named | st.tuples(*[pair] * rank))
    if padding == "valid" or not isinstance(padding, str):
        extents = (d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True))
        size = tuple(map(max, size, extents))
    return size, {
        "kernel_size": kernel, "strides": strides, "padding": padding, "dilation_rate": dilation,
    }  # fmt: skip


def drawn_run(layer, shape: tuple[int, ...], seed: int) -> tuple[dict, np.ndarray]:
    """Return weights and a batch of 2 or 3 for a layer; writing to any of them raises."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((2 + seed % 2, *shape))
    shapes = layer.weight_shapes(shape)
    weights = {name: rng.standard_normal(each) for name, each in shapes.items()}
    for array in (x, *weights.values()):
        array.setflags(write=False)
    return weights, x


def assert_gradients(layer, weights: dict, x: np.ndarray, seed: int = 0) -> None:
    """Hold every gradient of a layer to differences along random directions, and to its promises.

    A direction has a share of every value, so that one wrong value shows.
    """
    rng = np.random.default_rng(seed)
    y, backward = layer.forward(weights, x)
    gradient = rng.standard_normal(y.shape)
    gradient.setflags(write=False)
    (of_x,), of_weights = backward(gradient)
    assert set(of_weights) == set(weights)

    def loss(name: str, moved: np.ndarray) -> float:
        taken = x if name != "x" else moved
        made, _ = layer.forward(weights | ({name: moved} if name != "x" else {}), taken)
        return float((made * gradient).sum())

    for name, value in ({"x": x} | weights).items():
        found = of_x if name == "x" else of_weights[name]
        assert (found.shape, found.dtype) == (value.shape, np.float64)
        for _ in range(2):
            way = rng.standard_normal(value.shape)
            ahead, behind = (loss(name, value + sign * STEP * way) for sign in (1, -1))
            theirs, ours = (ahead - behind) / (2 * STEP), float((found * way).sum())
            scale = float(np.abs(found * way).sum()) + 1
            assert abs(theirs - ours) < 1e-6 * scale, (name, theirs, ours)

    without, again = backward(gradient, of_inputs=False)
    assert without == ()
    for name, found in of_weights.items():
        np.testing.assert_array_equal(again[name], found)
    assert_same_in_float32(layer, weights, x, gradient, of_x, of_weights)


def assert_same_in_float32(layer, weights, x, gradient, of_x, of_weights) -> None:
    """Hold the gradients of a float32 run to those in float64."""
    short = {name: value.astype(np.float32) for name, value in weights.items()}
    _, backward = layer.forward(short, x.astype(np.float32))
    (near,), others = backward(gradient.astype(np.float32))
    for name, found in ({"x": near} | others).items():
        whole = of_x if name == "x" else of_weights[name]
        assert found.dtype == np.float32
        scale = max(1.0, float(np.abs(whole).max()))
        assert float(np.abs(found - whole).max()) < 1e-4 * scale, name
