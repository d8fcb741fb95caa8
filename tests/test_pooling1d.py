"""One-dimensional pooling against ONNX Runtime, and its windows counted one by one."""

from __future__ import annotations

import numpy as np
import onnx_peer
import pytest
from drawn import assert_close, dtypes, many, seeds, values
from hypothesis import given
from hypothesis import strategies as st

from cnnviz import ops
from cnnviz.errors import SpecError

ONNX = {
    "max": (ops.max_pool1d, {}, "MaxPool", {}),
    "min": (ops.min_pool1d, {}, "MaxPool", {}),
    "average": (ops.average_pool1d, {}, "AveragePool", {"count_include_pad": 0}),
    "average, padding counted": (
        ops.average_pool1d,
        {"count_include_pad": True},
        "AveragePool",
        {"count_include_pad": 1},
    ),
    "lp": (ops.lp_pool1d, {"p": 3}, "LpPool", {"p": 3}),
}
WINDOWED = [ops.max_pool1d, ops.min_pool1d, ops.average_pool1d, ops.lp_pool1d]
small = st.integers(1, 4)


@many(500)
@given(
    seeds, st.integers(1, 3), st.integers(1, 24), small, small, small, st.integers(1, 3),
    st.tuples(st.integers(0, 3), st.integers(0, 3)), st.sampled_from(list(ONNX)), st.booleans(),
)  # fmt: skip
def test_matches_onnxruntime(
    seed, n, length, channels, size, stride, dilation, pads, kind, ceil_mode
):
    extent = dilation * (size - 1) + 1
    x = values(seed, n, max(length, extent), channels)
    pads = tuple(min(size - 1, pad) for pad in pads)  # ONNX's limit
    pool, settings, op, attributes = ONNX[kind]
    sign = -1 if kind == "min" else 1
    theirs = sign * onnx_peer.run(
        op, sign * x,
        kernel_shape=[size], strides=[stride], dilations=[dilation], pads=pads,
        ceil_mode=int(ceil_mode), **attributes,
    )  # fmt: skip
    ours = pool(
        x, size, strides=stride, dilation_rate=dilation, padding=pads, ceil_mode=ceil_mode,
        **settings,
    )  # fmt: skip
    assert ours.dtype == np.float32
    # Sums may cancel: the scale of a mean or a norm is that of what it is taken of.
    assert_close(ours, theirs, float(np.abs(x).max()))


@many(100)
@given(seeds, st.integers(1, 20), small, small, dtypes)
def test_same_is_that_of_tensorflow(seed, length, size, stride, dtype):
    x = values(seed, length, 2, dtype=dtype)
    ours = ops.max_pool1d(x, size, strides=stride, padding="same")
    before, _ = onnx_peer.same_pads([length], [size], [stride])
    starts = range(-before, -before + stride * -(-length // stride), stride)
    theirs = [x[max(0, at) : at + size].max(axis=0) for at in starts]
    np.testing.assert_array_equal(ours, theirs)
    assert ours.dtype == dtype


@many(50)
@given(seeds, st.integers(1, 3), st.integers(1, 9), st.integers(1, 4))
def test_global_pooling_matches_onnxruntime(seed, n, length, channels):
    x = values(seed, n, length, channels)
    for ours, op in (
        (ops.global_max_pool1d, "GlobalMaxPool"),
        (ops.global_average_pool1d, "GlobalAveragePool"),
    ):
        theirs = onnx_peer.run(op, x)
        assert_close(ours(x, keepdims=True), theirs, float(np.abs(x).max()))
        assert_close(ours(x), theirs[:, 0], float(np.abs(x).max()))


def test_ranks_are_kept():
    for shape, pooled in (((6,), (3,)), ((6, 4), (3, 4)), ((5, 6, 4), (5, 3, 4))):
        for pool in WINDOWED:
            assert pool(np.ones(shape)).shape == pooled
    for pool in (ops.global_max_pool1d, ops.global_average_pool1d):
        for shape, plain, kept in (
            ((6,), (), (1,)),
            ((6, 4), (4,), (1, 4)),
            ((5, 6, 4), (5, 4), (5, 1, 4)),
        ):
            assert pool(np.ones(shape)).shape == plain
            assert pool(np.ones(shape), keepdims=True).shape == kept


@pytest.mark.parametrize("pool", WINDOWED)
@pytest.mark.parametrize(
    ("given", "computed"),
    [(np.uint8, np.float32), (np.float32, np.float32), (np.float64, np.float64)],
)
def test_float64_is_kept_and_the_rest_computed_in_float32(pool, given, computed):
    assert pool(np.arange(8).astype(given)).dtype == computed


@pytest.mark.parametrize("pool", WINDOWED)
def test_errors_speak_of_one_axis(pool):
    with pytest.raises(SpecError, match="kernel_size 4 does not fit in 3"):
        pool([1, 2, 3], 4)
    with pytest.raises(SpecError, match=r"give \(L,\), \(L, C\) or \(N, L, C\)"):
        pool(np.ones((2, 2, 2, 2)))
    with pytest.raises(SpecError, match=r"strides 0 is not a positive integer$"):
        pool([1, 2, 3], strides=0)


def test_a_window_of_padding_only_is_refused():
    for pool in (ops.max_pool1d, ops.min_pool1d, ops.average_pool1d):
        with pytest.raises(SpecError, match="output cell 0 would pool padding only: pool_size 1"):
            pool([1, 2, 3], 1, padding=1)
    assert ops.average_pool1d([1, 2], 1, padding=(1, 0), count_include_pad=True).tolist() == [
        0,
        1,
        2,
    ]
    assert ops.lp_pool1d([1, 2], 1, padding=(1, 0)).tolist() == [0, 1, 2]


def test_a_window_far_larger_than_the_sequence():
    # Its billion cells meet the sequence nowhere else and are not visited.
    assert ops.max_pool1d([1, 2, 3], 10**9, strides=1, padding="same").tolist() == [3, 3, 3]
    assert ops.average_pool1d([1, 2, 3], 10**9, padding="same").tolist() == [2]
    with pytest.raises(SpecError, match="kernel_size 2147483648 is above 2147483647"):
        ops.max_pool1d([1, 2, 3], 2**31)
