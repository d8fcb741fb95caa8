"""conv2d_transpose against ONNX Runtime, and as the adjoint of conv2d."""

from __future__ import annotations

from unittest import mock

import numpy as np
import onnx_peer
import pytest
from drawn import assert_close, dtypes, many, pairs, seeds, values
from hypothesis import given
from hypothesis import strategies as st

from cnnviz.errors import InputError, RefusedError, SpecError
from cnnviz.ops import conv2d, conv2d_transpose
from cnnviz.ops.conv import parts
from cnnviz.ops.transposed import phases, scatter

PAYS = phases.pays


@pytest.fixture(autouse=True, scope="module", params=["phases", "scatter"])
def way(request):
    """Every test on either way."""
    with mock.patch.object(phases, "pays", return_value=request.param == "phases"):
        yield request.param


@pytest.fixture(autouse=True, scope="module", params=[False, True], ids=["one part", "many parts"])
def divided(request):
    """The same with bands and parts that are as small as can be."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param:
            for module, name in ((phases, "VALUES"), (scatter, "VALUES"), (parts, "WORK")):
                patch.setattr(module, name, 1)
            patch.setattr(scatter, "PARTS", 5)
        yield


@st.composite
def transposes(draw: st.DrawFn) -> dict:
    """A size and settings, rows and columns apart, that leave something of the output."""
    size, kernel, dilation = draw(pairs(1, 7)), draw(pairs(1, 5)), draw(pairs(1, 3))
    strides = draw(pairs(1, 4))
    added = tuple(draw(st.integers(0, s - 1)) for s in strides)
    padding = []
    for n, k, d, s, more in zip(size, kernel, dilation, strides, added, strict=True):
        whole = (n - 1) * s + d * (k - 1) + 1 + more
        before = draw(st.integers(0, min(4, whole - 1)))
        padding.append((before, draw(st.integers(0, min(4, whole - 1 - before)))))
    return {
        "size": size,
        "kernel": kernel,
        "strides": strides,
        "dilation_rate": dilation,
        "padding": tuple(padding),
        "output_padding": added,
    }


@many(250)
@given(
    seeds, st.integers(1, 3), transposes(), st.integers(1, 3), st.integers(1, 4),
    st.integers(1, 20), st.booleans(),
)  # fmt: skip
def test_matches_onnxruntime(seed, n, drawn, groups, channels, filters, biased):
    size, kernel = drawn.pop("size"), drawn.pop("kernel")
    x = values(seed, n, *size, channels * groups)
    k = values(seed + 1, *kernel, filters, channels * groups)
    bias = values(seed + 2, filters * groups)
    (top, bottom), (left, right) = drawn["padding"]
    theirs = onnx_peer.run(
        "ConvTranspose", x, k.transpose(3, 2, 0, 1), *([bias] if biased else []),
        strides=drawn["strides"], dilations=drawn["dilation_rate"], group=groups,
        pads=[top, left, bottom, right], output_padding=drawn["output_padding"],
    )  # fmt: skip
    ours = conv2d_transpose(x, k, groups=groups, bias=bias if biased else None, **drawn)
    assert ours.dtype == np.float32
    terms = float(np.abs(x).max() * np.abs(k).sum(axis=(0, 1, 3)).max())
    assert_close(ours, theirs, terms)


@many(150)
@given(seeds, pairs(1, 7), pairs(1, 5), pairs(1, 4), st.integers(1, 3), st.integers(1, 3))
def test_same_matches_onnxruntime(seed, size, kernel, strides, channels, filters):
    x, k = values(seed, 1, *size, channels), values(seed + 1, *kernel, filters, channels)
    # ONNX Runtime cannot enlarge a window below the stride to n s cells, but is told to.
    added = [max(0, s - n) for s, n in zip(strides, kernel, strict=True)]
    total = [max(0, n - s) for s, n in zip(strides, kernel, strict=True)]
    theirs = onnx_peer.run(
        "ConvTranspose", x, k.transpose(3, 2, 0, 1), strides=strides, output_padding=added,
        pads=[*(t // 2 for t in total), *(t - t // 2 for t in total)],
    )  # fmt: skip
    ours = conv2d_transpose(x, k, strides=strides, padding="same")
    assert ours.shape[1:3] == tuple(n * s for n, s in zip(size, strides, strict=True))
    assert_close(ours, theirs, float(np.abs(x).max() * np.abs(k).sum()))


@many(150)
@given(
    seeds, pairs(1, 12), st.integers(1, 3), pairs(1, 3), pairs(1, 4), pairs(1, 3), pairs(1, 2),
    st.sampled_from(["valid", "same", "full", "pads"]), st.tuples(pairs(0, 3), pairs(0, 3)),
    st.booleans(),
)  # fmt: skip
def test_is_the_adjoint_of_conv2d(
    seed, size, groups, channels, kernel, strides, dilation, padding, pads, flip
):
    extents = [d * (k - 1) + 1 for d, k in zip(dilation, kernel, strict=True)]
    size = tuple(map(max, size, extents))
    if padding == "same":  # of the sizes that lead to n, the transpose takes n s
        size = tuple(-(-n // s) * s for n, s in zip(size, strides, strict=True))
    each, filters = channels
    x = values(seed, 2, *size, each * groups, dtype=np.float64)
    k = values(seed + 1, *kernel, each, filters * groups, dtype=np.float64)
    shared = {
        "strides": strides,
        "dilation_rate": dilation,
        "padding": pads if padding == "pads" else padding,
        "groups": groups,
        "flip": flip,
    }
    forward = conv2d(x, k, **shared)
    y = values(seed + 2, *forward.shape, dtype=np.float64)
    around = {"valid": [0, 0], "full": [2 * e - 2 for e in extents], "pads": map(sum, pads)}
    added = 0
    if padding != "same":
        rows = zip(size, around[padding], extents, strides, strict=True)
        added = tuple((n + both - extent) % s for n, both, extent, s in rows)
    back = conv2d_transpose(y, k, output_padding=added, **shared)
    assert back.shape == x.shape
    scale = np.abs(forward).sum() * np.abs(y).max() + 1
    assert abs((forward * y).sum() - (x * back).sum()) <= 1e-12 * scale


@many(100)
@given(seeds, pairs(1, 9), pairs(1, 4), pairs(1, 3), dtypes)
def test_flip_turns_the_kernel(seed, size, kernel, strides, dtype):
    x, k = values(seed, *size, dtype=dtype), values(seed + 1, *kernel)
    ours = conv2d_transpose(x, k, strides=strides, flip=True)
    spread = np.zeros([(n - 1) * s + 1 for n, s in zip(size, strides, strict=True)])
    spread[:: strides[0], :: strides[1]] = x
    # Zeros between the cells, and every window that touches them: the other definition.
    theirs = conv2d(spread, k, padding="full")
    assert ours.dtype == dtype
    assert_close(ours, theirs, float(np.abs(x).max() * np.abs(k).sum()))


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_not_finite_stays_in_its_windows(value):
    x, k = values(0, 9, 8, 2), values(1, 3, 5, 3, 2)
    x[4, 3, 1] = value
    with mock.patch.object(phases, "pays", PAYS):  # as it is: zeros fill up shorter phases
        ours = conv2d_transpose(x, k, strides=(2, 3))
    expected = np.ones(ours.shape, bool)
    expected[8:11, 9:14] = False
    np.testing.assert_array_equal(np.isfinite(ours), expected)


def test_larger_images_and_many_filters():
    for shape, kernel, strides in (
        ((1, 70, 40, 3), (5, 4, 3, 3), 2), ((9, 6, 5, 20), (3, 3, 24, 20), (3, 2)),
        ((2, 1, 90, 4), (1, 6, 40, 4), (1, 4)),
    ):  # fmt: skip
        x, k = values(0, *shape), values(1, *kernel)
        ours = conv2d_transpose(x, k, strides=strides, bias=values(2, kernel[2]))
        theirs = onnx_peer.run(
            "ConvTranspose", x, k.transpose(3, 2, 0, 1), values(2, kernel[2]),
            strides=[*np.broadcast_to(strides, 2)],
        )  # fmt: skip
        assert_close(ours, theirs)


def test_keras_longer_valid_is_output_padding():
    ours = conv2d_transpose(np.ones((2, 2)), np.ones((1, 1)), strides=3, output_padding=2)
    assert ours.shape == (6, 6)  # Keras: n s + max(k - s, 0)
    assert ours.sum() == 4


@pytest.mark.parametrize(
    ("x", "kernels", "result"),
    [
        ((5, 6), (3, 3), (7, 8)),
        ((5, 6), (3, 3, 1), (7, 8, 1)),
        ((5, 6, 2), (3, 3), (7, 8, 1)),
        ((5, 6, 2), (3, 3, 2), (7, 8, 1)),
        ((5, 6, 2), (3, 3, 4, 2), (7, 8, 4)),
        ((7, 5, 6, 2), (3, 3, 4, 2), (7, 7, 8, 4)),
    ],
)
def test_the_result_has_the_rank_of_the_input_and_filters_last(x, kernels, result):
    assert conv2d_transpose(np.ones(x), np.ones(kernels)).shape == result


@pytest.mark.parametrize("dtype", [np.uint8, np.float16, np.float32])
def test_what_is_not_float64_is_computed_in_float32(dtype):
    assert conv2d_transpose(np.ones((3, 3), dtype), np.ones((2, 2))).dtype == np.float32


@pytest.mark.parametrize(
    ("shape", "settings", "message"),
    [
        ((3, 3, 1, 2), {}, "kernels (3, 3, 1, 2) read 2 channels, the input has 4"),
        ((3,), {}, "kernels have 1 axes (3,); give (kh, kw), (kh, kw, C) or (kh, kw, filters/"),
        ((3, 3, 1, 4), {"groups": 3}, "groups 3 does not divide 4 channels"),
        ((3, 3, 1, 4), {"groups": 0}, "groups 0 is not a positive integer"),
        ((3, 3, 4), {"groups": 2}, "groups 2 with kernels (3, 3, 4)"),
        ((3, 3, 1, 4), {"output_padding": 1}, "output_padding 1 is not below the stride, 1"),
        ((3, 3, 1, 4), {"strides": 2, "output_padding": 1, "padding": "same"}, 'beside padding "s'),
        ((3, 3, 1, 4), {"padding": 4}, "padding 4+4 leaves nothing of 5 cells: (5 - 1)*1 + 3 - 2"),
        ((3, 3, 1, 4), {"bias": [1, 2]}, "bias (2,) does not fit 1 filters"),
        ((3, 3, 1, 4), {"strides": 0}, "strides 0"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_named(shape, settings, message):
    with pytest.raises(SpecError) as caught:
        conv2d_transpose(np.ones((5, 5, 4)), np.ones(shape), **settings)
    assert message in str(caught.value)


def test_faults():
    with pytest.raises(InputError, match="kernel has 1 non-finite value"):
        conv2d_transpose(np.ones((3, 3, 2)), [[1, np.nan]])
    with pytest.raises(RefusedError, match="the result of the convolution"):
        conv2d_transpose(np.ones((3, 3)), np.ones((1, 1)), strides=10**6)
    with pytest.raises(SpecError, match="the input has 1 axes"):
        conv2d_transpose(np.ones(3), np.ones((1, 1)))


def test_the_inputs_are_left_alone():
    x, k = values(0, 8, 8, 2), values(1, 3, 3, 3, 2)
    before = x.copy(), k.copy()
    conv2d_transpose(x, k, padding="same", flip=True, bias=1.5)
    np.testing.assert_array_equal(x, before[0])
    np.testing.assert_array_equal(k, before[1])
