"""conv1d against ONNX Runtime, NumPy and SciPy."""

from __future__ import annotations

import numpy as np
import onnx_peer
import pytest
from drawn import assert_close, dtypes, many, seeds, values
from hypothesis import given
from hypothesis import strategies as st
from scipy import signal

from cnnviz.errors import InputError, SpecError
from cnnviz.ops import conv1d
from cnnviz.ops.conv import engine, parts

small = st.integers(1, 4)


@many(500)
@given(
    seeds, st.integers(1, 3), st.integers(1, 24), small, small, st.integers(1, 5),
    st.integers(1, 6), small, st.integers(1, 3), st.tuples(st.integers(0, 4), st.integers(0, 4)),
    st.sampled_from(["pads", "same", "valid", "causal", "full"]), st.booleans(),
)  # fmt: skip
def test_matches_onnxruntime(
    seed, n, length, groups, channels, filters, kernel, stride, dilation, pads, padding, biased
):
    extent = dilation * (kernel - 1) + 1
    if padding in ("pads", "valid"):
        length = max(length, extent)
    x = values(seed, n, length, channels * groups)
    k = values(seed + 1, kernel, channels, filters * groups)
    bias = values(seed + 2, filters * groups)
    begin_and_end = {
        "pads": pads,
        "same": onnx_peer.same_pads([length], [extent], [stride]),
        "valid": (0, 0),
        "causal": (extent - 1, 0),
        "full": (extent - 1, extent - 1),
    }
    theirs = onnx_peer.run(
        "Conv", x, k.transpose(2, 1, 0), *([bias] if biased else []),
        strides=[stride], dilations=[dilation], group=groups, pads=begin_and_end[padding],
    )  # fmt: skip
    ours = conv1d(
        x, k, strides=stride, dilation_rate=dilation, groups=groups,
        padding=pads if padding == "pads" else padding, bias=bias if biased else None,
    )  # fmt: skip
    assert ours.dtype == np.float32
    assert_close(ours, theirs, float(np.abs(x).max() * np.abs(k).sum(axis=(0, 1)).max()))


@many(200)
@given(seeds, st.integers(1, 30), st.integers(1, 9), st.sampled_from(["full", "valid"]), dtypes)
def test_flip_is_the_convolution_of_numpy(seed, length, kernel, mode, dtype):
    # NumPy swaps the two where the second is longer.
    x, k = values(seed, max(length, kernel), dtype=dtype), values(seed + 1, kernel)
    ours = conv1d(x, k, padding=mode, flip=True)
    assert ours.ndim == 1
    assert ours.dtype == dtype
    terms = float(np.abs(x).max() * np.abs(k).sum())
    assert_close(ours, np.convolve(x.astype(np.float64), k, mode), terms)
    theirs = signal.correlate(x.astype(np.float64), k, mode, method="direct")
    assert_close(conv1d(x, k, padding=mode), theirs, terms)


@many(100)
@given(seeds, st.integers(5, 20), st.integers(1, 3), st.sampled_from(["edge", "reflect", "wrap"]))
def test_borders_have_the_meanings_of_numpy(seed, length, channels, border):
    x, k = values(seed, length, channels), values(seed + 1, 4, channels)
    padded = np.pad(x, ((3, 1), (0, 0)), mode=border).astype(np.float64)
    theirs = signal.correlate(padded, k, "valid", method="direct")
    ours = conv1d(x, k, padding=(3, 1), border=border)
    assert_close(ours, theirs, float(np.abs(x).max() * np.abs(k).sum()))


