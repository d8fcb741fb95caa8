"""Bombs, limits, pickles and wrong settings: refused before anything is decoded."""

from __future__ import annotations

import io
import pickle
import struct
import zlib

import numpy as np
import pytest
from image_faults import WHOLE, fault
from image_files import SAMPLES
from PIL import Image as Pillow
from PIL import ImageFile

from cnnviz.errors import RefusedError, SpecError
from cnnviz.images import load_image, read_image


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
