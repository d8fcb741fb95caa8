"""Images read to exact pixels: every format and mode of Pillow."""

from __future__ import annotations

import struct

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from image_files import ALPHA, GRAY, RGB, RNG, SAMPLES, png, saved
from image_formulas import cmyk_to_rgb, on_white
from PIL import Image as Pillow

from cnnviz.errors import InputError
from cnnviz.images import load_image, read_image
from cnnviz.images.alpha import without_alpha
from cnnviz.images.modes import samples_of


def values_of(image, alpha):
    samples = samples_of(image)
    values, notes = without_alpha(samples, alpha)
    return values, samples.white, notes


@pytest.mark.parametrize("form", ["PNG", "TIFF", "BMP", "PPM", "GIF"])
def test_gray_is_exact_in_every_lossless_format(form):
    pixels = read_image(saved(Pillow.fromarray(GRAY), form))
    assert pixels.dtype == np.float32
    # A palette is colour, even one of grays, which is what Pillow writes in a GIF.
    assert np.array_equal(pixels, np.repeat(GRAY[..., None], 3 if form == "GIF" else 1, axis=2))


@pytest.mark.parametrize(
    ("form", "options"),
    [
        ("PNG", {}),
        ("BMP", {}),
        ("PPM", {}),
        ("TIFF", {}),
        ("TIFF", {"compression": "tiff_lzw"}),
        ("TIFF", {"compression": "tiff_adobe_deflate"}),
        ("TIFF", {"compression": "packbits"}),
        ("TIFF", {"big_tiff": True}),
        ("WEBP", {"lossless": True}),
    ],
)
def test_rgb_is_exact_in_every_lossless_format(form, options):
    pixels = read_image(saved(Pillow.fromarray(RGB), form, **options))
    assert np.array_equal(pixels, RGB)
    assert pixels.flags.c_contiguous
    assert pixels.flags.writeable


@pytest.mark.parametrize("progressive", [False, True])
def test_jpeg_agrees_with_opencv(progressive):
    photo = cv2.imread(str(SAMPLES / "cat.png"))
    data = cv2.imencode(".jpg", photo, [cv2.IMWRITE_JPEG_PROGRESSIVE, int(progressive)])[1]
    expected = cv2.imdecode(data, cv2.IMREAD_COLOR)[..., ::-1].astype(int)
    pixels = read_image(data.tobytes())
    assert pixels.shape == (300, 451, 3)
    assert np.abs(pixels - expected).max() <= 3  # two decoders may round the transform apart
    assert np.abs(pixels - expected).mean() < 0.1


def test_suffix_does_not_count(tmp_path):
    path = tmp_path / "photo.jpg"
    path.write_bytes(saved(Pillow.fromarray(RGB), "PNG"))
    assert np.array_equal(read_image(path), RGB)


def test_one_bit_is_black_and_white():
    bits = GRAY > 127
    for form in ("PNG", "PPM", "TIFF", "BMP"):
        image = load_image(saved(Pillow.fromarray(bits), form))
        assert np.array_equal(image.pixels, bits[..., None] * 255.0)
    assert image.mode == "1"


@pytest.mark.parametrize(
    ("form", "base"),
    [("PNG", GRAY), ("TIFF", GRAY), ("PNG", RGB), ("TIFF", RGB), ("WEBP", RGB)],
)
def test_alpha_rules(form, base):
    options = {"lossless": True, "exact": True} if form == "WEBP" else {}
    data = saved(Pillow.fromarray(np.dstack([base, ALPHA])), form, **options)
    colour = base.reshape(5, 7, -1)
    white = load_image(data)
    assert np.array_equal(white.pixels, on_white(colour, ALPHA))
    assert white.notes == ("alpha composited on white",)
    assert np.array_equal(read_image(data, alpha="drop"), colour)
    assert np.array_equal(read_image(data, alpha="channel"), np.dstack([base, ALPHA]))


def test_alpha_of_a_picture_worked_on_in_strips():
    array = RNG.integers(0, 256, (301, 257, 4)).astype(np.uint8)
    pixels = read_image(saved(Pillow.fromarray(array), "PNG"))
    assert np.array_equal(pixels, on_white(array[..., :3], array[..., 3]))


