"""Images read to exact pixels: every mode, byte order, orientation, source and adjustment."""

from __future__ import annotations

import importlib.util
import io
import os
import struct
import subprocess
import sys
import threading
import warnings
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image as Pillow

from cnnviz.errors import SpecError
from cnnviz.images import load_image, read_image, to_gray
from cnnviz.images.alpha import without_alpha
from cnnviz.images.modes import samples_of

SAMPLES = Path(__file__).parent.parent / "sample_images"
RNG = np.random.default_rng(0)
GRAY = RNG.integers(0, 256, (5, 7), np.uint8)
RGB = RNG.integers(0, 256, (5, 7, 3), np.uint8)
ALPHA = np.array([[0, 1, 100, 128, 200, 254, 255]] * 5, np.uint8)
DEEP = RNG.integers(0, 65536, (5, 7)).astype(np.uint16)


def saved(image: Pillow.Image, form: str, **settings: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, form, **settings)
    return stream.getvalue()


def tiff(array: np.ndarray, order: str, *, photometric: int = 1, bits: int | None = None) -> bytes:
    """Build a single-strip gray TIFF of `array` in byte order `<` or `>`."""
    data = array.astype(array.dtype.newbyteorder(order)).tobytes()
    h, w = array.shape
    tags = [
        (256, w),
        (257, h),
        (258, bits or 8 * array.itemsize),
        (259, 1),
        (262, photometric),
        (273, 8 + 2 + 10 * 12 + 4),
        (277, 1),
        (278, h),
        (279, len(data)),
        (339, {"u": 1, "i": 2, "f": 3}[array.dtype.kind]),
    ]
    entries = b"".join(struct.pack(order + "HHII", tag, 4, 1, value) for tag, value in tags)
    magic = b"II*\0" if order == "<" else b"MM\0*"
    head = magic + struct.pack(order + "IH", 8, len(tags))
    return head + entries + bytes(4) + data


