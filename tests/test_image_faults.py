"""Hostile and broken images: a documented error of one line, no hang, no allocation, no noise."""

from __future__ import annotations

import errno
import io
import os
import pickle
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow
from PIL import ImageFile

from cnnviz.errors import CnnvizError, InputError, RefusedError, SpecError
from cnnviz.images import load_image, read_image

SAMPLES = Path(__file__).parent.parent / "sample_images"
CAT = Pillow.open(SAMPLES / "cat.png").resize((23, 17))


def saved(form: str, image: Pillow.Image = CAT, **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, form, **options)
    return stream.getvalue()


WHOLE = {
    "png": saved("PNG"),
    "png-palette": saved("PNG", CAT.convert("P")),
    "png-16": saved("PNG", Pillow.fromarray(np.arange(400, dtype=np.uint16).reshape(20, 20) * 99)),
    "jpeg": saved("JPEG"),
    "jpeg-progressive": saved("JPEG", progressive=True),
    "gif": saved("GIF"),
    "gif-animated": saved("GIF", save_all=True, append_images=[CAT.rotate(90)]),
    "bmp": saved("BMP"),
    "tiff": saved("TIFF"),
    "tiff-lzw": saved("TIFF", compression="tiff_lzw"),
    "tiff-jpeg": saved("TIFF", compression="jpeg"),
    "webp": saved("WEBP"),
    "webp-lossless": saved("WEBP", lossless=True),
    "webp-animated": saved("WEBP", save_all=True, append_images=[CAT.rotate(90)]),
    "ppm": saved("PPM"),
    "ppm-plain": b"P3 4 2 255\n" + b" ".join(b"%d" % (9 * i) for i in range(23)) + b" 7\n",
    "pgm-16": b"P5 3 2 65535\n" + bytes(range(12)),
}


