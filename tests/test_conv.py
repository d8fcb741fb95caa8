"""conv2d against SciPy, ONNX Runtime and OpenCV; rows, columns and channels drawn apart."""

from __future__ import annotations

import cv2
import numpy as np
import onnx_peer
import pytest
from drawn import dtypes, many, pairs, seeds
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage, signal

from cnnviz.errors import SpecError
from cnnviz.ops import conv2d, pad2d
from cnnviz.ops.conv import im2col, shifted

NDIMAGE = {
    "zero": "constant",
    "edge": "nearest",
    "reflect": "mirror",
    "symmetric": "reflect",
    "wrap": "grid-wrap",
}
OPENCV = {
    "zero": cv2.BORDER_CONSTANT,
    "edge": cv2.BORDER_REPLICATE,
    "reflect": cv2.BORDER_REFLECT_101,
    "symmetric": cv2.BORDER_REFLECT,
}


def pixels(seed: int, *shape: int, dtype: type = np.float32) -> np.ndarray:
    return (np.random.default_rng(seed).random(shape) * 255).astype(dtype)


def weights(seed: int, *shape: int) -> np.ndarray:
    """Kernel values of which some are 0, 1 and -1, in float32 so that every peer has the same."""
    rng = np.random.default_rng(seed + 1)
    special = rng.integers(-1, 2, shape)
    values = np.where(rng.random(shape) < 0.3, special, rng.standard_normal(shape))
    return values.astype(np.float32)


def assert_close(ours: np.ndarray, theirs: np.ndarray, terms: float) -> None:
    """Hold `ours` to 1e-5 of the output's scale.

    The scale is the largest value; where all of them cancel to next to nothing, a twentieth of
    `terms`, the most that one sum of absolute products can come to.
    """
    assert ours.shape == theirs.shape
    scale = max(float(np.abs(theirs).max()), 0.05 * terms)
    assert float(np.abs(ours - theirs).max()) <= 1e-5 * scale


def dilated(kernel: np.ndarray, dilation: tuple[int, int]) -> np.ndarray:
    spread = [d * (k - 1) + 1 for d, k in zip(dilation, kernel.shape[:2], strict=True)]
    out = np.zeros((*spread, *kernel.shape[2:]), kernel.dtype)
    out[:: dilation[0], :: dilation[1]] = kernel
    return out


