"""First weights: their spread is the papers', and each kernel is its own."""

from __future__ import annotations

from math import sqrt

import numpy as np
import pytest
from scipy import stats

from cnnviz import load_model
from cnnviz.errors import RefusedError, SpecError
from cnnviz.files import byte_budget
from cnnviz.training.initial import SCHEMES, fans, initial_weights

SHAPE = (8, 8, 12)


def graph(spec: str):
    return load_model(spec, input_shape=SHAPE).graph


@pytest.mark.parametrize(
    ("spec", "name", "fan_in", "fan_out"),
    [
        ("Conv2D(32, (3, 5))", "kernel", 15 * 12, 15 * 32),
        ("Conv2D(32, 3, groups=4)", "kernel", 9 * 3, 9 * 8),
        ("DepthwiseConv2D(3, depth_multiplier=2)", "kernel", 9, 18),
        ("SeparableConv2D(20, 3, depth_multiplier=2)", "depthwise_kernel", 9, 18),
        ("SeparableConv2D(20, 3, depth_multiplier=2)", "pointwise_kernel", 24, 20),
        ("Conv2DTranspose(6, 3)", "kernel", 9 * 12, 9 * 6),
        ("LocallyConnected2D(6, 3)", "kernel", 9 * 12, 9 * 6),
        ("Dense(40)", "kernel", 12, 40),
    ],
)
def test_fans(spec, name, fan_in, fan_out):
    (node,) = graph(spec).nodes
    assert fans(node.layer, name, [SHAPE]) == (fan_in, fan_out)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_kernel_has_the_papers_distribution(scheme):
    values = initial_weights(graph("Conv2D(256, 3, name='c')"), 7, scheme)["c"]["kernel"]
    total = 9 * 12 if scheme.startswith("he") else 9 * 12 + 9 * 256
    if scheme.endswith("normal"):
        wanted = stats.norm(0, sqrt(2 / total))
    else:
        edge = sqrt(6 / total)
        wanted = stats.uniform(-edge, 2 * edge)
        assert np.abs(values).max() <= np.float32(edge)
    assert values.dtype == np.float32
    assert stats.kstest(values.ravel(), wanted.cdf).pvalue > 0.01


def test_a_kernel_stays_the_same_whatever_is_around_it():
    short = initial_weights(graph("Conv2D(8, 3, name='a') Conv2D(4, 3, name='b')"), 5)
    text = "Conv2D(12, 1, name='z') Conv2D(8, 3, name='a') Conv2D(8, 3, name='n')"
    long = initial_weights(graph(f"{text} Conv2D(4, 3, name='b')"), 5)
    for name in "ab":
        np.testing.assert_array_equal(short[name]["kernel"], long[name]["kernel"])
    assert not np.array_equal(long["a"]["kernel"][..., :8, :], long["n"]["kernel"])
    other = initial_weights(graph("Conv2D(8, 3, name='a')"), 6)
    assert abs(np.corrcoef(other["a"]["kernel"].ravel(), short["a"]["kernel"].ravel())[0, 1]) < 0.15


def test_what_is_no_kernel_and_what_the_spec_names():
    spec = "Conv2D(kernels=['sobel-x'], name='s') BatchNormalization(name='n') PReLU(name='p')"
    weights = initial_weights(graph(spec))
    assert {k: v.tolist() for k, v in weights["n"].items()} == {
        "gamma": [1],
        "beta": [0],
        "moving_mean": [0],
        "moving_variance": [1],
    }
    assert not weights["p"]["alpha"].any()
    assert weights["s"]["kernel"][:, :, 0, 0].tolist() == [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]


def test_everything_can_be_trained_in_place():
    spec = "Conv2D(kernels=['sobel-x']) Conv2D(4, 3) BatchNormalization() Flatten() Dense(3)"
    for own in initial_weights(graph(spec), scheme="glorot-uniform").values():
        for values in own.values():
            assert values.flags.c_contiguous
            assert values.flags.writeable
            assert values.flags.owndata


def test_faults():
    with pytest.raises(SpecError, match="unknown initialisation 'he'; known: glorot-normal"):
        initial_weights(graph("Dense(3)"), 0, "he")
    with byte_budget(100), pytest.raises(RefusedError, match="weights needs"):
        initial_weights(graph("Dense(30)"))
