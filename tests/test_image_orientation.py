"""Every EXIF orientation in every format and mode that carries it."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import PIL
import pytest
import tifffile
from image_files import GRAY, RNG, png, saved
from image_formulas import cmyk_to_rgb, lab_to_rgb, on_white, ycbcr_to_rgb
from PIL import Image as Pillow

from cnnviz.images import load_image, read_image

UPRIGHT = [[1, 2, 3], [4, 5, 6]]
# What a file stores, by TIFF 6.0: which side of the picture row 0 and column 0 are.
STORED = {
    1: [[1, 2, 3], [4, 5, 6]],  # top, left
    2: [[3, 2, 1], [6, 5, 4]],  # top, right
    3: [[6, 5, 4], [3, 2, 1]],  # bottom, right
    4: [[4, 5, 6], [1, 2, 3]],  # bottom, left
    5: [[1, 4], [2, 5], [3, 6]],  # left, top
    6: [[3, 6], [2, 5], [1, 4]],  # right, top
    7: [[6, 3], [5, 2], [4, 1]],  # right, bottom
    8: [[4, 1], [5, 2], [6, 3]],  # left, bottom
}
# The same as what is done to the upright picture.
TURNED: dict[int, Callable[[np.ndarray], np.ndarray]] = {
    1: lambda a: a,
    2: np.fliplr,
    3: lambda a: np.rot90(a, 2),
    4: np.flipud,
    5: lambda a: np.flipud(np.rot90(a)),
    6: np.rot90,
    7: lambda a: np.fliplr(np.rot90(a)),
    8: lambda a: np.rot90(a, -1),
}


def exif(orientation: int) -> Pillow.Exif:
    tags = Pillow.Exif()
    tags[0x0112] = orientation
    return tags


def by_pillow(form: str, mode: str, **options: object) -> Callable[[np.ndarray, int], bytes]:
    """Return a writer of samples whose bytes are those of a Pillow mode."""

    def write(samples: np.ndarray, orientation: int) -> bytes:
        h, w = samples.shape[:2]
        image = Pillow.frombytes(mode, (w, h), np.ascontiguousarray(samples).tobytes())
        if mode in ("P", "PA"):
            image.putpalette(PALETTE.tobytes())
        return saved(image, form, exif=exif(orientation), **options)

    return write


def one_bit(samples: np.ndarray, orientation: int) -> bytes:
    return saved(Pillow.fromarray(samples), "PNG", exif=exif(orientation))


def by_tifffile(**options: object) -> Callable[[np.ndarray, int], bytes]:
    def write(samples: np.ndarray, orientation: int) -> bytes:
        stream = io.BytesIO()
        tag = (274, 3, 1, orientation, True)
        tifffile.imwrite(stream, samples, extratags=[tag], metadata=None, **options)
        return stream.getvalue()

    return write


def deep_png(samples: np.ndarray, orientation: int) -> bytes:
    """A PNG of 16 bits a channel, gray with alpha or RGB."""
    h, w, bands = samples.shape
    kind = {2: 4, 3: 2, 4: 6}[bands]
    rows = [row.astype(">u2").tobytes() for row in samples]
    return png((w, h, 16, kind), rows, eXIf=exif(orientation).tobytes()[6:])


class Case(NamedTuple):
    """Upright samples, how to write them, the golden array, and how far a rounding may go."""

    samples: np.ndarray
    write: Callable[[np.ndarray, int], bytes]
    golden: np.ndarray
    room: float = 0


def draw(bands: int = 0, kind: type = np.uint8, low: int = 0, high: int | None = None):
    shape = (5, 7, bands) if bands else (5, 7)
    top = int(np.iinfo(kind).max) + 1 if high is None else high
    return RNG.integers(low, top, shape).astype(kind)


PALETTE = RNG.integers(0, 256, (256, 3), np.uint8)
BITS, LA, RGB, RGBA, CMYK = GRAY > 127, draw(2), draw(3), draw(4), draw(4)
LAB = np.dstack([draw(high=220, low=60), draw(2, np.int8, -40, 41).view(np.uint8)])
INDEX_ALPHA, SHORTS, FLOATS = draw(2), draw(kind=np.uint16), RNG.normal(size=(5, 7))
PREMULTIPLIED = np.dstack([np.minimum(RGBA[..., :3], RGBA[..., 3:]), RGBA[..., 3:]])
DEEP, DEEP_LA = draw(3, np.uint16), draw(2, np.uint16)
FLOATS = FLOATS.astype(np.float32)
TRANSPARENT = bytes(range(256))
CASES = {
    "1": Case(BITS, one_bit, BITS[..., None] * 255.0),
    "L": Case(GRAY, by_pillow("PNG", "L"), GRAY[..., None]),
    "LA": Case(LA, by_pillow("PNG", "LA"), on_white(LA[..., 0], LA[..., 1])),
    "La": Case(
        PREMULTIPLIED[..., 2:],
        by_tifffile(photometric="minisblack", planarconfig="contig", extrasamples=["assocalpha"]),
        PREMULTIPLIED[..., 2:3] + 255.0 - PREMULTIPLIED[..., 3:],
    ),
    "P": Case(GRAY, by_pillow("PNG", "P"), PALETTE[GRAY]),
    "P-transparent": Case(
        GRAY, by_pillow("PNG", "P", transparency=TRANSPARENT), on_white(PALETTE[GRAY], GRAY)
    ),
    "PA": Case(
        INDEX_ALPHA,
        by_pillow("TIFF", "PA"),
        on_white(PALETTE[INDEX_ALPHA[..., 0]], INDEX_ALPHA[..., 1]),
    ),
    "RGB": Case(RGB, by_pillow("WEBP", "RGB", lossless=True), RGB),
    "RGBA": Case(RGBA, by_pillow("PNG", "RGBA"), on_white(RGBA[..., :3], RGBA[..., 3])),
    "RGBX": Case(RGBA, by_pillow("TIFF", "RGBX"), RGBA[..., :3]),
    "RGBa": Case(
        PREMULTIPLIED,
        by_tifffile(photometric="rgb", extrasamples=["assocalpha"]),
        PREMULTIPLIED[..., :3] + 255.0 - PREMULTIPLIED[..., 3:],
    ),
    "CMYK": Case(CMYK, by_pillow("TIFF", "CMYK"), cmyk_to_rgb(CMYK), 0.5),
    "YCbCr": Case(RGB, by_pillow("TIFF", "YCbCr"), ycbcr_to_rgb(RGB), 1),
    "YCbCr-deflate": Case(
        RGB, by_pillow("TIFF", "YCbCr", compression="tiff_adobe_deflate"), ycbcr_to_rgb(RGB), 1
    ),
    "LAB": Case(LAB, by_pillow("TIFF", "LAB"), lab_to_rgb(LAB), 1),
    "I;16": Case(SHORTS, by_tifffile(), SHORTS[..., None] / 257),
    "I;16B": Case(SHORTS, by_tifffile(byteorder=">"), SHORTS[..., None] / 257),
    "RGB;16": Case(DEEP, deep_png, DEEP / 257),
    "RGB;16-tiff": Case(DEEP, by_tifffile(photometric="rgb", compression="zlib"), DEEP / 257),
    "LA;16": Case(DEEP_LA, deep_png, on_white(DEEP_LA[..., 0], DEEP_LA[..., 1], 65535) / 257),
    "F": Case(FLOATS, by_tifffile(), (FLOATS[..., None] + 4) * 255 / 8),
}

if int(PIL.__version__.partition(".")[0]) < 13:
    del CASES["La"]  # which older ones refuse


def test_the_two_tables_agree():
    for orientation, stored in STORED.items():
        assert TURNED[orientation](np.array(UPRIGHT)).tolist() == stored


@pytest.mark.parametrize("orientation", STORED)
@pytest.mark.parametrize("mode", CASES)
def test_golden_arrays(mode, orientation):
    case = CASES[mode]
    data = case.write(TURNED[orientation](case.samples), orientation)
    image = load_image(data, pixel_range=(-4, 4) if mode == "F" else None)
    assert image.pixels.shape == case.golden.shape
    assert np.abs(image.pixels - case.golden).max() <= case.room + 1e-4
    done = f"EXIF orientation {orientation} applied"
    assert (done in image.notes) == (orientation != 1)


@pytest.mark.parametrize("orientation", STORED)
@pytest.mark.parametrize("form", ["PNG", "JPEG", "TIFF", "WEBP", "CMYK"])
def test_exif_orientation(orientation, form):
    def blocks(cells):
        return np.kron(np.array(cells) * 40, np.ones((16, 16))).astype(np.uint8)

    options = {"quality": 100} if form != "WEBP" else {"lossless": True}
    picture = Pillow.fromarray(blocks(STORED[orientation]))
    if form == "CMYK":
        picture, form = picture.convert("CMYK"), "JPEG"
    data = saved(picture, form, exif=exif(orientation), **options)
    image = load_image(data)
    assert image.pixels.shape[:2] == (32, 48)
    assert np.abs(image.pixels - blocks(UPRIGHT)[..., None]).max() <= 1
    assert image.notes == (() if orientation == 1 else (f"EXIF orientation {orientation} applied",))
    # The region is in upright coordinates: the cell that shows 3.
    corner = read_image(data, region=(32, 0, 16, 16))
    assert np.abs(corner - 120).max() <= 1
    assert corner.flags.c_contiguous


@pytest.mark.parametrize(
    "exif", [b"Exif\0\0garbage", b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0"]
)
def test_broken_exif_does_not_cost_the_picture(exif):
    data = saved(Pillow.fromarray(GRAY), "PNG", exif=exif)
    assert np.array_equal(read_image(data), GRAY[..., None])


def test_orientation_out_of_range_is_ignored():
    image = load_image(saved(Pillow.fromarray(GRAY), "PNG", exif=exif(9)))
    assert np.array_equal(image.pixels, GRAY[..., None])
    assert image.notes == ()
