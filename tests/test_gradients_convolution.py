"""Gradients of layers with kernels, by central differences over drawn settings."""

from __future__ import annotations

import numpy as np
import pytest
from differences import assert_gradients, drawn_run, slides, small
from drawn import many, seeds
from hypothesis import assume, given
from hypothesis import strategies as st

from cnnviz import layers
from cnnviz.errors import SpecError
from cnnviz.geometry import Window
from cnnviz.ops.conv import gradients, im2col

activations = st.sampled_from([None, "linear", "relu", "tanh", "sigmoid", "gelu"])


def check(layer, shape: tuple[int, ...], seed: int) -> None:
    weights, x = drawn_run(layer, shape, seed)
    assert_gradients(layer, weights, x, seed)


@many(120)
@given(
    st.sampled_from([1, 2]).flatmap(slides), seeds, small, small, st.integers(1, 9), activations,
    st.booleans(),
)  # fmt: skip
def test_conv(drawn, seed, groups, channels, filters, activation, biased):
    size, settings = drawn
    layer = layers.find(f"Conv{len(size)}D")(
        groups * filters, groups=groups, activation=activation, use_bias=biased, **settings
    )
    check(layer, (*size, groups * channels), seed)


@many(60)
@given(slides(2), seeds, small, small, activations, st.booleans())
def test_depthwise(drawn, seed, channels, multiplier, activation, biased):
    size, settings = drawn
    layer = layers.find("DepthwiseConv2D")(
        depth_multiplier=multiplier, activation=activation, use_bias=biased, **settings
    )
    check(layer, (*size, channels), seed)


@many(40)
@given(slides(2), seeds, small, small, small, activations, st.booleans())
def test_separable(drawn, seed, channels, multiplier, filters, activation, biased):
    size, settings = drawn
    layer = layers.find("SeparableConv2D")(
        filters, depth_multiplier=multiplier, activation=activation, use_bias=biased, **settings
    )
    check(layer, (*size, channels), seed)


@many(80)
@given(slides(2), seeds, small, small, st.none() | st.integers(0, 2), activations, st.booleans())
def test_transposed(drawn, seed, channels, filters, added, activation, biased):
    size, settings = drawn
    try:
        layer = layers.find("Conv2DTranspose")(
            filters, output_padding=added, activation=activation, use_bias=biased, **settings
        )
        layer.output_shape((*size, channels))
    except SpecError:  # padding that leaves nothing, output padding of a stride
        assume(False)
    check(layer, (*size, channels), seed)


@many(60)
@given(st.sampled_from([1, 2]).flatmap(slides), seeds, small, small, activations, st.booleans())
def test_locally_connected(drawn, seed, channels, filters, activation, biased):
    size, settings = drawn
    dilation = settings.pop("dilation_rate")
    layer = layers.find(f"LocallyConnected{len(size)}D")(
        filters, activation=activation, use_bias=biased, **settings
    )
    assert len(dilation) == len(size)
    check(layer, (*size, channels), seed)


@pytest.mark.parametrize("shape", [(5,), (4, 3), (3, 2, 4)])
@pytest.mark.parametrize("activation", [None, "relu", "tanh", "sigmoid", "softmax", "gelu"])
@pytest.mark.parametrize("biased", [True, False])
def test_dense(shape, activation, biased):
    check(layers.find("Dense")(6, activation, biased), shape, 1)


def test_named_kernels_have_gradients():
    layer = layers.find("Conv2D")(kernels=["sobel-x", "edge"])
    x = np.random.default_rng(0).standard_normal((2, 6, 5, 3))
    made = layer.initial(x.shape[1:])
    y, backward = layer.forward({}, x)
    (of_x,), of_weights = backward(np.ones_like(y))
    y, backward = layer.forward(made, x)
    (other,), _ = backward(np.ones_like(y))
    np.testing.assert_array_equal(of_x, other)
    assert {name: value.shape for name, value in of_weights.items()} == {
        name: value.shape for name, value in made.items()
    }


# Shapes that choose each of the strategies, in bands that do not divide the batch evenly.
@pytest.mark.parametrize("channels", [1, 5, 64])
@pytest.mark.parametrize("padding", ["valid", "same", "full", ((4, 0), (0, 3))])
@pytest.mark.parametrize("dilation", [1, 2])
def test_bands_join_without_a_seam(monkeypatch, channels, padding, dilation):
    monkeypatch.setattr(im2col, "WINDOWS", 70)
    monkeypatch.setattr(gradients, "PRODUCTS", 700)
    monkeypatch.setattr(gradients, "IMAGES", 1700)
    rng = np.random.default_rng(0)
    x, kernels = rng.standard_normal((7, 8, 7, channels)), rng.standard_normal((3, 2, channels, 6))
    axes = Window.of((3, 2), padding=padding, dilation_rate=dilation).on((8, 7))
    g = rng.standard_normal((7, axes[0].output, axes[1].output, 6))
    (of_x,), of_kernels = gradients.convolution_gradients(x, g, kernels, axes)
    theirs_x, theirs_kernels = np.zeros_like(x), np.zeros_like(kernels)
    for o, p, i, j in np.ndindex(axes[0].output, axes[1].output, 3, 2):
        row = o - axes[0].before + i * dilation
        column = p - axes[1].before + j * dilation
        if 0 <= row < 8 and 0 <= column < 7:
            theirs_x[:, row, column] += g[:, o, p] @ kernels[i, j].T
            theirs_kernels[i, j] += x[:, row, column].T @ g[:, o, p]
    np.testing.assert_allclose(of_x, theirs_x, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(of_kernels, theirs_kernels, rtol=1e-9, atol=1e-9)
