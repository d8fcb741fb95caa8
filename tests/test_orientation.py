"""True convolution: which kernels slide, and weight files that keep them turned."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import convolve
from test_layers import CASES, Case, drawn, every_case, made_of

from cnnviz import kernels, layers, load_model
from cnnviz.model import Model
from cnnviz.model.initial import he_weights
from cnnviz.trained.about import About

NET = "Conv2D(4, (3, 2), name='a') DepthwiseConv2D(2, name='b') SeparableConv2D(3, 2, name='c') \
Flatten() Dense(5, name='d')"
SHAPE = (8, 9, 2)


def is_plain(case: Case) -> bool:
    layer = made_of(case)
    ones = {1, (1,), (1, 1), None}
    return bool(layer.sliding) and layer.padding == "valid" and layer.strides in ones


@every_case
def test_a_turned_input_through_turned_kernels_is_the_turned_output(case: Case) -> None:
    layer = made_of(case)
    if not is_plain(case):
        return
    weights, (x,) = drawn(case, np.float64)
    axes = tuple(range(x.ndim - 2))
    turned = {n: np.flip(w, axes[: layer.sliding.get(n, 0)]) for n, w in weights.items()}
    space = tuple(axis + 1 for axis in axes)
    y, _ = layer.forward(weights, x)
    z, _ = layer.forward(turned, np.flip(x, space))
    np.testing.assert_allclose(z, np.flip(y, space), rtol=1e-12, atol=1e-12)


def test_every_kernel_that_slides_has_such_a_case() -> None:
    sliding = {name for name in layers.names() if layers.find(name).sliding}
    assert {case.layer for case in CASES if is_plain(case)} == sliding
    assert sliding == {"Conv1D", "Conv2D", "DepthwiseConv2D", "SeparableConv2D"}


def flipped(path: str, layout: str = "hwio") -> Model:
    """Write weights as a run with true convolution keeps them; return the model that they are."""
    graph = load_model(NET, input_shape=SHAPE).graph
    model = Model(graph, he_weights(graph, seed=5))
    model.save(path, about=About(is_turned=True))
    return model


def test_a_model_from_such_a_file_is_the_same(folder) -> None:
    model = flipped("w.safetensors")
    x = np.random.default_rng(0).normal(size=(2, *SHAPE))
    loaded = load_model(NET, input_shape=SHAPE, weights="w.safetensors")
    assert np.array_equal(loaded.forward(x), model.forward(x))
    assert "kernels turned by 180 degrees: the file keeps them for true convolution" in loaded.notes
    model.save("v.safetensors")
    plain = load_model(NET, input_shape=SHAPE, weights="v.safetensors")
    assert not [note for note in plain.notes if "turned" in note]


def test_as_stored_they_are_those_of_a_true_convolution(folder) -> None:
    model = flipped("w.safetensors")
    from safetensors.numpy import load_file

    stored = load_file("w.safetensors")
    x = np.random.default_rng(0).normal(size=SHAPE).astype(np.float32)
    by_scipy = convolve(x[..., ::-1], stored["a.kernel"][..., 1], "valid")[..., 0]
    ours = model.graph.nodes[0].layer.forward(model.weights["a"], x[None])[0][0, ..., 1]
    np.testing.assert_allclose(by_scipy, ours, rtol=1e-4, atol=1e-5)
    assert np.array_equal(stored["d.kernel"], model.weights["d"]["kernel"])


def test_named_kernels_stay_as_the_spec_says(folder) -> None:
    spec = "Conv2D(kernels=['sobel-x'], use_bias=False, name='n') Conv2D(2, 3, name='a')"
    graph = load_model(spec, input_shape=(9, 9, 1)).graph
    weights = he_weights(graph)
    Model(graph, {"a": weights["a"]}).save("w.safetensors", about=About(is_turned=True))
    loaded = load_model(spec, input_shape=(9, 9, 1), weights="w.safetensors")
    for node in ("n", "a"):
        assert np.array_equal(loaded.weights[node]["kernel"], weights[node]["kernel"])


def test_kernels_out_of_such_a_file(folder, cnnviz) -> None:
    """Shown as stored, with a word on it; slid so that the maps are the network's."""
    model = flipped("w.safetensors")
    own = model.weights["a"]["kernel"]
    np.testing.assert_array_equal(kernels.resolve("w.safetensors:a")[1].values, own[..., 1])
    result = cnnviz("kernels", "w.safetensors:a", "-o", "a.npy", "-o", "a.svg", "-o", "txt:-")
    assert "order    for true convolution: turned by 180 degrees, and shown so" in result.text
    np.testing.assert_array_equal(np.load("a.npy"), own[::-1, ::-1])
    assert "turned for true convolution" in (folder / "a.svg").read_text()


@pytest.mark.parametrize("said", ["", "Convolution!", "correlation", "\x1b[2J"])
def test_another_word_changes_nothing(folder, said) -> None:
    from safetensors.numpy import save_file

    values = np.arange(9, dtype=np.float32).reshape(3, 3, 1, 1)
    save_file(
        {"a.kernel": values, "a.bias": values[0, 0, 0]}, "w.safetensors", {"orientation": said}
    )
    model = load_model("Conv2D(1, 3, name='a')", input_shape=(9, 9, 1), weights="w.safetensors")
    assert np.array_equal(model.weights["a"]["kernel"], values)
