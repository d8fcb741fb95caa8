"""depthwise_conv2d against ONNX Runtime, OpenCV and conv2d channel by channel."""

from __future__ import annotations

import cv2
import numpy as np
import onnx_peer
import pytest
from drawn import assert_close, dtypes, many, pairs, seeds, values
from hypothesis import given
from hypothesis import strategies as st

from cnnviz.errors import InputError, SpecError
from cnnviz.ops import conv2d, depthwise_conv2d
from cnnviz.ops.conv import channelwise


def fitting(size, kernel, dilation):
    rows = zip(size, kernel, dilation, strict=True)
    return tuple(max(n, d * (k - 1) + 1) for n, k, d in rows)


@many(500)
@given(
    seeds, st.integers(1, 3), pairs(1, 12), st.integers(1, 20), st.integers(1, 4), pairs(1, 5),
    pairs(1, 4), pairs(1, 3), pairs(0, 3), pairs(0, 3), st.sampled_from(["pads", "same", "valid"]),
    st.booleans(),
)  # fmt: skip
def test_matches_onnxruntime(
    seed, n, size, channels, multiplier, kernel, strides, dilation, begin, end, padding, biased
):
    if padding != "same":
        size = fitting(size, kernel, dilation)
    x, k = values(seed, n, *size, channels), values(seed + 1, *kernel, channels, multiplier)
    bias = values(seed + 2, channels * multiplier)
    extents = [d * (k - 1) + 1 for d, k in zip(dilation, kernel, strict=True)]
    pads = {
        "pads": [*begin, *end],
        "same": onnx_peer.same_pads(size, extents, strides),
        "valid": [0] * 4,
    }
    # ONNX's weights are (C M, 1, kh, kw), the M of a channel side by side.
    theirs = onnx_peer.run(
        "Conv", x, k.reshape(*kernel, 1, -1).transpose(3, 2, 0, 1), *([bias] if biased else []),
        strides=strides, dilations=dilation, group=channels, pads=pads[padding],
    )  # fmt: skip
    ours = depthwise_conv2d(
        x, k, strides=strides, dilation_rate=dilation, bias=bias if biased else None,
        padding=tuple(zip(begin, end, strict=True)) if padding == "pads" else padding,
    )  # fmt: skip
    assert ours.dtype == np.float32
    assert_close(ours, theirs, float(np.abs(x).max() * np.abs(k).sum(axis=(0, 1)).max()))


@many(200)
@given(
    seeds, pairs(1, 9), st.integers(1, 12), st.integers(1, 3), pairs(1, 4), pairs(1, 3),
    pairs(1, 2), st.sampled_from(["zero", "edge", "symmetric", "wrap", 2.5]),
    st.tuples(pairs(0, 2), pairs(0, 2)), st.booleans(), dtypes,
)  # fmt: skip
def test_is_conv2d_of_each_channel(
    seed, size, channels, multiplier, kernel, strides, dilation, border, padding, flip, dtype
):
    x = values(seed, *fitting(size, kernel, dilation), channels, dtype=dtype)
    k = values(seed + 1, *kernel, channels, multiplier)
    shared = {
        "strides": strides,
        "dilation_rate": dilation,
        "padding": padding,
        "border": border,
        "flip": flip,
    }
    ours = depthwise_conv2d(x, k, **shared)
    assert ours.dtype == dtype
    maps = [
        conv2d(x[..., c], k[..., c, m], **shared)
        for c in range(channels)
        for m in range(multiplier)
    ]
    terms = float(max(np.abs(x).max(), 2.5) * np.abs(k).sum(axis=(0, 1)).max())
    assert_close(ours, np.stack(maps, axis=-1), terms)


@many(50)
@given(seeds, pairs(4, 30), st.integers(1, 4), pairs(1, 6))
def test_one_kernel_for_every_channel_matches_opencv(seed, size, channels, kernel):
    x, k = values(seed, *size, channels), values(seed + 1, *kernel)
    anchor = tuple(n // 2 for n in kernel)
    theirs = cv2.filter2D(x, -1, k, anchor=anchor[::-1], borderType=cv2.BORDER_REPLICATE)
    padding = [(a, n - 1 - a) for a, n in zip(anchor, kernel, strict=True)]
    ours = depthwise_conv2d(x, k, padding=padding, border="edge")
    assert_close(ours, theirs.reshape(x.shape), float(np.abs(x).max() * np.abs(k).sum()))


@pytest.mark.parametrize("strides", [1, (2, 3)])
@pytest.mark.parametrize("multiplier", [1, 2])
def test_bands_join_without_a_seam(monkeypatch, strides, multiplier):
    x, k = values(0, 2, 31, 9, 10), values(1, 4, 3, 10, multiplier)
    settings = {"strides": strides, "padding": ((3, 1), (0, 2)), "border": "reflect"}
    whole = depthwise_conv2d(x, k, **settings)
    monkeypatch.setattr(channelwise, "BAND", 1)
    np.testing.assert_array_equal(depthwise_conv2d(x, k, **settings), whole)


def test_the_maps_of_a_channel_lie_side_by_side():
    x = np.array([[[1.0, 10.0]]])
    assert depthwise_conv2d(x, [[[[1, 2], [3, 4]]]]).tolist() == [[[1, 2, 30, 40]]]


@pytest.mark.parametrize(
    ("x", "kernels", "result"),
    [
        ((5, 6), (3, 3), (3, 4)),
        ((5, 6), (3, 3, 1), (3, 4, 1)),
        ((5, 6), (3, 3, 1, 4), (3, 4, 4)),
        ((5, 6, 2), (3, 3), (3, 4, 2)),
        ((5, 6, 2), (3, 3, 2), (3, 4, 2)),
        ((7, 5, 6, 2), (3, 3, 2, 4), (7, 3, 4, 8)),
    ],
)
def test_the_result_has_the_rank_of_the_input_and_maps_last(x, kernels, result):
    assert depthwise_conv2d(np.ones(x), np.ones(kernels)).shape == result


def test_what_does_not_fit_is_named():
    x = np.ones((5, 5, 4))
    with pytest.raises(SpecError, match=r"kernels \(3, 3, 2\) read 2 channels, the input has 4"):
        depthwise_conv2d(x, np.ones((3, 3, 2)))
    with pytest.raises(SpecError, match=r"give \(kh, kw\), \(kh, kw, C\) or \(kh, kw, C, depth_m"):
        depthwise_conv2d(x, np.ones(3))
    with pytest.raises(SpecError, match=r"bias \(4,\) does not fit 8 filters"):
        depthwise_conv2d(x, np.ones((3, 3, 4, 2)), bias=np.ones(4))
    with pytest.raises(SpecError, match="kernel_size 6x3 does not fit in 5x5"):
        depthwise_conv2d(x, np.ones((6, 3)))
    with pytest.raises(InputError, match="kernel has 1 non-finite value"):
        depthwise_conv2d(x, [[np.inf, 0]])
