"""Small image files for tests, built by Pillow or byte by byte."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image as Pillow

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


def tiff(
    array: np.ndarray,
    order: str,
    *,
    photometric: int = 1,
    bits: int | None = None,
    planar: int = 1,
) -> bytes:
    """Build a single-strip gray TIFF of `array` in byte order `<` or `>`."""
    data = array.astype(array.dtype.newbyteorder(order)).tobytes()
    h, w = array.shape
    tags = [
        (256, w),
        (257, h),
        (258, bits or 8 * array.itemsize),
        (259, 1),
        (262, photometric),
        (273, 8 + 2 + 11 * 12 + 4),
        (277, 1),
        (278, h),
        (279, len(data)),
        (284, planar),
        (339, {"u": 1, "i": 2, "f": 3}[array.dtype.kind]),
    ]
    entries = b"".join(struct.pack(order + "HHII", tag, 4, 1, value) for tag, value in tags)
    magic = b"II*\0" if order == "<" else b"MM\0*"
    head = magic + struct.pack(order + "IH", 8, len(tags))
    return head + entries + bytes(4) + data


def chunk(kind: bytes, data: bytes) -> bytes:
    """Build a chunk of a PNG."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(ihdr: tuple[int, ...], rows: list[bytes], interlace: int = 0, **chunks: bytes) -> bytes:
    """Build a PNG from width, height, depth, colour type, unfiltered rows and ancillary chunks."""

    body = chunk(b"IHDR", struct.pack(">IIBBBBB", *ihdr, 0, 0, interlace))
    for kind, data in chunks.items():
        body += chunk(kind.encode(), data)
    body += chunk(b"IDAT", zlib.compress(b"".join(b"\0" + row for row in rows)))
    return b"\x89PNG\r\n\x1a\n" + body + chunk(b"IEND", b"")


def interlaced(array: np.ndarray) -> list[bytes]:
    """Return the rows of the seven passes of a PNG (section 8.2) of big-endian samples."""
    passes = ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2))
    parts = [array[y::dy, x::dx] for y, x, dy, dx in (*passes, (1, 0, 2, 1))]
    return [row.tobytes() for part in parts if part.size for row in part]
