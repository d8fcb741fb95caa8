"""More than 8 bits a channel, at full depth: PNG, TIFF and Netpbm against OpenCV and tifffile."""

from __future__ import annotations

import io
import itertools
import struct

import cv2
import numpy as np
import pytest
import tifffile
from image_files import DEEP, RNG, interlaced, png, saved, tiff
from image_formulas import cmyk_to_rgb, on_white
from PIL import Image as Pillow

from cnnviz.images import load_image, read_image
from cnnviz.images.modes import samples_of

RGBA = RNG.integers(0, 65536, (21, 33, 4)).astype(np.uint16)
RGB = RGBA[..., :3]
SHALLOW = "16 bits a channel read as 8"


# ---------------------------------------------------------------------- gray


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
    samples = samples_of(Pillow.frombytes(mode, (7, 5), DEEP.astype(kind).tobytes()))
    assert samples.white == 65535
    assert np.array_equal(samples.values[..., 0], DEEP)


def test_16_bit_gray_png_and_pgm():
    expected = DEEP[..., None] / 257.0
    data = cv2.imencode(".png", DEEP)[1].tobytes()
    assert read_image(data) == pytest.approx(expected, rel=1e-6)
    pgm = b"P5\n7 5\n65535\n" + DEEP.astype(">u2").tobytes()
    assert read_image(pgm) == pytest.approx(expected, rel=1e-6)


def test_12_bit_tiff_reaches_white():
    packed = bytes([0xFF, 0xF0, 0x00, 0x80, 0x0F, 0xFF])  # 4095, 0, 2048, 4095
    shell = tiff(np.zeros((1, 3), np.uint16), "<", bits=12)
    data = shell[: -len(packed)] + packed
    data = data.replace(struct.pack("<HHII", 256, 4, 1, 3), struct.pack("<HHII", 256, 4, 1, 4))
    pixels = read_image(data)
    assert pixels.ravel() == pytest.approx([255, 0, 2048 * 255 / 4095, 255])


# ---------------------------------------------------------------------- colour in PNG


def test_16_bit_colour_png_by_opencv():
    """OpenCV writes every filter type; it reads the file back to what we must find."""
    for array in (RGB, RGBA):
        data = cv2.imencode(".png", array)[1]
        back = cv2.imdecode(data, cv2.IMREAD_UNCHANGED)
        expected = back[..., [2, 1, 0, 3][: back.shape[2]]] / 257
        image = load_image(data.tobytes(), alpha="channel")
        assert np.abs(image.pixels - expected).max() < 1e-4
        assert image.mode == ("RGB;16" if array is RGB else "RGBA;16")
        assert image.notes == ("values 0 to 65535 divided by 257",)


@pytest.mark.parametrize("alpha", ["white", "drop", "channel"])
@pytest.mark.parametrize("interlace", [0, 1])
@pytest.mark.parametrize("bands", [2, 3, 4])
def test_16_bit_png_interlaced_or_not(bands, interlace, alpha):
    array = RGBA[..., :bands].astype(">u2")
    rows = interlaced(array) if interlace else [row.tobytes() for row in array]
    data = png((33, 21, 16, {2: 4, 3: 2, 4: 6}[bands]), rows, interlace)
    expected = array.astype(float)
    if bands != 3 and alpha != "channel":
        expected = array[..., :-1]
        if alpha == "white":
            expected = on_white(expected, array[..., -1], 65535)
    image = load_image(data, alpha=alpha)
    assert np.abs(image.pixels - expected / 257).max() < 1e-4
    assert SHALLOW not in image.notes


def test_transparent_colour_at_full_depth():
    """Two colours that differ in their low bytes alone."""
    pixels = struct.pack(">6H", 1000, 2000, 3000, 1000, 2001, 3000)
    data = png((2, 1, 16, 2), [pixels], tRNS=struct.pack(">3H", 1000, 2000, 3000))
    second = np.array([1000, 2001, 3000]) / 257
    assert read_image(data)[0] == pytest.approx(np.array([[255] * 3, second]))
    assert read_image(data, alpha="channel")[0, :, 3].tolist() == [0, 255]
    assert read_image(data, alpha="drop")[0, 1] == pytest.approx(second)


# ---------------------------------------------------------------------- colour in TIFF

KINDS = {
    "rgb": (3, "rgb", None),
    "rgba": (4, "rgb", "unassalpha"),
    "rgba-premultiplied": (4, "rgb", "assocalpha"),
    "rgbx": (4, "rgb", "unspecified"),
    "cmyk": (4, "separated", None),
}


def colour_tiff(samples: np.ndarray, photometric: str, extra: str | None, **options) -> bytes:
    stream = io.BytesIO()
    extras = [extra] if extra else None
    tifffile.imwrite(stream, samples, photometric=photometric, extrasamples=extras, **options)
    return stream.getvalue()


def expected_of(samples: np.ndarray, photometric: str, extra: str | None, white: int):
    colour, last = samples[..., :3].astype(float), samples[..., -1].astype(float)
    if photometric == "separated":
        return cmyk_to_rgb(samples, white)
    if extra == "unassalpha":
        return on_white(colour, last, white)
    return colour + white - last[..., None] if extra == "assocalpha" else colour


def layouts():
    """Byte order, tiles or strips, compression and its predictor; libtiff reads the last."""
    packed = ((None, False), ("zlib", False), ("zlib", True))
    return itertools.product("<>", (None, (16, 16)), packed)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("bits", [16, 8])
