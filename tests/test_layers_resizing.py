"""Padding, cropping and upsampling layers against NumPy and ONNX Runtime."""

from __future__ import annotations

import numpy as np
import onnx_peer
import pytest
from drawn import assert_close, dtypes, many, pairs, seeds, values
from hypothesis import given
from hypothesis import strategies as st

from cnnviz import layers
from cnnviz.errors import RefusedError, SpecError
from cnnviz.ops import upsample2d

sides = st.tuples(pairs(0, 4), pairs(0, 4))


@many(60)
@given(seeds, st.integers(1, 3), pairs(1, 7), st.integers(1, 4), sides, dtypes)
def test_padding_and_cropping(seed, n, size, channels, around, dtype):
    x = values(seed, n, *size, channels, dtype=dtype)
    padded, _ = layers.find("ZeroPadding2D")(around).forward({}, x)
    assert padded.dtype == dtype
    np.testing.assert_array_equal(padded, np.pad(x, [(0, 0), *around, (0, 0)]))
    back, _ = layers.find("Cropping2D")(around).forward({}, padded)
    np.testing.assert_array_equal(back, x)
    rows = x[:, :, 0]
    padded, _ = layers.find("ZeroPadding1D")(around[0]).forward({}, rows)
    np.testing.assert_array_equal(padded, np.pad(rows, [(0, 0), around[0], (0, 0)]))
    back, _ = layers.find("Cropping1D")(around[0]).forward({}, padded)
    np.testing.assert_array_equal(back, rows)


def test_each_side_of_a_cropping():
    x = np.arange(48).reshape(1, 6, 8, 1)
    y, _ = layers.find("Cropping2D")(((1, 2), (3, 0))).forward({}, x)
    assert y[0, :, 0, 0].tolist() == [11, 19, 27]
    assert y[0, 0, :, 0].tolist() == [11, 12, 13, 14, 15]
    assert np.shares_memory(x, y)


@many(100)
@given(
    seeds, st.integers(1, 3), pairs(1, 6), st.integers(1, 3), pairs(1, 5),
    st.sampled_from(["nearest", "bilinear"]), dtypes,
)  # fmt: skip
def test_upsampling(seed, n, size, channels, times, interpolation, dtype):
    x = values(seed, n, *size, channels, dtype=dtype)
    ours, _ = layers.find("UpSampling2D")(times, interpolation=interpolation).forward({}, x)
    theirs = resized(x, times, "linear" if interpolation == "bilinear" else "nearest")
    assert ours.dtype == dtype
    assert_close(ours, theirs)


def resized(x: np.ndarray, times: tuple[int, ...], mode: str) -> np.ndarray:
    return onnx_peer.run(
        "Resize", x, np.ones(0), np.array([1, 1, *times]), mode=mode,
        coordinate_transformation_mode="half_pixel",
    )  # fmt: skip


@pytest.mark.parametrize("size", [1, 2, 3])
def test_upsampling_of_sequences(size):
    x = values(1, 2, 5, 3)
    ours, _ = layers.find("UpSampling1D")(size).forward({}, x)
    np.testing.assert_array_equal(ours, resized(x, (size,), "nearest"))


@pytest.mark.parametrize(
    ("shape", "result"), [((2, 3), (4, 9)), ((2, 3, 1), (4, 9, 1)), ((5, 2, 3, 1), (5, 4, 9, 1))]
)
@pytest.mark.parametrize("interpolation", ["nearest", "bilinear"])
def test_upsampled_images_have_the_rank_of_the_input(shape, result, interpolation):
    made = upsample2d(np.ones(shape, np.uint8), (2, 3), interpolation=interpolation)
    assert made.shape == result
    assert made.dtype == np.float32
    assert (made == 1).all()


def test_upsampling_is_refused_beyond_the_budget():
    with pytest.raises(RefusedError, match="the enlarged image"):
        upsample2d(np.ones((9, 9)), 10**6)
    with pytest.raises(SpecError, match="unknown interpolation 'cubic'"):
        upsample2d(np.ones((9, 9)), interpolation="cubic")


WRONG = [
    ("ZeroPadding1D", {"padding": "causal"}, "padding 'causal' is not a number; use 1 or (0, 1)"),
    ("ZeroPadding1D", {"padding": ((1, 1), (1, 1))}, "padding ((1, 1), (1, 1)) "),
    ("ZeroPadding2D", {"padding": (1, -1)}, "padding (1, -1) is not an integer that is not neg"),
    ("Cropping1D", {"cropping": "valid"}, "cropping 'valid' is not a number; use 1 or (0, 1)"),
    ("Cropping1D", {"cropping": 1.5}, "cropping 1.5"),
    ("Cropping2D", {"cropping": (1, 2, 3)}, "cropping (1, 2, 3)"),
    ("Cropping2D", {"cropping": ((1, 1),)}, "cropping ((1, 1),) does not have 2 pairs"),
    ("UpSampling1D", {"size": (2, 2)}, "size (2, 2) is not a positive integer"),
    ("UpSampling2D", {"size": 0}, "size 0"),
    ("UpSampling2D", {"interpolation": "biliner"}, "did you mean bilinear"),
    ("UpSampling2D", {"interpolation": ["nearest"]}, "unknown interpolation"),
]


@pytest.mark.parametrize(("name", "settings", "message"), WRONG)
def test_wrong_settings_name_the_value(name, settings, message):
    with pytest.raises(SpecError) as caught:
        layers.find(name)(**settings)
    assert message in str(caught.value)


UNFIT = [
    ("Cropping2D", 2, (4, 9, 1), "cropping 2+2 leaves nothing of 4 cells; crop less"),
    ("Cropping1D", (3, 0), (3, 1), "cropping 3+0 leaves nothing of 3 cells"),
    ("UpSampling1D", 2, (4, 4, 1), "takes an input (L, C), not (4, 4, 1); the layer for images"),
    ("UpSampling2D", 2, (4, 4), "takes an input (H, W, C), not (4, 4); add the channels"),
    ("ZeroPadding1D", 2, (4,), "takes an input (L, C), not (4,); add the channels"),
]


@pytest.mark.parametrize(("name", "setting", "shape", "message"), UNFIT)
def test_inputs_that_do_not_fit(name, setting, shape, message):
    with pytest.raises(SpecError) as caught:
        layers.find(name)(setting).output_shape(shape)
    assert message in str(caught.value)
