"""Pooling against ONNX Runtime, SciPy and PyTorch's rule written out cell by cell."""

from __future__ import annotations

import math

import numpy as np
import onnx_peer
import pytest
from drawn import assert_close, dtypes, many, pairs, seeds
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

import cnnviz.ops.pooling
import cnnviz.ops.reduction
import cnnviz.ops.windows
from cnnviz.errors import RefusedError, SpecError
from cnnviz.geometry import Axis
from cnnviz.ops import (
    average_pool2d,
    global_average_pool2d,
    global_max_pool2d,
    lp_pool2d,
    max_pool1d,
    max_pool2d,
    min_pool2d,
)
from cnnviz.ops.pooling import pooling, pooling_types
from cnnviz.ops.pooling.max import winners
from cnnviz.ops.windows import check_axis_seen


def values(seed: int, *shape: int, dtype: type = np.float32) -> np.ndarray:
    """Values of both signs, so that padding with 0 would be seen to win."""
    rng = np.random.default_rng(seed)
    return (rng.standard_normal(shape) * 100 + rng.integers(-200, 200)).astype(dtype)


@st.composite
def windows(draw: st.DrawFn) -> dict:
    """A window's settings, rows and columns apart, with less padding than kernel (ONNX's limit)."""
    kernel = draw(pairs(1, 4))
    return {
        "pool_size": kernel,
        "strides": draw(pairs(1, 4)),
        "dilation_rate": draw(pairs(1, 3)),
        "padding": tuple(
            (draw(st.integers(0, k - 1)), draw(st.integers(0, k - 1))) for k in kernel
        ),
    }


def fitting(window: dict, size: tuple[int, int]) -> tuple[int, ...]:
    """Return `size`, enlarged until the window fits and none lies in the padding altogether."""
    rows = zip(size, window["pool_size"], window["dilation_rate"], strict=True)
    return tuple(max(n, d * (k - 1) + 1) for n, k, d in rows)


def cells_by_axis(n: int, k: int, s: int, d: int, pad: tuple[int, int], ceil_mode: bool):
    """The cells of every window along one axis, by PyTorch's `pooling_output_shape`."""
    before, after = pad
    numerator = n + before + after - d * (k - 1) - 1
    outputs = (math.ceil(numerator / s) if ceil_mode else math.floor(numerator / s)) + 1
    if ceil_mode and (outputs - 1) * s >= n + before:
        outputs -= 1
    return [[o * s - before + i * d for i in range(k)] for o in range(outputs)]


def by_cells(x: np.ndarray, window: dict, ceil_mode: bool, kind: str) -> np.ndarray:
    """Pool `(N, H, W, C)` with Python loops and no padding laid out."""
    down, across = (
        cells_by_axis(n, k, s, d, pad, ceil_mode)
        for n, k, s, d, pad in zip(
            x.shape[1:3],
            window["pool_size"],
            window["strides"],
            window["dilation_rate"],
            window["padding"],
            strict=True,
        )
    )
    ends = [n + pad[1] for n, pad in zip(x.shape[1:3], window["padding"], strict=True)]
    out = np.empty((x.shape[0], len(down), len(across), x.shape[3]))
    for o, rows in enumerate(down):
        for p, columns in enumerate(across):
            inside = np.stack(
                [
                    x[:, r, c].astype(np.float64)
                    for r in rows
                    for c in columns
                    if 0 <= r < x.shape[1] and 0 <= c < x.shape[2]
                ]
            )
            padded = sum(r < ends[0] for r in rows) * sum(c < ends[1] for c in columns)
            out[:, o, p] = {
                "max": lambda a, _: a.max(axis=0),
                "min": lambda a, _: a.min(axis=0),
                "average": lambda a, _: a.mean(axis=0),
                "average, padding counted": lambda a, count: a.sum(axis=0) / count,
                "lp": lambda a, _: (np.abs(a) ** 3).sum(axis=0) ** (1 / 3),
            }[kind](inside, padded)
    return out


