"""Values that do not say what white is: float, 32-bit and signed images, and `pixel_range`."""

from __future__ import annotations

import io
import itertools
import struct

import numpy as np
import pytest
import tifffile
from image_files import DEEP, RNG, SAMPLES, saved, tiff
from PIL import Image as Pillow

from cnnviz.errors import InputError
from cnnviz.images import load_image, read_image


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("kind", ["f4", "i4", "i2", "i1"])
def test_deep_images_need_a_range(order, kind):
    values = np.array([[-2, 0, 1], [2, 3, 6]], kind)
    pixels = read_image(tiff(values, order), pixel_range=(-2, 6))
    assert pixels[..., 0] == pytest.approx((values + 2.0) * 255 / 8)
    with pytest.raises(InputError, match=r"from -2 to 6 do not say what white is; .*--pixel-range"):
        read_image(tiff(values, order))


@pytest.mark.parametrize("kind", ["f4", "i4", "i2", "u2"])
def test_compressed_tiff_in_either_byte_order(kind):
    """libtiff hands over native bytes, which Pillow 13 swaps once more in all but the last."""
    values = RNG.integers(0, 1000, (9, 11)).astype(kind)
    for order, predictor in itertools.product("<>", (False, kind != "f4")):
        stream = io.BytesIO()
        tifffile.imwrite(stream, values, byteorder=order, compression="zlib", predictor=predictor)
        pixels = read_image(stream.getvalue(), pixel_range=(0, 1000))
        assert pixels[..., 0] == pytest.approx(values * 0.255, abs=1e-4)


def test_unsigned_32_bits_do_not_wrap():
    values = np.array([[0, 2**31, 2**32 - 1]], np.uint32)
    for compression in (None, "zlib"):
        stream = io.BytesIO()
        tifffile.imwrite(stream, values, compression=compression)
        pixels = read_image(stream.getvalue(), pixel_range=(0, 2**32 - 1))
        assert pixels.ravel() == pytest.approx([0, 127.5, 255])


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("kind", ["u1", "u2", "f4", "i4", "i2"])
@pytest.mark.parametrize("photometric", [1, 0])
def test_one_channel_that_is_called_planar(order, kind, photometric):
    """Pillow takes the first letter of its raw mode for the channel's, and the depth is lost."""
    values = RNG.integers(0, 100, (4, 5)).astype(kind)
    if photometric == 0 and (kind in ("i4", "i2") or (kind, order) == ("u2", ">")):
        return  # not among what Pillow reads
    data = tiff(values, order, photometric=photometric, planar=2)
    white = {"u1": 255, "u2": 65535}.get(kind)
    pixels = read_image(data, pixel_range=None if white else (0, 100))
    expected = values[..., None] * 255.0 / (white or 100)
    if white and photometric == 0:
        expected = 255 - expected
    assert pixels == pytest.approx(expected, abs=1e-4)


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


def test_values_that_are_not_finite_are_counted():
    values = np.ones((4, 5), np.float32)
    values[0, 0], values[2, 3] = np.nan, np.inf
    with pytest.raises(InputError, match="2 of 20 values are NaN or infinite"):
        read_image(saved(Pillow.fromarray(values), "TIFF"), pixel_range=(0, 1))


def test_the_range_is_noted():
    image = load_image(tiff(np.array([[0, 3]], "f4"), "<"), pixel_range=(0, 3))
    assert image.notes == ("values 0 to 3 mapped to 0 to 255",)