def test_colour_tiff(kind, bits):
    bands, photometric, extra = KINDS[kind]
    samples, white = RGBA[..., :bands].copy(), 65535
    if bits == 8:
        samples, white = (samples >> 8).astype(np.uint8), 255
    if extra == "assocalpha":
        samples[..., :3] = np.minimum(samples[..., :3], samples[..., 3:])
    expected = expected_of(samples, photometric, extra, white) * 255 / white
    room = 2e-3 if kind != "cmyk" else 0.5 * 255 / white + 1e-4  # rounded to whole levels
    for order, tile, (compression, predictor) in layouts():
        options = {"byteorder": order, "tile": tile, "compression": compression}
        data = colour_tiff(samples, photometric, extra, predictor=predictor, **options)
        assert np.array_equal(tifffile.imread(io.BytesIO(data)), samples)
        image = load_image(data)
        assert image.pixels.shape == (21, 33, 3)
        assert np.abs(image.pixels - expected).max() <= room, options
        assert SHALLOW not in image.notes


@pytest.mark.parametrize("kind", ["rgb", "rgba", "rgba-premultiplied", "cmyk"])
@pytest.mark.parametrize("compression", [None, "zlib"])
def test_channels_one_after_another(kind, compression):
    """Pillow alone reads every second byte of these as a pixel, or the high bytes by libtiff."""
    bands, photometric, extra = KINDS[kind]
    samples = RGBA[..., :bands].copy()
    if extra == "assocalpha":
        samples[..., :3] = np.minimum(samples[..., :3], samples[..., 3:])
    expected = expected_of(samples, photometric, extra, 65535) / 257
    for order in "<>":
        apart = {"planarconfig": "separate", "byteorder": order, "compression": compression}
        image = load_image(colour_tiff(np.moveaxis(samples, 2, 0), photometric, extra, **apart))
        assert (SHALLOW in image.notes) == bool(compression)
        assert np.abs(image.pixels - expected).max() <= (3 if compression else 2e-3)


def test_premultiplied_alpha_is_divided_out_when_asked_for():
    samples = np.array([[[100, 50, 0, 200], [7, 7, 7, 0], [10, 20, 30, 255]]], np.uint8)
    data = colour_tiff(samples, "rgb", "assocalpha")
    straight = [[128, 64, 0], [255, 255, 255], [10, 20, 30]]
    straight[1] = read_image(data, alpha="drop")[0, 1].tolist()  # nothing to be known there
    assert read_image(data, alpha="drop")[0].tolist() == straight
    assert read_image(data, alpha="channel")[0, :, 3].tolist() == [200, 0, 255]
    assert read_image(data)[0].tolist() == [[155, 105, 55], [255, 255, 255], [10, 20, 30]]


# ---------------------------------------------------------------------- Netpbm


@pytest.mark.parametrize("maximum", [1, 7, 100, 255, 256, 1000, 4095, 65535])
@pytest.mark.parametrize("kind", ["P2", "P3", "P5", "P6"])
def test_netpbm_by_its_own_maximum(kind, maximum):
    bands = 3 if kind in ("P3", "P6") else 1
    values = RNG.integers(0, maximum + 1, (5, 7, bands))
    values[0, 0], values[0, 1] = 0, maximum
    head = f"{kind}\n# a comment\n7 5 {maximum}\n".encode()
    plain = b" ".join(b"%d" % v for v in values.ravel()) + b"\n"
    body = values.astype(">u2" if maximum > 255 else "u1").tobytes()
    pixels = read_image(head + (plain if kind in ("P2", "P3") else body))
    # Pillow rounds plain ones to 8 or 16 bits.
    room = {"P2": 0.5, "P3": 0.5}.get(kind, 1e-4) if maximum < 256 else 2e-3
    assert np.abs(pixels - values * 255 / maximum).max() <= room
    assert (pixels.min(), pixels.max()) == (0, 255)


def test_netpbm_beyond_its_maximum_is_white():
    assert read_image(b"P5 3 1 100\n" + bytes([50, 100, 200])).ravel().tolist() == [127.5, 255, 255]


# ---------------------------------------------------------------------- once for each byte


@pytest.mark.parametrize(
    ("data", "times"),
    [
        (saved(Pillow.fromarray((RGB >> 8).astype(np.uint8)), "PNG"), 1),
        (saved(Pillow.fromarray((RGB >> 8).astype(np.uint8)), "JPEG"), 1),
        (saved(Pillow.fromarray((RGB >> 8).astype(np.uint8)), "TIFF"), 1),
        (saved(Pillow.fromarray((RGB >> 8).astype(np.uint8)), "TIFF", compression="tiff_lzw"), 1),
        (saved(Pillow.fromarray((RGB >> 8).astype(np.uint8)), "WEBP"), 1),
        (saved(Pillow.fromarray(DEEP), "PNG"), 1),
        (cv2.imencode(".png", RGB)[1].tobytes(), 2),
        (colour_tiff(RGB, "rgb", None, compression="zlib"), 2),
    ],
)
def test_nothing_is_decoded_more_often_than_needed(data, times, monkeypatch):
    made = []
    original = Pillow._getdecoder
    monkeypatch.setattr(Pillow, "_getdecoder", lambda *args: made.append(1) or original(*args))
    read_image(data)
    assert len(made) == times
