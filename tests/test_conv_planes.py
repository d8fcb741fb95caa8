"""The strategies for few channels and filters, each forced in turn, against SciPy."""

from __future__ import annotations

from unittest import mock

import numpy as np
import pytest
from drawn import many, pairs, seeds
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from cnnviz.geometry import Window
from cnnviz.ops import conv2d
from cnnviz.ops.conv import engine, fourier, im2col, separable, toeplitz
from cnnviz.ops.conv.engine import Prepared
from cnnviz.ops.conv.factors import factor
from cnnviz.ops.conv.job import Finish, Job
from cnnviz.ops.padding import Padded

MODES = {"zero": "constant", "edge": "nearest", "reflect": "mirror", "wrap": "grid-wrap"}
STRATEGIES = ["shifted", "toeplitz", "separable", "fourier", "im2col"]


def forced(name: str):
    return mock.patch.object(engine, "choose", return_value=name)


def small_tiles():
    """Make every image one of many tiles."""
    return mock.patch.multiple(toeplitz, SMALL=2000, VALUES=200, MORE=200)


def reference(x, kernels, strides=(1, 1), dilation=(1, 1), border="zero", padded=False):
    """Return what every channel adds up to, by SciPy in float64; `valid`, or as large as `x`."""
    kh, kw, channels, filters = kernels.shape
    extent = dilation[0] * (kh - 1) + 1, dilation[1] * (kw - 1) + 1
    wide = np.zeros((*extent, channels, filters))
    wide[:: dilation[0], :: dilation[1]] = kernels
    each = filters * channels // x.shape[2]
    maps = []
    for f in range(filters):
        first = f // each * channels
        total = sum(
            ndimage.correlate(x[..., first + c].astype(float), wide[..., c, f], mode=MODES[border])
            for c in range(channels)
        )
        top, left = (0, 0) if padded else (extent[0] // 2, extent[1] // 2)
        rows, columns = x.shape[:2] if padded else np.subtract(x.shape[:2], extent) + 1
        maps.append(total[top : top + rows, left : left + columns])
    return np.stack(maps, axis=-1)[:: strides[0], :: strides[1]]


def assert_close(ours, theirs, kernels, most=255.0):
    """Hold `ours` to 1e-5 of the largest value, or of a twentieth of what could be added up."""
    assert ours.shape == theirs.shape
    scale = max(np.abs(theirs).max(), 0.05 * most * np.abs(kernels).sum(axis=(0, 1, 2)).max())
    assert np.abs(ours - theirs).max() <= 1e-5 * scale


@many(250)
@given(
    seeds, st.sampled_from(STRATEGIES), pairs(1, 40), st.integers(1, 3), st.integers(1, 2),
    st.integers(1, 2), pairs(1, 9), pairs(1, 3), pairs(1, 3), st.sampled_from(list(MODES)),
    st.sampled_from([np.float32, np.float64, np.uint8]), st.booleans(), st.booleans(),
)  # fmt: skip
def test_every_strategy_matches_scipy(
    seed, name, size, channels, filters, groups, kernel_size, strides, dilation, border, dtype,
    padded, divided,
):  # fmt: skip
    rng = np.random.default_rng(seed)
    if name == "fourier":
        strides = (1, 1)
    if name == "separable":
        channels = 1
    extent = [d * (k - 1) + 1 for d, k in zip(dilation, kernel_size, strict=True)]
    if not padded or border in ("reflect", "wrap"):  # of which NumPy and SciPy have one meaning
        size = tuple(map(max, size, extent))
    x = (rng.random((*size, channels * groups)) * 255).astype(dtype)
    kernels = rng.standard_normal((*kernel_size, channels, filters * groups))
    if name == "separable":
        kernels = rng.standard_normal((kernel_size[0], 1, 1, filters * groups)) * kernels[:1]
    kernels = kernels.astype(np.float32 if dtype != np.float64 else np.float64)
    padding = [(e // 2, e - 1 - e // 2) for e in extent] if padded else "valid"
    settings = {"strides": strides, "dilation_rate": dilation, "padding": padding}
    with forced(name), small_tiles() if divided else mock.MagicMock():
        ours = conv2d(x, kernels, groups=groups, border=border, **settings)
    assert ours.dtype == (np.float64 if dtype == np.float64 else np.float32)
    assert_close(ours, reference(x, kernels, strides, dilation, border, padded), kernels)


@pytest.mark.parametrize("name", STRATEGIES)
@pytest.mark.parametrize("size", [(1, 300), (300, 1), (9, 2300), (700, 70)])
@pytest.mark.parametrize("kernel_size", [(1, 1), (5, 7), (31, 13)])
def test_narrow_wide_and_large(name, size, kernel_size):
    rng = np.random.default_rng(1)
    x = (rng.random(size) * 255).astype(np.float32)
    column, row = (rng.standard_normal(n) for n in kernel_size)
    kernel = np.outer(column, row).astype(np.float32)[:, :, None, None]
    padding = [(n // 2, n - 1 - n // 2) for n in kernel_size]
    with forced(name):
        ours = conv2d(x, kernel, padding=padding)
    assert_close(ours, reference(x[..., None], kernel, padded=True), kernel)


@pytest.mark.parametrize("name", STRATEGIES)
def test_bands_of_many_tiles_join_without_a_seam(monkeypatch, name):
    monkeypatch.setattr(toeplitz, "VALUES", 2000)
    monkeypatch.setattr(separable, "VALUES", 2000)
    monkeypatch.setattr(fourier, "TILE", 64)
    monkeypatch.setattr(im2col, "WIDE", 16)
    rng = np.random.default_rng(2)
    x = (rng.random((203, 207)) * 255).astype(np.float32)
    kernel = np.outer(rng.standard_normal(7), rng.standard_normal(5)).astype(np.float32)
    kernel = kernel[:, :, None, None]
    with forced(name):
        assert_close(conv2d(x, kernel), reference(x[..., None], kernel), kernel)


@pytest.mark.parametrize("name", STRATEGIES)
@pytest.mark.parametrize("layout", ["a slice of wider channels", "planes"])
def test_outputs_and_inputs_of_any_strides(name, layout):
    rng = np.random.default_rng(3)
    kernels = np.einsum("if,jf->ijf", rng.standard_normal((5, 2)), rng.standard_normal((7, 2)))
    kernels = kernels.astype(np.float32)[:, :, None]
    wide = (rng.random((90, 400, 2)) * 255).astype(np.float32)
    x = wide[np.newaxis, ::2, ::2, :1]
    axes = Window.of((5, 7)).on(x.shape[1:3])
    if layout == "planes":
        out = np.empty((1, 2, 41, 194), np.float32).transpose(0, 2, 3, 1)
    else:
        out = np.empty((1, 41, 194, 5), np.float32)[..., 1:3]
    finish = Finish(np.array([1, -2], np.float32))
    with forced(name):
        Prepared.of(kernels, Job(*axes, Padded.of(axes), finish=finish)).run(x, out)
    assert_close(out[0], reference(x[0], kernels) + np.array([1.0, -2.0]), kernels)


@pytest.mark.parametrize("name", STRATEGIES)
@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("row", [0, 21, 83, 97, 99])
def test_what_is_not_finite_stays_in_its_windows(name, value, row):
    rng = np.random.default_rng(4)
    x = (rng.random((100, 70)) * 255).astype(np.float32)
    x[row, 30] = value
    kernel = np.outer(rng.random(5) + 1, rng.random(7) + 1).astype(np.float32)[:, :, None, None]
    expected = np.ones((96, 64), bool)
    expected[max(row - 4, 0) : row + 1, 24:31] = False
    with forced(name):
        np.testing.assert_array_equal(np.isfinite(conv2d(x, kernel)[..., 0]), expected)


loaded = engine.strategy


def planned(kernel, size=(700, 900), **settings):
    """Return the strategies that a convolution asks for."""
    asked = []
    with mock.patch.object(engine, "strategy", lambda n: asked.append(n) or loaded(n)):
        conv2d(np.zeros(size, np.float32), kernel, **settings)
    return asked[0]


def test_the_planner_chooses_by_kernels_and_shapes():
    rng = np.random.default_rng(5)
    square = {n: rng.random((n, n)) for n in (3, 7, 31)}
    assert planned(square[3]) == planned(square[7]) == "toeplitz"
    assert planned(square[31]) == "fourier"
    assert planned(square[31], strides=2) == "toeplitz"
    assert planned(square[31], precision="exact") == "toeplitz"
    assert planned(square[31], size=(40, 40)) == "toeplitz"
    assert planned(np.outer(square[31][0], square[31][1])) == "separable"
    assert planned(rng.random((3, 3, 1, 8))) == "im2col"


def test_whole_numbers_are_taken_apart_into_whole_numbers():
    column, row = factor(np.outer([2.0, 4, 6], [3.0, 0, -9]))
    np.testing.assert_array_equal(np.outer(column, row), np.outer([2, 4, 6], [3, 0, -9]))
    assert column.tolist() == np.rint(column).tolist()
    assert factor(np.eye(3)) is None
    assert factor(np.zeros((3, 3))) is None
