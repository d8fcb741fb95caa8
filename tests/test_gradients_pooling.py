"""Gradients of maxima and minima where several cells are equal, and of many images."""

from __future__ import annotations

import numpy as np
import pytest

from cnnviz import layers
from cnnviz.ops.pooling.max import winners

# Of so large a batch several bands are made.
SHAPE = (9, 40, 41, 5)
SETTINGS = [
    {},
    {"pool_size": 3, "strides": 2},
    {"pool_size": 3, "strides": 1, "padding": "same"},
    {"pool_size": (2, 3), "padding": ((1, 0), (0, 2)), "ceil_mode": True},
    {"pool_size": 2, "strides": 3},
    {"pool_size": 2, "strides": (3, 1), "ceil_mode": True},
    {"pool_size": (40, 1)},
]


def to_winners(gradient: np.ndarray, won: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Add each value of a gradient to the cell of its channel that won."""
    n, height, width, channels = shape
    out = np.zeros((n, height * width, channels))
    image, channel = np.arange(n)[:, None, None, None], np.arange(channels)
    np.add.at(out, (image, won, channel), gradient)
    return out.reshape(shape)


@pytest.mark.parametrize("settings", SETTINGS)
@pytest.mark.parametrize(("name", "sign"), [("MaxPooling2D", 1), ("MinPooling2D", -1)])
def test_of_equal_cells_the_first_gets_all(name, sign, settings):
    rng = np.random.default_rng(0)
    x = rng.integers(-1, 2, SHAPE).astype(np.float64)
    y, backward = layers.find(name)(**settings).forward({}, x)
    gradient = rng.standard_normal(y.shape)
    (ours,), _ = backward(gradient)
    expected = to_winners(gradient, winners(sign * x, **{"pool_size": 2} | settings), SHAPE)
    np.testing.assert_allclose(ours, expected, rtol=1e-12, atol=1e-12)


def test_of_a_sequence_too():
    x = np.float32([[[2], [2], [1], [1], [3]]])
    _, backward = layers.find("MaxPooling1D")(3, 2).forward({}, x)
    (ours,), _ = backward(np.float32([[[5], [7]]]))
    assert ours.tolist() == [[[5], [0], [0], [0], [7]]]


@pytest.mark.parametrize("rank", [1, 2])
def test_of_a_whole_channel_the_first_gets_all(rank):
    x = np.float32([[1, 4], [3, 4], [3, 2]]).reshape(1, *(3, 1)[:rank], 2)
    _, backward = layers.find(f"GlobalMaxPooling{rank}D")().forward({}, x)
    (ours,), _ = backward(np.float32([[10, 20]]))
    assert ours.reshape(3, 2).tolist() == [[0, 20], [10, 0], [0, 0]]


def test_a_window_with_nan_passes_nothing():
    x = np.float32([1, np.nan, 2, 3]).reshape(1, 1, 4, 1)
    _, backward = layers.find("MaxPooling2D")((1, 2)).forward({}, x)
    (ours,), _ = backward(np.float32([5, 7]).reshape(1, 1, 2, 1))
    assert ours.ravel().tolist() == [0, 0, 0, 7]


@pytest.mark.parametrize("p", [0.5, 1, 2, 64])
def test_lp_passes_nothing_to_zeros_and_never_overflows(p):
    x = np.float32([0, 0, 1e-6, 2e-6, -1e30, 1, 0, 1e-30]).reshape(1, 1, 8, 1)
    _, backward = layers.find("LpPooling2D")((1, 2), p=p).forward({}, x)
    (ours,), _ = backward(np.ones((1, 1, 4, 1), np.float32))
    assert np.isfinite(ours).all()
    assert ours.ravel()[[0, 1, 6]].tolist() == [0, 0, 0]
    if p >= 1:
        assert np.abs(ours).max() <= 1


@pytest.mark.parametrize(("name", "wins"), [("Maximum", [2, 3, 7]), ("Minimum", [1, 3, 5])])
def test_of_equal_inputs_the_first_gets_all(name, wins):
    xs = [np.float32([row]) for row in ([1, 3, 5], [2, 3, 5], [2, 3, 7])]
    y, backward = layers.find(name)().forward({}, *xs)
    assert y.tolist() == [wins]
    found, _ = backward(np.ones((1, 3), np.float32))
    assert sum(found).tolist() == [[1, 1, 1]]
    for place, each in enumerate(found):
        firsts = [[x[0, n] for x in xs].index(wins[n]) == place for n in range(3)]
        assert each.tolist() == [firsts]
