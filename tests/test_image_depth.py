"""Images of more than 8 bits a channel, at full depth."""

from __future__ import annotations

import struct

import cv2
import numpy as np
import pytest
from image_files import DEEP, RNG, SAMPLES, tiff
from PIL import Image as Pillow

from cnnviz.images import load_image, read_image
from cnnviz.images.alpha import without_alpha
from cnnviz.images.modes import samples_of


def values_of(image, alpha):
    samples = samples_of(image)
    values, notes = without_alpha(samples, alpha)
    return values, samples.white, notes


@pytest.mark.parametrize("order", ["<", ">"])
def test_16_bit_gray_is_divided_by_257(order):
    image = load_image(tiff(DEEP, order))
    assert image.mode == ("I;16" if order == "<" else "I;16B")
    assert image.pixels == pytest.approx(DEEP[..., None] / 257.0, rel=1e-6)
    assert image.notes == ("values 0 to 65535 divided by 257",)
    inverted = read_image(tiff(DEEP.astype(np.uint16), "<", photometric=0))
    assert inverted == pytest.approx((65535 - DEEP[..., None].astype(int)) / 257.0, rel=1e-6)


@pytest.mark.parametrize("mode", ["I;16", "I;16L", "I;16B", "I;16N"])
def test_16_bit_modes_in_memory(mode):
    kind = {"I;16": "<u2", "I;16L": "<u2", "I;16B": ">u2", "I;16N": "=u2"}[mode]
    image = Pillow.frombytes(mode, (7, 5), DEEP.astype(kind).tobytes())
    values, white, _ = values_of(image, "white")
    assert white == 65535
    assert np.array_equal(values[..., 0], DEEP)


def test_16_bit_png_and_pgm():
    expected = DEEP[..., None] / 257.0
    data = cv2.imencode(".png", DEEP)[1].tobytes()
    assert read_image(data) == pytest.approx(expected, rel=1e-6)
    pgm = b"P5\n7 5\n65535\n" + DEEP.astype(">u2").tobytes()
    assert read_image(pgm) == pytest.approx(expected, rel=1e-6)
    colour = RNG.integers(0, 65536, (5, 7, 3)).astype(np.uint16)
    high = read_image(cv2.imencode(".png", colour)[1].tobytes())
    assert high == pytest.approx(colour[..., ::-1] / 257.0, rel=1e-6)


def test_12_bit_tiff_reaches_white():
    packed = bytes([0xFF, 0xF0, 0x00, 0x80, 0x0F, 0xFF])  # 4095, 0, 2048, 4095
    shell = tiff(np.zeros((1, 3), np.uint16), "<", bits=12)
    data = shell[: -len(packed)] + packed
    data = data.replace(struct.pack("<HHII", 256, 4, 1, 3), struct.pack("<HHII", 256, 4, 1, 4))
    pixels = read_image(data)
    assert pixels.ravel() == pytest.approx([255, 0, 2048 * 255 / 4095, 255])


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("kind", ["f4", "i4", "i2"])
def test_deep_images_need_a_range(order, kind):
    values = np.array([[-2, 0, 1], [2, 3, 6]], kind)
    pixels = read_image(tiff(values, order), pixel_range=(-2, 6))
    assert pixels[..., 0] == pytest.approx((values + 2.0) * 255 / 8)


def test_pixel_range_is_in_file_values_and_does_not_clip():
    assert read_image(tiff(DEEP, "<"), pixel_range=(0, 4095)) == pytest.approx(
        DEEP[..., None] * (255 / 4095), rel=1e-6
    )
    assert np.array_equal(read_image(SAMPLES / "digit.png", pixel_range=(255, 0)).min(), 0)
    assert read_image(b"0.5,2\n", pixel_range=(0, 1)).tolist() == [[127.5, 510]]
    large = np.array([[2**31 - 2, 2**31 - 1]], np.int32)
    assert read_image(tiff(large, "<"), pixel_range=(2**31 - 2, 2**31 - 1)).ravel().tolist() == [
        0,
        255,
    ]


def test_pfm_is_float():
    data = b"Pf\n2 1\n-1.0\n" + struct.pack("<2f", 0.25, 1)
    assert read_image(data, pixel_range=(0, 1)).ravel() == pytest.approx([63.75, 255])