def test_opaque_alpha_changes_nothing():
    data = saved(Pillow.fromarray(np.dstack([RGB, np.full_like(ALPHA, 255)])), "PNG")
    image = load_image(data)
    assert np.array_equal(image.pixels, RGB)
    assert image.notes == ()


def test_palette():
    palette = RNG.integers(0, 256, (256, 3), np.uint8)
    image = Pillow.fromarray(GRAY)
    image = Pillow.frombytes("P", image.size, image.tobytes())
    image.putpalette(palette.tobytes())
    for form in ("PNG", "GIF", "TIFF", "BMP"):
        assert np.array_equal(read_image(saved(image, form)), palette[GRAY]), form
    transparent = bytes(range(256))
    data = saved(image, "PNG", transparency=transparent)
    assert np.array_equal(read_image(data), on_white(palette[GRAY], GRAY))
    assert np.array_equal(read_image(data, alpha="drop"), palette[GRAY])
    assert np.array_equal(read_image(data, alpha="channel"), np.dstack([palette[GRAY], GRAY]))
    keyed = read_image(saved(image, "PNG", transparency=int(GRAY[2, 3])))
    expected = np.where((GRAY[2, 3] == GRAY)[..., None], 255, palette[GRAY])
    assert np.array_equal(keyed, expected)


def test_palette_with_alpha_channel():
    image = Pillow.fromarray(np.dstack([RGB, ALPHA])).convert("PA")
    pixels, _, notes = values_of(image, "white")
    expected = on_white(np.asarray(image.convert("RGBA"))[..., :3], ALPHA)
    assert np.array_equal(pixels, expected)
    assert notes


@pytest.mark.parametrize("mode", ["RGBX", "CMYK", "YCbCr", "HSV"])
def test_colour_spaces_become_rgb(mode):
    blocks = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255], [250, 240, 230], [0, 0, 0]]])
    image = Pillow.fromarray(blocks.astype(np.uint8)).convert(mode)
    pixels, white, _ = values_of(image, "white")
    assert white == 255
    assert np.abs(pixels.astype(int) - blocks).max() <= 3


def test_cmyk_files():
    cmyk = RNG.integers(0, 256, (4, 4, 4), np.uint8)
    image = load_image(saved(Pillow.fromarray(cmyk, "CMYK"), "TIFF"))
    assert image.mode == "CMYK"
    assert np.abs(image.pixels - cmyk_to_rgb(cmyk)).max() <= 0.5
    # Adobe's JPEGs are stored inverted; Pillow writes them so, and OpenCV reads them so.
    blocks = np.kron(cmyk, np.ones((16, 16, 1), np.uint8))
    data = saved(Pillow.fromarray(blocks, "CMYK"), "JPEG", quality=100)
    jpeg = read_image(data)
    by_opencv = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)[..., ::-1]
    assert np.abs(jpeg - by_opencv).max() <= 2
    assert np.abs(jpeg - cmyk_to_rgb(blocks)).max() <= 2


def test_png_colour_keys():
    gray = png((2, 1, 8, 0), [b"\x05\x09"], tRNS=struct.pack(">H", 5))
    assert read_image(gray).ravel().tolist() == [255, 9]
    assert read_image(gray, alpha="drop").ravel().tolist() == [5, 9]
    assert read_image(gray, alpha="channel").tolist() == [[[5, 0], [9, 255]]]
    colour = png((2, 1, 8, 2), [bytes([1, 2, 3, 4, 5, 6])], tRNS=struct.pack(">HHH", 4, 5, 6))
    assert read_image(colour).tolist() == [[[1, 2, 3], [255, 255, 255]]]
    deep = png((2, 1, 16, 0), [struct.pack(">HH", 1000, 2570)], tRNS=struct.pack(">H", 1000))
    assert read_image(deep).ravel().tolist() == [255, 10]
    assert read_image(deep, alpha="drop").ravel() == pytest.approx([1000 / 257, 10])
    assert read_image(deep, alpha="channel").ravel() == pytest.approx([1000 / 257, 0, 10, 255])


