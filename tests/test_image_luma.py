"""Gray images: a JPEG's own luma where it is that, and else computed from the right colours."""

from __future__ import annotations

import io

import cv2
import numpy as np
import pytest
from image_files import RGB, SAMPLES, saved
from PIL import Image as Pillow
from PIL import JpegImagePlugin

from cnnviz.errors import InputError, SpecError
from cnnviz.images import load_image, read_image, to_gray
from cnnviz.images.luma import take_luma

CAT = Pillow.open(SAMPLES / "cat.png").convert("RGB")
ORIENTATION = 0x0112


def exif(orientation: int) -> bytes:
    tags = Pillow.Exif()
    tags[ORIENTATION] = orientation
    return tags.tobytes()


def without(data: bytes, marker: int) -> bytes:
    """Cut a segment out of a JPEG."""
    at = data.index(bytes([0xFF, marker]))
    return data[:at] + data[at + 2 + int.from_bytes(data[at + 2 : at + 4], "big") :]


def with_adobe(data: bytes, transform: int) -> bytes:
    """Put Adobe's marker behind the start of a JPEG."""
    segment = b"Adobe\0\x64\0\0\0\0" + bytes([transform])
    return data[:2] + b"\xff\xee" + (len(segment) + 2).to_bytes(2, "big") + segment + data[2:]


JFIF = saved(CAT, "JPEG", quality=90)
BARE = without(JFIF, 0xE0)
STORED_RGB = saved(CAT, "JPEG", quality=90, keep_rgb=True)  # as Adobe's transform 0 says
LUMA = {
    "JFIF": JFIF,
    "progressive": saved(CAT, "JPEG", quality=90, progressive=True),
    "4:4:4": saved(CAT, "JPEG", quality=95, subsampling=0),
    "only components": BARE,
    "Adobe": with_adobe(BARE, 1),
    "EXIF": saved(CAT, "JPEG", exif=exif(1)),
    "an ICC profile": saved(CAT, "JPEG", icc_profile=b"\0" * 200),
}
COLOUR = {
    "stored RGB": STORED_RGB,
    "RGB by components": without(STORED_RGB, 0xEE),
    "an unknown transform": with_adobe(BARE, 2),
    "CMYK": saved(CAT.convert("CMYK"), "JPEG"),
    "YCCK": with_adobe(without(saved(CAT.convert("CMYK"), "JPEG"), 0xEE), 2),
    "PNG": saved(CAT, "PNG"),
    "gray": saved(CAT.convert("L"), "JPEG"),
}


def opened(data: bytes) -> JpegImagePlugin.JpegImageFile:
    return Pillow.open(io.BytesIO(data))


@pytest.mark.parametrize("name", LUMA)
def test_the_luma_of_a_jpeg_is_its_gray_image(name):
    data = LUMA[name]
    assert take_luma(opened(data))
    image = load_image(data, gray="luma601")
    assert image.pixels.shape == (300, 451, 1)
    assert image.mode == "RGB"
    assert image.notes == load_image(data).notes
    theirs = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE)
    # Two decoders may round the transform apart.
    assert np.abs(image.pixels[..., 0] - theirs.astype(int)).max() <= 1
    colours = read_image(data)
    inside = ((colours > 0) & (colours < 255)).all(axis=2)  # where no colour was clipped
    error = np.abs(image.pixels - to_gray(colours))[inside]
    assert error.max() <= 1.3
    assert error.mean() < 0.3


@pytest.mark.parametrize("name", COLOUR)
def test_other_files_are_gray_by_their_colours(name):
    data = COLOUR[name]
    assert not take_luma(opened(data))
    image, colours = load_image(data, gray="luma601"), load_image(data)
    assert (image.mode, image.notes) == (colours.mode, colours.notes)
    np.testing.assert_allclose(image.pixels, to_gray(colours.pixels), rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("formula", ["luma709", "average", "linear"])
def test_other_formulas_need_the_colours(formula):
    gray = read_image(JFIF, gray=formula)
    np.testing.assert_allclose(gray, to_gray(read_image(JFIF), formula), rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("settings", [
    {"region": (10, 20, 100, 50)},
    {"pixel_range": (0, 510)},
    {"resize": 77},
])  # fmt: skip
def test_what_else_is_asked_for_is_done(settings):
    gray, colours = read_image(JFIF, gray="luma601", **settings), read_image(JFIF, **settings)
    assert gray.shape == (*colours.shape[:2], 1)
    assert np.abs(gray - to_gray(colours)).mean() < 0.3


@pytest.mark.parametrize("orientation", [3, 6])
def test_it_is_upright(orientation):
    data = saved(CAT, "JPEG", exif=exif(orientation))
    gray, colours = load_image(data, gray="luma601"), load_image(data)
    assert gray.notes == colours.notes == (f"EXIF orientation {orientation} applied",)
    assert np.abs(gray.pixels - to_gray(colours.pixels)).mean() < 0.3


def test_a_broken_jpeg_is_refused_either_way():
    with pytest.raises(InputError) as colour:
        read_image(JFIF[:5000])
    with pytest.raises(InputError) as gray:
        read_image(JFIF[:5000], gray="luma601")
    assert str(gray.value) == str(colour.value)


def test_arrays_of_colours_and_others():
    stream = io.BytesIO()
    np.save(stream, RGB.astype(np.float32))
    np.testing.assert_allclose(
        read_image(stream.getvalue(), gray="average")[..., 0], RGB.mean(axis=2), rtol=1e-6
    )
    assert read_image(b"1,2\n3,4\n", gray="average").shape == (2, 2)
    for data in (JFIF, COLOUR["gray"]):
        with pytest.raises(SpecError, match="gray formula 'red'"):
            read_image(data, gray="red")


@pytest.mark.parametrize("formula", ["luma601", "linear"])
def test_whole_numbers_are_weighed_by_strips(formula, monkeypatch):
    whole = np.random.default_rng(0).integers(0, 256, (33, 21, 3)).astype(np.uint8)
    expected = to_gray(whole.astype(np.float32), formula)
    for strip in (1, 200, 10**6):
        monkeypatch.setattr("cnnviz.images.gray._STRIP", strip)
        gray = to_gray(whole, formula)
        assert gray.dtype == np.float32
        np.testing.assert_allclose(gray, expected, rtol=1e-6)