SIGNATURES = [
    *(b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF89a", b"BM", b"RIFF\x40\0\0\0WEBPVP8 "),
    *(b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"),
    *(b"P1 ", b"P2\n", b"P3#", b"P4 ", b"P6\t", b"Pf\n"),
]


def fault(source: object, kind: type[CnnvizError] = InputError, **settings: object) -> str:
    """Return the message of the error that reading must raise."""
    with pytest.raises(CnnvizError) as caught:
        read_image(source, **settings)
    assert type(caught.value) is kind
    text = str(caught.value)
    assert text.isascii()
    assert text.isprintable()
    assert len(text) < 300
    return text


def attempt(data: bytes, **settings: object) -> np.ndarray | None:
    """Return the pixels, or None if reading raised one of our errors in one clean line."""
    try:
        return read_image(data, **settings)
    except CnnvizError as error:
        text = str(error)
    assert text.isascii()
    assert text.isprintable()
    return None


# ---------------------------------------------------------------------- files that are not there


def test_missing_folder_and_empty(tmp_path):
    assert fault(tmp_path / "no.png") == f"{tmp_path / 'no.png'}: no such file"
    assert fault(tmp_path) == f"{tmp_path}: is a folder, not an image"
    (tmp_path / "empty.png").touch()
    assert fault(tmp_path / "empty.png") == f"{tmp_path / 'empty.png'}: the file is empty"
    assert fault(b"") == "<bytes>: the file is empty"


def test_unreadable(tmp_path, monkeypatch):
    path = tmp_path / "secret.png"
    path.write_bytes(WHOLE["png"])

    def refuse(*args, **kwargs):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    monkeypatch.setattr("builtins.open", refuse)
    assert fault(path) == f"{path}: cannot be read (permission denied)"


def test_no_standard_input(monkeypatch):
    monkeypatch.setattr(sys, "stdin", None)
    assert fault("-") == "-: there is no standard input"


@pytest.mark.parametrize("name", ["photo.png", "photo.jpg", "photo"])
@pytest.mark.parametrize(
    ("head", "called"),
    [
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "EPS"),
        (b"%PDF-1.7\n", "PDF"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
        (b"\n<?xml version='1.0'?><svg/>", "SVG"),
        (b"\0\0\0\x18ftypheic\0\0\0\0", "HEIC"),
        (b"\0\0\0\x18ftypavif\0\0\0\0", "AVIF"),
        (b"8BPS\0\1", "Photoshop"),
        (b"qoif\0\0\0\1", "QOI"),
        (b"hello, I am a letter", ""),
        (b"\x80\x04\x95pickle", ""),
        (b"P7\nWIDTH 2\n", ""),
        (b"Plain words", ""),
    ],
)
def test_unsupported_content_names_what_is_supported(tmp_path, name, head, called):
    path = tmp_path / name
    path.write_bytes(head)
    text = fault(path)
    assert "not a supported image" in text
    assert called in text
    assert "supported are PNG, JPEG, GIF, BMP, TIFF, WebP, PPM" in text


def test_postscript_is_never_opened_by_pillow(monkeypatch):
    """Nor is any other plugin: the reader classes are taken one by one."""
    monkeypatch.setattr(Pillow, "open", None)
    assert "EPS" in fault(b"%!PS-Adobe-3.0 EPSF-3.0\n")
    assert read_image(WHOLE["png"]).shape == (17, 23, 3)


# ---------------------------------------------------------------------- corrupt files


@pytest.mark.parametrize("form", WHOLE)
def test_truncated_anywhere(form, capfd):
    """Either a message, or, when only a trailer is missing, the whole picture."""
    data = WHOLE[form]
    whole = read_image(data)
    for end in {*range(1, min(len(data), 200)), *range(200, len(data), max(1, len(data) // 150))}:
        pixels = attempt(data[:end])
        if pixels is not None:
            assert np.array_equal(pixels, whole), f"{form} cut at {end} of {len(data)} is read"
    assert capfd.readouterr() == ("", "")
    assert ImageFile.LOAD_TRUNCATED_IMAGES is False


@pytest.mark.parametrize("compression", ["tiff_lzw", "jpeg", "tiff_adobe_deflate", "group4"])
def test_libtiff_keeps_quiet(compression, capfd):
    image = CAT.convert("1" if compression == "group4" else "RGB")
    whole = saved("TIFF", image, compression=compression)
    for start in range(8, len(whole) - 40, 7):
        attempt(whole[:start] + bytes(30) + whole[start + 30 :])
    assert capfd.readouterr() == ("", "")
    print("still here", file=sys.stderr)
    assert capfd.readouterr().err == "still here\n"


def test_pillow_keeps_quiet():
    """Pillow logs a TIFF of too many samples, which would go to stderr for want of a handler."""
    whole = saved("TIFF")
    samples = struct.pack("<HHI", 277, 3, 1)
    assert samples in whole
    code = "import sys; from cnnviz import read_image\ntry: read_image(sys.stdin.buffer)\n"
    code += "except Exception as error: print(type(error).__name__)"
    data = whole.replace(samples + b"\3\0", samples + b"\x80\0")
    assert data != whole
    run = subprocess.run([sys.executable, "-c", code], input=data, capture_output=True)
    assert (run.stdout.split(), run.stderr) == ([b"InputError"], b"")


@settings(deadline=None, derandomize=True, max_examples=400)
@given(st.data())
def test_damaged_anywhere(data):
    content = bytearray(WHOLE[data.draw(st.sampled_from(sorted(WHOLE)))])
    for _ in range(data.draw(st.integers(1, 4))):
        # Headers are small and matter most.
        last = data.draw(st.sampled_from([40, 400, len(content)]))
        content[data.draw(st.integers(0, min(last, len(content)) - 1))] = data.draw(
            st.integers(0, 255)
        )
    pixels = attempt(bytes(content), max_pixels=1_000_000)
    if pixels is not None:
        assert pixels.dtype == np.float32
        assert np.isfinite(pixels).all()


@settings(deadline=None, derandomize=True, max_examples=200)
@given(
    st.sampled_from(SIGNATURES),
    st.binary(max_size=120),
)
def test_noise_behind_a_signature(signature, noise):
    pixels = attempt(signature + noise, max_pixels=1_000_000, pixel_range=(0, 255))
    assert pixels is None or pixels.ndim == 3


@pytest.mark.parametrize(
    "raised",
    [
        OSError("broken data stream"),
        SyntaxError("not a PNG file"),
        ValueError("bad\nvalue \x1b[31m"),
        NotImplementedError("kind 7"),
        EOFError(),
        IndexError("list index out of range"),
        KeyError(7),
        TypeError("an integer is required"),
        AttributeError("no attribute 'x'"),
        OverflowError("too large"),
        RuntimeError("deep"),
        RecursionError(),
        AssertionError(),
        struct.error("unpack requires 4 bytes"),
        zlib.error("Error -3"),
        UnicodeDecodeError("ascii", b"\xff", 0, 1, "no"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_whatever_pillow_raises_is_one_line(monkeypatch, raised):
    def fail(self):
        raise raised

    monkeypatch.setattr("PIL.PngImagePlugin.PngImageFile._open", fail)
    assert fault(WHOLE["png"]).startswith("<bytes>: not a readable PNG image (")


def test_out_of_memory_is_refused(monkeypatch):
    def fail(self):
        raise MemoryError

    monkeypatch.setattr("PIL.ImageFile.ImageFile.load_prepare", fail)
    assert "not enough memory" in fault(WHOLE["png"], RefusedError)


# ---------------------------------------------------------------------- bombs


def png_header(width: int, height: int) -> bytes:
    body = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    idat = b"IDAT" + zlib.compress(bytes(1000))
    chunks = (
        struct.pack(">I", len(c) - 4) + c + struct.pack(">I", zlib.crc32(c)) for c in (body, idat)
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def tiff_header(width: int, height: int) -> bytes:
    tags = [(256, width), (257, height), (258, 8), (259, 1), (262, 1), (273, 8), (278, height)]
    tags += [(279, width * height % 2**32)]
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    return b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + bytes(64)


def webp_header(kind: bytes, width: int, height: int) -> bytes:
    w, h = width - 1, height - 1
    body = {
        b"VP8X": bytes(4) + w.to_bytes(3, "little") + h.to_bytes(3, "little"),
        b"VP8L": b"\x2f" + (w | h << 14).to_bytes(4, "little"),
        b"VP8 ": b"\x10\0\0\x9d\x01\x2a" + struct.pack("<HH", width, height),
    }[kind]
    chunk = kind + struct.pack("<I", len(body)) + body
    return b"RIFF" + struct.pack("<I", len(chunk) + 4) + b"WEBP" + chunk


JPEG = WHOLE["jpeg"]
SOF = JPEG.index(b"\xff\xc0")
BOMBS = {
    "png": (png_header(60000, 60000), "60000x60000"),
    "gif": (
        b"GIF89a" + struct.pack("<HHBBB", 60000, 60000, 0, 0, 0)
        + b"," + struct.pack("<HHHHB", 0, 0, 9, 9, 0) + b"\2\0;",
        "60000x60000",
    ),
    "gif-frame": (
        b"GIF89a" + struct.pack("<HHBBB", 1, 1, 0, 0, 0)
        + b"," + struct.pack("<HHHHB", 0, 0, 12000, 12000, 0) + b"\2\0;",
        "12000x12000",
    ),
    "gif-huge-frame": (
        b"GIF89a" + struct.pack("<HHBBB", 1, 1, 0, 0, 0)
        + b"," + struct.pack("<HHHHB", 0, 0, 60000, 60000, 0) + b"\2\0;",
        "a part of it is more than 100000000 pixels",
    ),
    "bmp": (
        b"BM" + struct.pack("<IIIIiiHHIIiiII", 0, 0, 54, 40, 60000, 60000, 1, 24, 0, 0, 0, 0, 0, 0),
        "60000x60000",
    ),
    "tiff": (tiff_header(60000, 60000), "60000x60000"),
    "ppm": (b"P6 60000 60000 255\n", "60000x60000"),
    "jpeg": (
        JPEG[: SOF + 5] + struct.pack(">HH", 60000, 60000) + JPEG[SOF + 9 :],
        "60000x60000",
    ),
    "webp-extended": (webp_header(b"VP8X", 60000, 60000), "60000x60000"),
    "webp-lossless": (webp_header(b"VP8L", 16000, 16000), "16000x16000"),
    "webp-lossy": (webp_header(b"VP8 ", 16000, 16000), "16000x16000"),
}  # fmt: skip


@pytest.mark.parametrize("form", BOMBS)
def test_bombs_are_refused_from_the_header(form, monkeypatch):
    def decode(*args, **kwargs):
        raise AssertionError("decoding has begun")

    for name in ("load", "load_prepare"):
        monkeypatch.setattr(ImageFile.ImageFile, name, decode)
    for reader in ("PIL.WebPImagePlugin.WebPImageFile", "PIL.TiffImagePlugin.TiffImageFile"):
        monkeypatch.setattr(f"{reader}.load", decode)
    monkeypatch.setattr("PIL._webp.WebPAnimDecoder", decode)
    data, size = BOMBS[form]
    text = fault(data, RefusedError)
    assert size in text


def test_limit_is_exact_and_can_be_raised():
    assert read_image(WHOLE["png"], max_pixels=17 * 23).shape == (17, 23, 3)
    text = fault(WHOLE["png"], RefusedError, max_pixels=17 * 23 - 1)
    assert text == (
        "<bytes>: 23x17 is more than 390 pixels; use --max-pixels if you trust the file"
    )
    assert fault(np_bytes(np.ones((20, 20))), RefusedError, max_pixels=399).startswith(
        "<bytes>: 20x20"
    )


def test_the_byte_budget_holds_when_the_limit_is_lifted():
    text = fault(png_header(60000, 60000), RefusedError, max_pixels=10**12)
    assert "GiB" in text


def test_pillows_own_limit_is_replaced(monkeypatch):
    """A lower `MAX_IMAGE_PIXELS` neither warns nor refuses; ours is the one that counts."""
    monkeypatch.setattr(Pillow, "MAX_IMAGE_PIXELS", 2)
    for data in WHOLE.values():
        assert read_image(data).size > 5
    assert Pillow.MAX_IMAGE_PIXELS == 2


# ---------------------------------------------------------------------- arrays


def np_bytes(array: np.ndarray, **options: object) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array, **options)
    return stream.getvalue()


class Trap:
    def __reduce__(self):
        return (exec, ("raise SystemExit('a pickle has run')",))


def test_pickles_are_refused():
    fault(np_bytes(np.array([[Trap()]], object), allow_pickle=True), RefusedError)
    stream = io.BytesIO()
    np.savez(stream, a=np.array([[Trap()]], object))
    fault(stream.getvalue(), RefusedError)
    assert "not a supported image" in fault(pickle.dumps(Trap()))


@pytest.mark.parametrize("shape", [(4,), (1, 2, 3, 4), ()])
def test_other_ranks(shape):
    fault(np_bytes(np.ones(shape)))


def test_values_that_are_not_finite_are_counted():
    array = np.ones((4, 5))
    array[0, 0], array[1, 2], array[3, 3] = np.nan, np.inf, -np.inf
    assert "3 of 20 values are NaN or infinite" in fault(np_bytes(array))
    assert "1 of 20 values is NaN or infinite" in fault(
        np_bytes(np.where(array == np.inf, 1e300, 1))
    )
    photo = io.BytesIO()
    Pillow.fromarray(array.astype(np.float32)).save(photo, "TIFF")
    assert "3 of 20" in fault(photo.getvalue(), pixel_range=(0, 1))


def test_deep_photo_without_a_range():
    for kind in (np.float32, np.int32):
        photo = io.BytesIO()
        Pillow.fromarray(np.array([[0, 9], [1, 2]], kind)).save(photo, "TIFF")
        text = fault(photo.getvalue())
        assert "--pixel-range LO,HI" in text
        assert "from 0 to 9" in text


# ---------------------------------------------------------------------- settings


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"region": (0, 0, 0, 5)}, "region 0,0,0,5"),
        ({"region": (-1, 0, 2, 2)}, "region -1,0,2,2"),
        ({"region": (0, 0, 2)}, "X,Y,W,H"),
        ({"region": (0, 0, 1.5, 2)}, "X,Y,W,H"),
        ({"region": "abcd"}, "X,Y,W,H"),
        ({"region": 5}, "X,Y,W,H"),
        ({"resize": 0}, "resize 0"),
        ({"resize": (5, -1)}, "resize 5x-1"),
        ({"resize": 2.5}, "N or WxH"),
        ({"resize": (1, 2, 3)}, "N or WxH"),
        ({"pixel_range": (3, 3)}, "pixel range 3,3"),
        ({"pixel_range": (0, float("nan"))}, "pixel range 0,nan"),
        ({"pixel_range": (-1e308, 1e308)}, "pixel range"),
        ({"alpha": "black"}, "white, drop, channel"),
        ({"max_pixels": 0}, "max_pixels 0"),
    ],
)
def test_wrong_settings_show_before_the_file_is_opened(settings, said):
    assert said in fault("no such file.png", SpecError, **settings)


def test_region_outside_the_image():
    text = fault(SAMPLES / "cat.png", SpecError, region=(400, 0, 100, 10))
    assert text.endswith("is not inside the image; the image is 451 wide and 300 high")
    fault(SAMPLES / "cat.png", SpecError, region=(0, 291, 10, 10))
    assert read_image(SAMPLES / "cat.png", region=(441, 290, 10, 10)).shape == (10, 10, 3)


def test_resize_beyond_the_limits():
    fault(WHOLE["png"], RefusedError, resize=20_000)
    fault(np_bytes(np.ones((2, 2, 300))), RefusedError, resize=(9000, 9000))


def test_a_failed_read_closes_its_file(tmp_path, recwarn):
    path = tmp_path / "cut.png"
    path.write_bytes(WHOLE["png"][:100])
    fault(path)
    path.rename(tmp_path / "moved.png")
    assert load_image(SAMPLES / "cat.png").pixels.shape == (300, 451, 3)
    assert not recwarn.list
