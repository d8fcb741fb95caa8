"""Region, size and gray."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from image_files import DEEP, RGB, RNG, SAMPLES, saved, tiff
from PIL import Image as Pillow

from cnnviz.errors import SpecError
from cnnviz.images import read_image, to_gray


def triangle(values: np.ndarray, size: int, axis: int) -> np.ndarray:
    """Resample one axis with a triangle as wide as the step: antialiased bilinear."""
    n = values.shape[axis]
    scale = n / size
    support = max(scale, 1.0)
    centres = (np.arange(size) + 0.5) * scale
    distance = np.abs(np.arange(n)[None] + 0.5 - centres[:, None]) / support
    weights = np.clip(1 - distance, 0, None)
    weights /= weights.sum(axis=1, keepdims=True)
    return np.moveaxis(np.tensordot(weights, values, (1, axis)), 0, axis)


@pytest.mark.parametrize("size", [(3, 2), (7, 5), (20, 4), (1, 1), (6, 31)])
def test_resize_is_an_antialiased_triangle(size):
    w, h = size
    colour = read_image(saved(Pillow.fromarray(RGB), "PNG"), resize=size)
    expected = triangle(triangle(RGB.astype(float), h, 0), w, 1)
    assert colour.shape == (h, w, 3)
    assert np.abs(colour - expected).max() <= 1.01  # 8 bits, rounded after each axis
    assert np.array_equal(colour, np.round(colour))
    deep = read_image(tiff(DEEP, ">"), resize=size)[..., 0]
    assert deep == pytest.approx(triangle(triangle(DEEP / 257.0, h, 0), w, 1), abs=1e-3)


def test_resize_of_many_channels(tmp_path):
    array = RNG.normal(size=(6, 4, 5))
    np.save(tmp_path / "a.npy", array)
    expected = triangle(triangle(array, 3, 0), 2, 1)
    assert read_image(tmp_path / "a.npy", resize=3) == pytest.approx(expected, abs=1e-5)


def test_resize_keeps_hidden_colour_out():
    """A transparent pixel's colour must not bleed into its neighbours."""
    array = np.array([[[255, 0, 0, 255], [0, 255, 0, 0]]], np.uint8)
    data = saved(Pillow.fromarray(array), "PNG")
    assert read_image(data, alpha="channel", resize=(1, 1))[0, 0, :2].tolist() == [255, 0]


@pytest.mark.parametrize(
    ("resize", "shape"),
    [(100, (67, 100, 3)), (902, (600, 902, 3)), (1, (1, 1, 3)), ((30, 40), (40, 30, 3))],
)
def test_resize_sizes(resize, shape):
    assert read_image(SAMPLES / "cat.png", resize=resize).shape == shape


@settings(deadline=None, derandomize=True, max_examples=40)
@given(st.data())
def test_region_is_a_slice(data):
    x, y = data.draw(st.integers(0, 6)), data.draw(st.integers(0, 4))
    w, h = data.draw(st.integers(1, 7 - x)), data.draw(st.integers(1, 5 - y))
    part = read_image(saved(Pillow.fromarray(RGB), "BMP"), region=(x, y, w, h))
    assert np.array_equal(part, RGB[y : y + h, x : x + w])


def test_region_comes_before_resize():
    image = Pillow.fromarray(RGB)
    both = read_image(saved(image, "PNG"), region=(1, 1, 4, 3), resize=2)
    assert np.array_equal(both, read_image(saved(image.crop((1, 1, 5, 4)), "PNG"), resize=2))
    assert both.shape == (2, 2, 3)


def test_gray_formulas():
    image = RNG.uniform(0, 255, (6, 5, 3)).astype(np.float32)
    by_opencv = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    assert to_gray(image)[..., 0] == pytest.approx(by_opencv, abs=1e-3)
    assert to_gray(image, "average")[..., 0] == pytest.approx(image.mean(axis=2), abs=1e-3)
    xyz = cv2.cvtColor(image, cv2.COLOR_RGB2XYZ)[..., 1]  # Y of Rec. 709 primaries
    assert to_gray(image, "luma709")[..., 0] == pytest.approx(xyz, abs=2e-2)
    assert to_gray(image, "luma709").shape == (6, 5, 1)


def test_linear_gray_weighs_light():
    def gray(r, g, b):
        def expand(v):
            v /= 255
            return v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4

        y = 0.2126 * expand(r) + 0.7152 * expand(g) + 0.0722 * expand(b)
        return 255 * (12.92 * y if y <= 0.0031308 else 1.055 * y ** (1 / 2.4) - 0.055)

    triples = [(255, 255, 255), (0, 0, 0), (5, 3, 8), (200, 10, 90), (0, 255, 0), (128, 128, 128)]
    pixels = np.array([triples], np.float64)
    result = to_gray(pixels, "linear")
    assert result.dtype == np.float64
    assert result.ravel() == pytest.approx([gray(*t) for t in triples], abs=1e-4)
    assert result[0, 5, 0] == pytest.approx(128, abs=1e-3)  # a gray stays itself
    assert np.isfinite(to_gray(np.array([[[-20.0, 300.0, 5.0]]]), "linear")).all()


def test_gray_keeps_one_channel_and_refuses_others():
    one = np.ones((2, 3, 1), np.float32)
    assert to_gray(one, "linear") is one
    assert to_gray(one[..., 0]).shape == (2, 3, 1)
    assert to_gray(RGB).dtype == np.float32
    with pytest.raises(SpecError, match="luma601"):
        to_gray(one, "rec601")
    with pytest.raises(SpecError, match="image has 2"):
        to_gray(np.ones((2, 3, 2)))