def png(ihdr: tuple[int, int, int, int], rows: list[bytes], **chunks: bytes) -> bytes:
    """Build a PNG from width, height, depth, colour type, unfiltered rows and ancillary chunks."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    body = chunk(b"IHDR", struct.pack(">IIBBBBB", *ihdr, 0, 0, 0))
    for kind, data in chunks.items():
        body += chunk(kind.encode(), data)
    body += chunk(b"IDAT", zlib.compress(b"".join(b"\0" + row for row in rows)))
    return b"\x89PNG\r\n\x1a\n" + body + chunk(b"IEND", b"")


def on_white(colour: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    share = alpha.astype(float)[..., None] / 255
    colour = colour.reshape(*alpha.shape, -1)
    return np.floor(colour * share + 255 * (1 - share) + 0.5)


# ---------------------------------------------------------------------- formats and modes


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


def test_opaque_alpha_changes_nothing():
    data = saved(Pillow.fromarray(np.dstack([RGB, np.full_like(ALPHA, 255)])), "PNG")
    image = load_image(data)
    assert np.array_equal(image.pixels, RGB)
    assert image.notes == ()


@pytest.mark.parametrize("mode", ["La", "RGBa"])
def test_premultiplied_alpha(mode):
    base = GRAY if mode == "La" else RGB
    straight = Pillow.fromarray(np.dstack([base, ALPHA]))
    pixels, white, _ = values_of(straight.convert(mode), "white")
    share = ALPHA[..., None] / 255
    stored = np.asarray(straight.convert(mode))[..., :-1]
    assert white == 255
    assert np.abs(pixels - (stored + 255 * (1 - share))).max() <= 1.01


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
    keyed = read_image(saved(image, "PNG", transparency=int(GRAY[2, 3])))
    expected = np.where((GRAY[2, 3] == GRAY)[..., None], 255, palette[GRAY])
    assert np.array_equal(keyed, expected)


def test_palette_with_alpha_channel():
    image = Pillow.fromarray(np.dstack([RGB, ALPHA])).convert("PA")
    pixels, _, notes = values_of(image, "white")
    expected = on_white(np.asarray(image.convert("RGBA"))[..., :3], ALPHA)
    assert np.array_equal(pixels, expected)
    assert notes


@pytest.mark.parametrize("mode", ["RGBX", "CMYK", "YCbCr", "HSV", "LAB"])
def test_colour_spaces_become_rgb(mode):
    blocks = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255], [250, 240, 230], [0, 0, 0]]])
    image = Pillow.fromarray(blocks.astype(np.uint8))
    if mode == "LAB":  # D50, by OpenCV; green is out of its gamut by a little
        lab = cv2.cvtColor(blocks[:, 3:].astype(np.uint8), cv2.COLOR_RGB2LAB).astype(int)
        lab[..., 1:] = (lab[..., 1:] - 128) % 256
        image = Pillow.frombytes("LAB", (2, 1), lab.astype(np.uint8).tobytes())
        blocks = blocks[:, 3:]
    else:
        image = image.convert(mode)
    pixels, white, _ = values_of(image, "white")
    assert white == 255
    assert np.abs(pixels.astype(int) - blocks).max() <= (12 if mode == "LAB" else 3)


def test_cmyk_files():
    cmyk = RNG.integers(0, 256, (4, 4, 4), np.uint8)
    ink, key = cmyk[..., :3].astype(float), cmyk[..., 3:].astype(float)
    expected = (255 - ink) * (255 - key) / 255
    image = load_image(saved(Pillow.fromarray(cmyk, "CMYK"), "TIFF"))
    assert image.mode == "CMYK"
    assert np.abs(image.pixels - expected).max() <= 1
    flat = Pillow.new("CMYK", (16, 16), (10, 100, 200, 30))
    jpeg = read_image(saved(flat, "JPEG", quality=100))  # inverted by convention (Adobe)
    assert np.abs(jpeg - np.array([216, 137, 49])).max() <= 3


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


def test_small_png_depths_span_the_scale():
    assert read_image(png((4, 1, 2, 0), [bytes([0b00011011])])).ravel().tolist() == [
        0,
        85,
        170,
        255,
    ]
    assert read_image(png((2, 1, 4, 0), [bytes([0x0F])])).ravel().tolist() == [0, 255]


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


@pytest.mark.parametrize("form", ["GIF", "TIFF", "WEBP", "PNG"])
def test_the_first_of_several_frames(form):
    frames = [Pillow.new("RGB", (8, 6), c) for c in ((255, 0, 0), (0, 255, 0), (0, 0, 255))]
    options = {"lossless": True} if form == "WEBP" else {}
    data = saved(frames[0], form, save_all=True, append_images=frames[1:], **options)
    assert np.array_equal(read_image(data), np.tile([255, 0, 0], (6, 8, 1)))


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


# ---------------------------------------------------------------------- orientation

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


@pytest.mark.parametrize("orientation", STORED)
@pytest.mark.parametrize("form", ["PNG", "JPEG", "TIFF", "WEBP"])
def test_exif_orientation(orientation, form):
    def blocks(cells):
        return np.kron(np.array(cells) * 40, np.ones((16, 16))).astype(np.uint8)

    exif = Pillow.Exif()
    exif[0x0112] = orientation
    options = {"quality": 100} if form != "WEBP" else {"lossless": True}
    data = saved(Pillow.fromarray(blocks(STORED[orientation])), form, exif=exif, **options)
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
    exif = Pillow.Exif()
    exif[0x0112] = 9
    image = load_image(saved(Pillow.fromarray(GRAY), "PNG", exif=exif))
    assert np.array_equal(image.pixels, GRAY[..., None])
    assert image.notes == ()


# ---------------------------------------------------------------------- sources


class Unseekable(io.RawIOBase):
    def __init__(self, data):
        self.stream = io.BytesIO(data)

    def readable(self):
        return True

    def readinto(self, buffer):
        return self.stream.readinto(buffer)


def test_sources_are_alike(tmp_path, monkeypatch):
    data = saved(Pillow.fromarray(RGB), "PNG")
    path = tmp_path / "my cat.png"
    path.write_bytes(data)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    with open(path, "rb") as file:
        images = [
            load_image(str(path)),
            load_image(path),
            load_image(file),
            load_image(data),
            load_image(io.BytesIO(data)),
            load_image(Unseekable(data)),
            load_image("-"),
        ]
        assert not file.closed
    assert all(np.array_equal(image.pixels, RGB) for image in images)
    assert [image.name for image in images[:3]] == ["my cat.png"] * 3
    assert [image.stem for image in images[:3]] == ["my cat"] * 3
    assert (images[-1].path, images[-1].name, images[-1].stem) == ("-", "stdin", "stdin")
    assert all(image.is_photo and image.mode == "RGB" for image in images)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_named_pipe(tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=lambda: path.write_bytes(saved(Pillow.fromarray(RGB), "PNG")))
    writer.start()
    assert np.array_equal(read_image(path), RGB)
    writer.join()


def test_only_the_plugin_needed_is_imported():
    code = (
        "import sys; from cnnviz.images import read_image; import cnnviz\n"
        "assert 'PIL' not in sys.modules and 'scipy' not in sys.modules\n"
        "read_image(sys.argv[1])\n"
        "print(*sorted(m[4:] for m in sys.modules if m.startswith('PIL.') and 'Plugin' in m))"
    )
    command = [sys.executable, "-c", code, str(SAMPLES / "cat.png")]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["PngImagePlugin"]


def test_threads_agree_and_leave_pillow_and_warnings_alone():
    data = saved(Pillow.fromarray(RGB), "PNG")
    limit, filters = Pillow.MAX_IMAGE_PIXELS, list(warnings.filters)
    results = []

    def work():
        results.extend(np.array_equal(read_image(data, max_pixels=10**9), RGB) for _ in range(50))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [True] * 200
    assert limit == Pillow.MAX_IMAGE_PIXELS
    assert filters == list(warnings.filters)


# ---------------------------------------------------------------------- arrays


@pytest.mark.parametrize("kind", ["u1", "i2", ">i4", "f2", "<f4", ">f8", "?"])
@pytest.mark.parametrize("shape", [(3, 4), (3, 4, 1), (3, 4, 5)])
def test_arrays_keep_values_and_rank(tmp_path, kind, shape):
    array = (RNG.random(shape) * 100 - 20 * (kind.strip("<>")[0] in "if")).astype(kind)
    path = tmp_path / "maps.npy"
    np.save(path, array)
    image = load_image(path)
    assert image.pixels.shape == shape
    assert image.pixels.dtype == np.float32
    assert np.array_equal(image.pixels, array.astype(np.float32))
    assert (image.mode, image.is_photo, image.notes) == ("array", False, ())
    half = read_image(path, region=(1, 0, 3, 2), resize=(3, 2))
    assert np.array_equal(half, array.astype(np.float32)[:2, 1:])


def test_members_of_an_archive(tmp_path):
    path = tmp_path / "maps.npz"
    np.savez(path, edge=np.eye(3), blur=np.ones((2, 2)))
    assert np.array_equal(read_image(path, member="edge"), np.eye(3))
    with pytest.raises(SpecError, match="blur"):
        read_image(path)


def test_textbook_matrix():
    from cnnviz.ops import conv2d

    matrix = load_image(SAMPLES / "matrix5x5.csv")
    assert not matrix.is_photo
    assert matrix.pixels.shape == (5, 5)
    kernel = np.array([[1, 0, 1], [0, 1, 0], [1, 0, 1]])
    assert conv2d(matrix.pixels, kernel).tolist() == [[4, 3, 4], [2, 4, 3], [2, 3, 4]]


# ---------------------------------------------------------------------- region and resize


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


# ---------------------------------------------------------------------- gray


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


# ---------------------------------------------------------------------- the samples


def test_samples_are_what_their_readme_says():
    shapes = {
        "cat.png": (300, 451, 3),
        "coffee.jpg": (400, 600, 3),
        "brick.png": (256, 256, 1),
        "grass.png": (256, 256, 1),
        "digit.png": (28, 28, 1),
        "checkerboard.png": (128, 128, 1),
        "test-chart.png": (512, 512, 1),
        "matrix5x5.csv": (5, 5),
    }
    assert {name: read_image(SAMPLES / name).shape for name in shapes} == shapes
    readme = (SAMPLES / "README.md").read_text(encoding="utf-8")
    files = {p.name for p in SAMPLES.iterdir() if p.suffix in (".png", ".jpg", ".csv")}
    assert files == set(shapes)
    assert all(f"| `{name}` |" in readme for name in files)
    assert sum(p.stat().st_size for p in SAMPLES.iterdir() if p.is_file()) < 1_500_000


def test_make_draws_the_same_pixels(tmp_path):
    spec = importlib.util.spec_from_file_location("make_samples", SAMPLES / "make.py")
    make = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(make)
    make.main(tmp_path)
    drawn = sorted(p.name for p in tmp_path.iterdir())
    assert drawn == ["checkerboard.png", "digit.png", "matrix5x5.csv", "test-chart.png"]
    for name in drawn:
        # One level of room for another machine's sine.
        assert np.abs(read_image(tmp_path / name) - read_image(SAMPLES / name)).max() <= 1


def values_of(image, alpha):
    samples = samples_of(image)
    values, notes = without_alpha(samples, alpha)
    return values, samples.white, notes