@pytest.mark.parametrize("pieces", [1, 7])
def test_runs_of_cells_match_scipy(monkeypatch, pieces):
    monkeypatch.setattr(engine, "choose", lambda *_: "sequence")
    if pieces > 1:
        monkeypatch.setattr(parts, "WORK", 1)
        monkeypatch.setattr(engine, "PIECE", 1)

    @many(250)
    @given(
        seeds, st.integers(1, 10), st.integers(1, 300), st.integers(1, 20), st.integers(1, 7),
        st.integers(1, 40), small, st.tuples(st.integers(0, 50), st.integers(0, 50)),
        st.sampled_from(["constant", "edge", "symmetric"]), dtypes, st.booleans(),
    )  # fmt: skip
    def check(seed, n, length, channels, filters, kernel, stride, pads, border, dtype, apart):
        length = max(length, kernel - sum(pads))
        x = values(seed, n, 2 * length, channels, dtype=dtype)
        x = x[:, ::2] if apart else np.ascontiguousarray(x[:, :length])
        k, bias = values(seed + 1, kernel, channels, filters), values(seed + 2, filters)
        padded = np.pad(x, ((0, 0), pads, (0, 0)), mode=border).astype(np.float64)
        windows = np.lib.stride_tricks.sliding_window_view(padded, kernel, axis=1)[:, ::stride]
        theirs = np.einsum("nlck,kcf->nlf", windows, k) + bias
        shared = {"strides": stride, "padding": pads, "border": border.replace("constant", "zero")}
        ours = conv1d(x, k, bias=bias, **shared)
        assert ours.dtype == dtype
        terms = float(np.abs(x).max() * np.abs(k).sum(axis=(0, 1)).max())
        assert_close(ours, theirs, terms)
        if channels > 1:  # one kernel for every channel
            summed = conv1d(x, k[:, 0, 0], **shared)
            same = conv1d(x, np.repeat(k[:, :1, :1], channels, axis=1), **shared)
            assert_close(summed, same, terms)

    check()


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_not_finite_stays_in_its_windows(monkeypatch, value):
    monkeypatch.setattr(parts, "WORK", 1)
    x = values(0, 2, 700, 3)
    x[1, 333, 1] = value
    for filters in (1, 4):
        ours = conv1d(x, values(1, 5, 3, filters), strides=2)
        expected = np.ones(ours.shape, bool)
        expected[1, 165:167] = False
        np.testing.assert_array_equal(np.isfinite(ours), expected)


def test_causal_sees_nothing_that_comes_after():
    x = np.zeros(12)
    x[7] = 1
    ours = conv1d(x, [3, 2, 1], dilation_rate=2, padding="causal")
    assert ours.tolist() == [0, 0, 0, 0, 0, 0, 0, 1, 0, 2, 0, 3]


@pytest.mark.parametrize(
    ("x", "kernels", "result"),
    [
        ((6,), (3,), (4,)),
        ((6,), (3, 1), (4, 1)),
        ((6,), (3, 1, 5), (4, 5)),
        ((6, 2), (3,), (4, 1)),
        ((6, 2), (3, 2), (4, 1)),
        ((6, 2), (3, 2, 5), (4, 5)),
        ((7, 6, 2), (3,), (7, 4, 1)),
        ((7, 6, 2), (3, 2, 5), (7, 4, 5)),
    ],
)
def test_the_result_has_the_rank_of_the_input_and_filters_last(x, kernels, result):
    assert conv1d(np.ones(x), np.ones(kernels)).shape == result


@pytest.mark.parametrize("padding", [2, (2,), (2, 2), ((2, 2),)])
def test_paddings_of_one_axis(padding):
    assert conv1d(np.ones(6), np.ones(3), padding=padding).shape == (8,)


@pytest.mark.parametrize(
    ("kernels", "settings", "message"),
    [
        (np.ones(7), {}, 'kernel_size 7 does not fit in 5; use padding "same"'),
        (np.ones((3, 2)), {}, "kernels (3, 2) read 2 channels, the input has 4"),
        (np.ones((3, 1, 1, 1)), {}, "give (k,), (k, C) or (k, C/groups, filters)"),
        (np.ones(3), {"strides": (1, 2)}, "strides (1, 2) is not a positive integer"),
        (np.ones(3), {"padding": "some"}, "'some' is not one of valid, same, full, causal or a"),
        (np.ones((3, 4)), {"groups": 2}, "give kernels (k, C/groups, filters)"),
        (np.ones((3, 1, 3)), {"groups": 4}, "groups 4 does not divide 4 channels and 3 filters"),
    ],
)
def test_errors_speak_of_one_axis(kernels, settings, message):
    with pytest.raises(SpecError) as caught:
        conv1d(np.ones((5, 4)), kernels, **settings)
    assert message in str(caught.value)


def test_faults():
    with pytest.raises(SpecError, match=r"the input has 4 axes .*; give \(L,\), \(L, C\) or \(N"):
        conv1d(np.ones((2, 2, 2, 2)), [1])
    with pytest.raises(SpecError, match="the input is empty"):
        conv1d([], [1])
    with pytest.raises(InputError, match="kernel has 1 non-finite value"):
        conv1d([1, 2], [np.nan])