OURS = {
    "max": max_pool2d,
    "min": min_pool2d,
    "average": average_pool2d,
    "average, padding counted": lambda x, **w: average_pool2d(x, count_include_pad=True, **w),
    "lp": lambda x, **w: lp_pool2d(x, p=3, **w),
}


@many(400)
@given(
    seeds, st.integers(1, 2), pairs(1, 12), st.integers(1, 4), windows(),
    st.sampled_from(list(OURS)), st.booleans(), dtypes,
)  # fmt: skip
def test_every_type_matches_the_rule_cell_by_cell(
    seed, n, size, channels, window, kind, ceil_mode, dtype
):
    x = values(seed, n, *fitting(window, size), channels, dtype=dtype)
    ours = OURS[kind](x, ceil_mode=ceil_mode, **window)
    assert ours.dtype == dtype
    assert_close(ours, by_cells(x, window, ceil_mode, kind))


ONNX = {
    "max": ("MaxPool", {}),
    "average": ("AveragePool", {"count_include_pad": 0}),
    "average, padding counted": ("AveragePool", {"count_include_pad": 1}),
    "lp": ("LpPool", {"p": 3}),
}


@many(400)
@given(
    seeds, st.integers(1, 2), pairs(1, 12), st.integers(1, 4), windows(),
    st.sampled_from(list(ONNX)), st.booleans(),
)  # fmt: skip
def test_every_type_matches_onnxruntime(seed, n, size, channels, window, kind, ceil_mode):
    op, attributes = ONNX[kind]
    x = values(seed, n, *fitting(window, size), channels)
    (top, bottom), (left, right) = window["padding"]
    theirs = onnx_peer.run(
        op, x,
        kernel_shape=window["pool_size"], strides=window["strides"],
        dilations=window["dilation_rate"], pads=[top, left, bottom, right],
        ceil_mode=int(ceil_mode), **attributes,
    )  # fmt: skip
    assert_close(OURS[kind](x, ceil_mode=ceil_mode, **window), theirs)


@many(150)
@given(
    seeds,
    pairs(1, 14),
    st.integers(1, 3),
    pairs(1, 5),
    pairs(1, 3),
    st.sampled_from(["max", "average"]),
)
def test_same_padding_matches_onnxruntime(seed, size, channels, pool_size, strides, kind):
    # ONNX Runtime fails with "padding values must be non-negative" at strides over the window.
    strides = tuple(min(s, k) for s, k in zip(strides, pool_size, strict=True))
    x = values(seed, 1, *size, channels)
    within = all(s <= k for s, k in zip(strides, pool_size, strict=True))
    pads = (
        {"auto_pad": "SAME_UPPER"}
        if within
        else {"pads": onnx_peer.same_pads(size, pool_size, strides)}
    )
    theirs = onnx_peer.run(ONNX[kind][0], x, kernel_shape=pool_size, strides=strides, **pads)
    assert_close(OURS[kind](x, pool_size=pool_size, strides=strides, padding="same"), theirs)


@many(150)
@given(seeds, pairs(1, 14), pairs(1, 5), st.sampled_from(["max", "min"]), dtypes)
def test_maximum_and_minimum_match_ndimage(seed, size, pool_size, kind, dtype):
    x = values(seed, *size, dtype=dtype)
    peer = ndimage.maximum_filter if kind == "max" else ndimage.minimum_filter
    worst = -np.inf if kind == "max" else np.inf
    # ndimage centres an even window one cell later than TensorFlow's "same".
    origin = [-1 if k % 2 == 0 else 0 for k in pool_size]
    theirs = peer(x, pool_size, mode="constant", cval=worst, origin=origin)
    np.testing.assert_array_equal(OURS[kind](x, pool_size, strides=1, padding="same"), theirs)


@many(50)
@given(seeds, st.integers(1, 3), pairs(1, 9), st.integers(1, 4))
def test_global_pooling_matches_onnxruntime(seed, n, size, channels):
    x = values(seed, n, *size, channels)
    for ours, op in (
        (global_max_pool2d, "GlobalMaxPool"),
        (global_average_pool2d, "GlobalAveragePool"),
    ):
        theirs = onnx_peer.run(op, x)
        assert_close(ours(x, keepdims=True), theirs)
        assert_close(ours(x), theirs[:, 0, 0])


