"""Ops in bands: into a slice of the channels of a wider array, on one core and on several."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from drawn import assert_close, many, seeds, values
from hypothesis import given
from hypothesis import strategies as st
from numpy.lib.stride_tricks import sliding_window_view

import cnnviz
from cnnviz.geometry import Window
from cnnviz.ops import activation, bands, reduction
from cnnviz.ops.normalization import respond, scale_channels
from cnnviz.ops.pooling.average import average_windows
from cnnviz.ops.reduction import reduce_windows


@pytest.fixture(params=["one core", "all cores"], autouse=True)
def small_bands(request, monkeypatch) -> Iterator[None]:
    """Cut what the tests give into several bands."""
    reduction._laid.cache_clear()
    monkeypatch.setattr(bands, "ALONE", 300)
    monkeypatch.setattr(bands, "TOGETHER", 300)
    monkeypatch.setattr(bands, "SHARED", np.inf if request.param == "one core" else 0)
    yield
    reduction._laid.cache_clear()


def slices(*shape: int) -> tuple[np.ndarray, np.ndarray]:
    """Return a wide array of ones and its middle channels."""
    wide = np.ones((*shape[:-1], shape[-1] + 7), np.float32)
    return wide, wide[..., 3 : 3 + shape[-1]]


def check_sides(wide: np.ndarray) -> None:
    """Hold the channels beside the slice to what they were."""
    assert (wide[..., :3] == 1).all()
    assert (wide[..., -4:] == 1).all()


@many(60)
@given(
    seeds, st.integers(1, 3), st.sampled_from([1, 3, 32, 40]), st.integers(1, 4), st.integers(1, 3)
)
def test_pooling_into_a_slice_of_channels(seed, n, channels, size, stride):
    x = values(seed, n, 9, 7, channels)
    rows, columns = Window.of((size, 5 - size), strides=stride).on((9, 7))
    cells = sliding_window_view(x, (size, 5 - size), (1, 2))[:, ::stride, ::stride]
    for made, theirs in (
        (lambda out: reduce_windows(x, rows, columns, np.maximum, -np.inf, out=out), np.max),
        (lambda out: average_windows(x, rows, columns, out=out), np.mean),
    ):
        expected = theirs(cells.astype(np.float64), axis=(-2, -1))
        wide, out = slices(*expected.shape)
        assert made(out) is out
        assert_close(out, expected.astype(np.float32))
        assert_close(made(None), expected.astype(np.float32))
        check_sides(wide)


@pytest.mark.parametrize("padding", ["valid", "same"])
def test_averages_of_many_channels_and_of_each_are_the_same(padding):
    x = values(1, 2, 12, 11, 64)
    settings = {"strides": 2, "padding": padding, "dilation_rate": 2}
    together = cnnviz.average_pool2d(x, (3, 2), **settings)
    assert_close(cnnviz.average_pool2d(x[..., ::2], (3, 2), **settings), together[..., ::2])
    for channel in (0, 63):
        alone = cnnviz.average_pool2d(x[..., channel : channel + 1], (3, 2), **settings)
        assert_close(alone, together[..., channel : channel + 1])


@pytest.mark.parametrize("size", [2, (1, 3), 3, (3, 2), 5, 6, 7, 10])
def test_the_mean_of_equal_cells_is_that_cell(size):
    x = np.full((15, 15, 64), 253, np.float32) + np.arange(64, dtype=np.float32)
    means = cnnviz.average_pool2d(x, size)
    np.testing.assert_array_equal(means, x[: len(means), : means.shape[1]])


def test_what_is_not_finite_stays_in_its_windows():
    x = np.zeros((8, 8, 32), np.float32)
    x[1, 1, 5], x[6, 6, 7], x[6, 7, 7], x[0, 7, 9] = np.nan, np.inf, -np.inf, np.inf
    means = cnnviz.average_pool2d(x, 2)
    assert np.isnan(means[0, 0, 5])
    assert np.isnan(means[3, 3, 7])
    assert means[0, 3, 9] == np.inf
    assert np.isfinite(means).sum() == means.size - 3


@pytest.mark.parametrize("shape", [(1, 40), (2, 7, 5, 12), (3, 1, 2)])
def test_normalisation_into_a_slice_of_channels_and_in_place(shape):
    x, numbers = values(0, *shape), values(1, 3, shape[-1]).astype(np.float64)
    centre, factor, offset = numbers
    for made, expected in (
        (lambda x, out: scale_channels(x, *numbers, out=out), (x - centre) * factor + offset),
        (lambda x, out: respond(x, 5, 0.1, 0.75, 1.0, out=out), by_channels(x, 0.1)),
    ):
        wide, out = slices(*shape)
        made(x, out)
        assert_close(out, expected.astype(np.float32))
        check_sides(wide)
        same = x.copy()
        made(same, same)
        np.testing.assert_array_equal(same, out)


def by_channels(x: np.ndarray, alpha: float) -> np.ndarray:
    """Return the response of five channels from its formula."""
    square = np.pad(np.square(x.astype(np.float64)), [(0, 0)] * (x.ndim - 1) + [(2, 2)])
    return x / (1 + alpha * sliding_window_view(square, 5, -1).sum(axis=-1)) ** 0.75


@pytest.mark.parametrize("name", ["sigmoid", "silu", "tanh", "gelu"])
def test_activations_join_without_a_seam(name):
    x = values(2, 5, 9, 31)
    whole = activation(name)(x)
    assert whole.shape == x.shape
    parts = np.stack([activation(name)(row) for row in x])
    np.testing.assert_allclose(whole, parts, rtol=1e-6)


@pytest.mark.parametrize("name", ["sigmoid", "silu", "tanh", "gelu"])
def test_activations_of_one_number_and_of_none(name):
    assert activation(name)(np.zeros((0, 3), np.float32)).shape == (0, 3)
    assert np.shape(activation(name)(0.5)) == ()