@many(350)
@given(
    seeds, pairs(1, 14), st.integers(1, 4), pairs(1, 5), pairs(1, 3), pairs(1, 3),
    st.sampled_from([*NDIMAGE, 7.5]), dtypes, st.booleans(), st.data(),
)  # fmt: skip
def test_borders_strides_and_dilation_match_ndimage(
    seed, size, channels, kernel_size, strides, dilation, border, dtype, two_d, data
):
    x = pixels(seed, *size, channels, dtype=dtype)
    k = weights(seed, *kernel_size, *(() if two_d else (channels,)))
    wide = dilated(k, dilation)
    padding = []
    for n, extent in zip(size, wide.shape, strict=False):
        before = data.draw(st.integers(0, extent // 2))
        after = data.draw(st.integers(0, extent - 1 - extent // 2))
        if n + before + after < extent:  # as much padding as a centred window needs
            before, after = extent // 2, extent - 1 - extent // 2
        padding.append((before, after))
    ours = conv2d(x, k, strides=strides, padding=padding, dilation_rate=dilation, border=border)
    number = isinstance(border, float)
    mode, value = ("constant", border) if number else (NDIMAGE[border], 0.0)
    every = sum(
        ndimage.correlate(
            x[..., c].astype(np.float64), wide if two_d else wide[..., c], mode=mode, cval=value
        )
        for c in range(channels)
    )
    rows, columns = (
        np.arange(0, n + before + after - extent + 1, s) - before + extent // 2
        for n, extent, (before, after), s in zip(
            size, wide.shape[:2], padding, strides, strict=True
        )
    )
    assert ours.dtype == dtype
    terms = 255 * float(np.abs(k).sum()) * (channels if two_d else 1)
    assert_close(ours, every[np.ix_(rows, columns)][..., None], terms)


@many(400)
@given(
    seeds, st.integers(1, 2), pairs(1, 13), st.integers(1, 4), st.integers(1, 5), st.integers(1, 4),
    pairs(1, 4), pairs(1, 3), pairs(1, 3), pairs(0, 3), pairs(0, 3),
    st.sampled_from(["pads", "same", "valid"]), st.booleans(),
)  # fmt: skip
def test_groups_filters_and_paddings_match_onnxruntime(
    seed,
    n,
    size,
    groups,
    channels,
    filters,
    kernel_size,
    strides,
    dilation,
    begin,
    end,
    padding,
    biased,
):
    extents = [d * (k - 1) + 1 for d, k in zip(dilation, kernel_size, strict=True)]
    if padding != "same":
        size = tuple(map(max, size, extents))
    x = pixels(seed, n, *size, channels * groups)
    k = weights(seed, *kernel_size, channels, filters * groups)
    bias = weights(seed + 2, filters * groups) * 100
    pads = {"pads": {"pads": [*begin, *end]}, "same": {"auto_pad": "SAME_UPPER"}, "valid": {}}
    if max(dilation) > 1:  # which ONNX Runtime refuses beside SAME_UPPER
        pads["same"] = {"pads": onnx_peer.same_pads(size, extents, strides)}
    theirs = onnx_peer.run(
        "Conv", x, k.transpose(3, 2, 0, 1), *([bias] if biased else []),
        strides=strides, dilations=dilation, group=groups, **pads[padding],
    )  # fmt: skip
    ours = conv2d(
        x, k, strides=strides, dilation_rate=dilation, groups=groups,
        padding=tuple(zip(begin, end, strict=True)) if padding == "pads" else padding,
        bias=bias if biased else None,
    )  # fmt: skip
    assert ours.dtype == np.float32
    assert_close(ours, theirs, 255 * float(np.abs(k).sum(axis=(0, 1, 2)).max()))


@many(150)
@given(
    seeds, pairs(1, 20), st.integers(1, 4), pairs(1, 6), st.sampled_from(list(OPENCV)), dtypes
)  # fmt: skip
def test_borders_match_opencv(seed, size, channels, kernel_size, border, dtype):
    x = pixels(seed, *size, channels, dtype=dtype)
    k = weights(seed, *kernel_size)
    anchor = tuple(n // 2 for n in kernel_size)
    theirs = cv2.filter2D(x, -1, k, anchor=anchor[::-1], borderType=OPENCV[border])
    padding = [(a, n - 1 - a) for a, n in zip(anchor, kernel_size, strict=True)]
    ours = conv2d(x, k, padding=padding, border=border)
    theirs = theirs.reshape(*size, channels).astype(np.float64).sum(axis=2, keepdims=True)
    assert_close(ours, theirs, 255 * channels * float(np.abs(k).sum()))


@many(100)
@given(seeds, pairs(3, 40), pairs(2, 4), dtypes, st.booleans())
def test_kernels_of_rank_one_match_opencv(seed, size, half, dtype, whole):
    kernel_size = [2 * n + 1 for n in half]
    column, row = (
        weights(seed + n, length).astype(np.float64) for n, length in enumerate(kernel_size)
    )
    if whole:
        column, row = np.rint(column * 3), np.rint(row * 3)
    x = pixels(seed, *size, dtype=dtype)
    theirs = cv2.sepFilter2D(x, -1, row, column, borderType=cv2.BORDER_REPLICATE)
    ours = conv2d(x, np.outer(column, row), padding=half, border="edge")
    assert_close(ours, theirs, 255 * float(np.abs(np.outer(column, row)).sum()) + 1e-9)


@many(150)
@given(seeds, pairs(1, 16), pairs(1, 6), st.sampled_from(["valid", "full"]), st.booleans(), dtypes)
def test_flip_is_true_convolution_as_in_scipy_signal(seed, size, kernel_size, mode, flip, dtype):
    size = tuple(map(max, size, kernel_size))
    x, k = pixels(seed, *size, dtype=dtype), weights(seed, *kernel_size)
    peer = signal.convolve2d if flip else signal.correlate2d
    ours = conv2d(x, k, padding=mode, flip=flip)
    assert ours.ndim == 2
    assert_close(ours, peer(x.astype(np.float64), k, mode=mode), 255 * float(np.abs(k).sum()))


@many(100)
@given(
    seeds, pairs(1, 6), st.tuples(pairs(0, 9), pairs(0, 9)),
    st.sampled_from(["constant", "edge", "reflect", "symmetric", "wrap"]), st.integers(2, 4),
)  # fmt: skip
def test_padding_has_the_meanings_of_numpy(seed, size, padding, border, rank):
    shape = {2: size, 3: (*size, 3), 4: (2, *size, 3)}[rank]
    x = np.random.default_rng(seed).integers(0, 256, shape)
    spatial = 1 if rank == 4 else 0
    every = [(0, 0)] * spatial + list(padding) + [(0, 0)] * (rank - 2 - spatial)
    np.testing.assert_array_equal(pad2d(x, padding, border=border), np.pad(x, every, mode=border))


@pytest.mark.parametrize("filters", [1, 2, 3, 5])
@pytest.mark.parametrize("strides", [1, (2, 3)])
@pytest.mark.parametrize("channels", [1, 3, 17])
def test_bands_join_without_a_seam(monkeypatch, filters, strides, channels):
    monkeypatch.setattr(shifted, "PLANE", 64)
    monkeypatch.setattr(im2col, "WINDOWS", 64)
    x, k = pixels(1, 41, 23, channels), weights(1, 4, 3, channels, filters)
    settings = {"strides": strides, "padding": ((3, 1), (0, 2)), "border": "reflect"}
    padded = np.pad(x.astype(np.float64), ((3, 1), (0, 2), (0, 0)), mode="reflect")
    down, across = (strides, strides) if isinstance(strides, int) else strides
    theirs = np.stack(
        [
            signal.correlate(padded, k[..., f], mode="valid", method="direct")[..., 0]
            for f in range(filters)
        ],
        axis=-1,
    )[::down, ::across]
    assert_close(conv2d(x, k, **settings), theirs, 255 * float(np.abs(k).sum()))


@pytest.mark.parametrize(
    ("x", "kernels", "result"),
    [
        ((5, 6), (3, 3), (3, 4)),
        ((5, 6), (3, 3, 1), (3, 4, 1)),
        ((5, 6), (3, 3, 1, 4), (3, 4, 4)),
        ((5, 6, 2), (3, 3), (3, 4, 1)),
        ((5, 6, 2), (3, 3, 2), (3, 4, 1)),
        ((5, 6, 2), (3, 3, 2, 4), (3, 4, 4)),
        ((7, 5, 6, 2), (3, 3), (7, 3, 4, 1)),
        ((7, 5, 6, 2), (3, 3, 2, 4), (7, 3, 4, 4)),
    ],
)
def test_the_result_has_the_rank_of_the_input_and_filters_last(x, kernels, result):
    assert conv2d(np.ones(x), np.ones(kernels)).shape == result


@pytest.mark.parametrize(
    ("given", "computed"),
    [
        (np.uint8, np.float32),
        (np.int64, np.float32),
        (bool, np.float32),
        (np.float16, np.float32),
        (np.float32, np.float32),
        (np.float64, np.float64),
    ],
)
def test_float64_is_kept_and_the_rest_computed_in_float32(given, computed):
    for kernel in (np.ones((2, 2), np.float64), np.ones((2, 2, 1, 4), np.float32)):
        assert conv2d(np.ones((3, 3), given), kernel).dtype == computed


def test_float64_keeps_its_digits():
    x = np.random.default_rng(0).random((9, 9)) + 1e6
    for kernel in (np.full((3, 3), 1 / 9), np.arange(9.0).reshape(3, 3)):
        theirs = signal.correlate2d(x, kernel, mode="valid")
        np.testing.assert_allclose(conv2d(x, kernel), theirs, rtol=1e-14)


def test_whole_pixels_under_whole_kernels_stay_whole():
    x = np.random.default_rng(0).integers(0, 256, (40, 40)).astype(np.float32)
    kernel = np.outer([1, 6, 15, 20, 15, 6, 1], [3, 7, 11, 0, -11, -7, -3])
    theirs = signal.correlate2d(x.astype(np.int64), kernel, mode="valid")
    np.testing.assert_array_equal(conv2d(x, kernel), theirs)


def test_the_textbook_matrix():
    x = np.array([[int(c) for c in row] for row in ("11100", "01110", "00111", "00110", "01100")])
    feature_map = conv2d(x, [[1, 0, 1], [0, 1, 0], [1, 0, 1]])
    assert feature_map.tolist() == [[4, 3, 4], [2, 4, 3], [2, 3, 4]]


def test_the_inputs_are_left_alone():
    x, kernel = pixels(0, 8, 8, 2), weights(0, 3, 3, 2, 3)
    before = x.copy(), kernel.copy()
    for several in (kernel, kernel[..., :1]):
        conv2d(x, several, padding="same", flip=True, bias=1.5)
    np.testing.assert_array_equal(x, before[0])
    np.testing.assert_array_equal(kernel, before[1])


def test_arrays_of_any_memory_layout():
    x, kernel = pixels(0, 9, 8, 3), weights(0, 3, 2, 3, 4)
    plain = conv2d(x, kernel)
    for other in (np.asfortranarray(x), x[::-1, ::-1][::-1, ::-1], x.astype(">f4")):
        np.testing.assert_allclose(conv2d(other, np.asfortranarray(kernel)), plain, rtol=1e-6)


def test_an_unknown_precision_is_refused():
    assert conv2d(np.ones((3, 3)), np.ones((3, 3)), precision="exact") == 9
    with pytest.raises(SpecError, match="unknown precision 'exct'; did you mean exact"):
        conv2d(np.ones((3, 3)), np.ones((3, 3)), precision="exct")