@many(150)
@given(seeds, pairs(1, 10), st.integers(1, 3), windows(), st.booleans(), st.booleans())
def test_winners_are_the_first_cells_that_hold_the_maximum(
    seed, size, channels, window, ceil_mode, ties
):
    size = fitting(window, size)
    x = values(seed, *size, channels)
    if ties:
        x = np.random.default_rng(seed).integers(-2, 2, (*size, channels)).astype(np.float32)
    won = winners(x, ceil_mode=ceil_mode, **window)
    maxima = max_pool2d(x, ceil_mode=ceil_mode, **window)
    assert won.dtype == np.int64
    assert won.shape == maxima.shape
    flat = x.reshape(-1, channels)
    np.testing.assert_array_equal(
        np.take_along_axis(flat, won.reshape(-1, channels), 0).reshape(won.shape), maxima
    )
    axes = zip(
        size,
        window["pool_size"],
        window["strides"],
        window["dilation_rate"],
        window["padding"],
        strict=True,
    )
    down, across = (cells_by_axis(*axis, ceil_mode) for axis in axes)
    for o, p, c in np.ndindex(won.shape):
        cells = [
            r * size[1] + q
            for r in down[o]
            for q in across[p]
            if 0 <= r < size[0] and 0 <= q < size[1]
        ]
        assert won[o, p, c] == next(cell for cell in cells if flat[cell, c] == maxima[o, p, c])


def test_ranks_are_kept():
    for shape, pooled in (((6, 4), (3, 2)), ((6, 4, 3), (3, 2, 3)), ((5, 6, 4, 3), (5, 3, 2, 3))):
        for pool in (max_pool2d, min_pool2d, average_pool2d, lp_pool2d, winners):
            assert pool(np.ones(shape)).shape == pooled
    for pool in (global_max_pool2d, global_average_pool2d):
        for shape, plain, kept in (
            ((6, 4), (), (1, 1)),
            ((6, 4, 3), (3,), (1, 1, 3)),
            ((5, 6, 4, 3), (5, 3), (5, 1, 1, 3)),
        ):
            assert pool(np.ones(shape)).shape == plain
            assert pool(np.ones(shape), keepdims=True).shape == kept


@pytest.mark.parametrize(
    "name", ["max", "min", "average", "lp:2", "lp:2.5", "global-max", "global-average"]
)
@pytest.mark.parametrize(
    ("given", "computed"),
    [(np.uint8, np.float32), (np.float32, np.float32), (np.float64, np.float64)],
)
def test_float64_is_kept_and_the_rest_computed_in_float32(name, given, computed):
    x = np.arange(16).reshape(4, 4).astype(given)
    assert pooling(name).apply(x, pool_size=2).dtype == computed


def test_strides_are_the_pool_size_unless_given():
    x = np.arange(24.0).reshape(4, 6)
    np.testing.assert_array_equal(max_pool2d(x, (2, 3)), [[8, 11], [20, 23]])
    np.testing.assert_array_equal(
        max_pool2d(x, (2, 3), strides=(2, 1)), [[8, 9, 10, 11], [20, 21, 22, 23]]
    )


@pytest.fixture
def laid_anew():
    """Have bands cut anew in the test, and after it."""
    cnnviz.ops.reduction._laid.cache_clear()
    yield
    cnnviz.ops.reduction._laid.cache_clear()