@pytest.mark.parametrize("bits", [2, 4])
def test_transparent_level_of_few_bits(bits):
    """The key is in the file's levels, which Pillow spreads over 8 bits, but not the key."""
    levels = 2**bits
    rows = [bytes([0b00011011])] if bits == 2 else [bytes([0x01, 0x23])]
    for key in (1, 1 + levels):  # higher bits than the depth has do not count
        data = png((4, 1, bits, 0), rows, tRNS=struct.pack(">H", key))
        scale = 255 // (levels - 1)
        expected = [[0, 255], [scale, 0], [2 * scale, 255], [3 * scale, 255]]
        assert read_image(data, alpha="channel")[0].tolist() == expected
        assert read_image(data).ravel().tolist() == [0, 255, 2 * scale, 3 * scale]


def test_small_png_depths_span_the_scale():
    assert read_image(png((4, 1, 2, 0), [bytes([0b00011011])])).ravel().tolist() == [
        0,
        85,
        170,
        255,
    ]
    assert read_image(png((2, 1, 4, 0), [bytes([0x0F])])).ravel().tolist() == [0, 255]


def bmp(bits: int, masks: tuple[int, ...], body: bytes) -> bytes:
    """Build a BMP of 8x4 pixels, with bit fields if there are masks."""
    size = 56 if len(masks) == 4 else 40
    fields = b"".join(struct.pack("<I", mask) for mask in masks)
    kind = 3 if masks else 0
    head = struct.pack("<IiiHHIIiiII", size, 8, 4, 1, bits, kind, len(body), 0, 0, 0, 0) + fields
    start = 14 + len(head)
    return b"BM" + struct.pack("<IHHI", start + len(body), 0, 0, start) + head + body


@pytest.mark.parametrize(
    ("bits", "masks"),
    [
        (16, ()),
        (16, (0x7C00, 0x3E0, 0x1F)),
        (16, (0xF800, 0x7E0, 0x1F)),
        (24, ()),
        (32, ()),
        (32, (0xFF0000, 0xFF00, 0xFF)),
        (32, (0xFF0000, 0xFF00, 0xFF, 0xFF000000)),
    ],
)
def test_bmp_bit_fields(bits, masks):
    body = RNG.integers(0, 256, 4 * 8 * bits // 8).astype(np.uint8).tobytes()
    pixels = read_image(bmp(bits, masks, body), alpha="drop")
    five = (0x7C00, 0x3E0, 0x1F)
    fields = masks[:3] or (five if bits == 16 else (0xFF0000, 0xFF00, 0xFF))
    raw = np.frombuffer(body, np.uint8).reshape(4, 8, bits // 8)[::-1].astype(np.int64)
    words = (raw << (8 * np.arange(bits // 8))).sum(axis=2)
    expected = np.stack([(words & m) * 255 / m for m in fields], axis=-1)
    assert np.abs(pixels - expected).max() <= 1


def test_chroma_of_lower_resolution_in_tiff():
    """With JPEG compression libjpeg widens it; as raw samples Pillow would read noise."""
    photo = cv2.imread(str(SAMPLES / "cat.png"))[:64, :96, ::-1]
    data = saved(Pillow.fromarray(photo), "TIFF", compression="jpeg", quality=95)
    assert np.abs(read_image(data) - photo).mean() < 2
    whole = saved(Pillow.fromarray(RGB).convert("YCbCr"), "TIFF")
    subsampling = struct.pack("<HHIHH", 530, 3, 2, 1, 1)
    assert subsampling in whole
    with pytest.raises(InputError, match="subsampled YCbCr without compression"):
        read_image(whole.replace(subsampling, struct.pack("<HHIHH", 530, 3, 2, 2, 2)))


@settings(deadline=None, derandomize=True, max_examples=60)
@given(
    hnp.arrays(
        np.uint8, st.tuples(st.integers(1, 40), st.integers(1, 40), st.sampled_from([1, 3]))
    ),
    st.sampled_from(["PNG", "BMP", "PPM", "TIFF"]),
)
def test_any_8_bit_array_comes_back(array, form):
    plain = array[..., 0] if array.shape[2] == 1 else array
    assert np.array_equal(read_image(saved(Pillow.fromarray(plain), form)), array)