@pytest.mark.parametrize("ahead", [0, np.inf])
@pytest.mark.parametrize("shared", [0, np.inf])
def test_bands_join_without_a_seam(monkeypatch, shared, ahead, laid_anew):
    x = values(3, 57, 9, 2)
    window = {
        "pool_size": (3, 2),
        "strides": (2, 1),
        "padding": ((2, 1), (1, 0)),
        "dilation_rate": (2, 1),
    }
    monkeypatch.setattr(cnnviz.ops.bands, "ALONE", 100)
    monkeypatch.setattr(cnnviz.ops.bands, "TOGETHER", 100)
    monkeypatch.setattr(cnnviz.ops.bands, "SHARED", shared)
    monkeypatch.setattr(cnnviz.ops.reduction, "AHEAD", ahead)
    for kind, pool in OURS.items():
        assert_close(pool(x, **window), by_cells(x[None], window, False, kind)[0])


@many(400)
@given(
    size=st.integers(1, 8),
    kernel_size=st.integers(1, 5),
    stride=st.integers(1, 7),
    dilation=st.integers(1, 9),
    before=st.integers(-2, 15),
    output=st.integers(1, 20),
)
def test_the_first_window_that_sees_padding_only_is_named(
    size, kernel_size, stride, dilation, before, output
):
    axis = Axis(size, kernel_size, stride, dilation, before, 99, output, "floor")
    for first in range(output):
        cells = (axis.start(first) + i * dilation for i in range(kernel_size))
        if not any(0 <= cell < size for cell in cells):
            with pytest.raises(SpecError, match=f"output row {first} would pool padding only"):
                check_axis_seen(axis, "row")
            return
    check_axis_seen(axis, "row")


def test_huge_padding_of_a_sequence_is_refused_at_once():
    with pytest.raises(SpecError, match="output cell 0 would pool padding only"):
        max_pool1d(np.ones(4), 2, strides=1, padding=2**31 - 1)


@pytest.mark.parametrize("pool", [max_pool2d, min_pool2d, average_pool2d])
def test_padding_beyond_the_budget_is_refused_before_it_is_looked_at(pool):
    with pytest.raises(RefusedError, match="the result of the pooling"):
        pool(np.ones((4, 4)), 2, strides=1, padding=2**31 - 1)


def test_a_window_larger_than_the_image_fits_in_ceil_mode():
    assert max_pool2d([[5.0]], 2, ceil_mode=True).tolist() == [[5.0]]
    with pytest.raises(SpecError, match="does not fit in 1x1"):
        max_pool2d([[5.0]], 2)


def test_nan_wins_as_in_numpy():
    x = np.array([[1.0, np.nan], [np.nan, 5.0]])
    assert np.isnan(max_pool2d(x)).all()
    assert winners(x).tolist() == [[1]]


def test_minus_infinity_can_win():
    assert winners(np.full((2, 2), -np.inf), padding=1, strides=1).tolist() == [
        [0, 0, 1],
        [0, 0, 1],
        [2, 2, 3],
    ]


@pytest.mark.parametrize("p", [0.5, 1, 2, 7.25, 64])
def test_lp_does_not_overflow(p):
    x = np.array([[3e30, 1e30], [0, 2e30]], np.float32)
    theirs = 1e30 * (3.0**p + 1 + 2.0**p) ** (1 / p)
    np.testing.assert_allclose(lp_pool2d(x, p=p), [[theirs]], rtol=1e-6)


def test_lp_of_zeros_is_zero():
    assert lp_pool2d(np.zeros((2, 2)), p=3).tolist() == [[0.0]]


def test_types_by_name():
    names = ["average", "global-average", "global-max", "lp", "max", "min"]
    assert [name for name in names if name in pooling_types()] == names
    for name in pooling_types():
        kind = pooling(name)
        assert kind.name == name
        pooled = kind.apply(
            np.ones((4, 6, 3)), pool_size=2, strides=(2, 3), padding="valid", dilation_rate=1,
            ceil_mode=False, count_include_pad=True,
        )  # fmt: skip
        assert kind.is_global == name.startswith("global-")
        assert pooled.shape == ((1, 1, 3) if kind.is_global else (2, 2, 3))
    assert pooling("lp:3").label == "lp:3"
    assert pooling("lp:0.50").label == "lp:0.5"
    assert pooling("lp").label == "lp:2"
    assert pooling("global-max").label == "global-max"
