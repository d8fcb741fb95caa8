"""Pixels to PNG bytes, for speed: blocks of rows, filtered and deflated on all cores.

Pillow's encoder tries five filters a row on one thread and takes two to six times as long for files
of the same size. Here one filter and one way of deflating serve the whole picture: those that do
best on a sample of it. (PNG specification, third edition; RFC 1950 and 1951.)
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Mapping
from typing import NamedTuple, Protocol

import numpy as np

from cnnviz.ops.threads import share

SIGNATURE = b"\x89PNG\r\n\x1a\n"
GRAY, RGB, PALETTE = 0, 2, 3  # colour types
BLOCK = 1 << 18  # bytes deflated at a time: files grow by less than 0.1% for the joints
STRIPS, SAMPLE = 4, 1 << 16  # that many bytes in strips show what suits a picture...
SHARE = 8  # ...or one in eight, if that is less
MEMORY = 9  # of zlib, its most: a tenth sooner than the default, 8
_ADLER = 65521


class Rows(Protocol):
    """Rows of 8-bit pixels that may be made when they are asked for: an array is one."""

    @property
    def shape(self) -> tuple[int, ...]:
        """`(H, W)` or `(H, W, 3)`."""

    def __getitem__(self, rows: slice, /) -> np.ndarray:
        """Return some rows, uint8."""


class Way(NamedTuple):
    """A filter of PNG and a strategy of zlib."""

    up: bool  # differences from the pixel above, or the pixels as they are
    strategy: int


# Runs alone take a third of the time of matches, and noise has no more than runs; text, flat
# colours and repeated tiles have matches. Matches are looked for at level 1: the default level
# takes twice as long for files a few percent smaller.
WAYS = [Way(up, how) for up in (False, True) for how in (zlib.Z_DEFAULT_STRATEGY, zlib.Z_RLE)]


def encode(
    pixels: Rows,
    *,
    palette: np.ndarray | None = None,
    texts: Mapping[str, str] | None = None,
) -> bytes:
    """Return 8-bit pixels as PNG bytes, the same for any number of threads.

    Parameters
    ----------
    pixels : ndarray of uint8, (H, W) or (H, W, 3), or what makes its rows as they are asked for
        Gray, or palette entries where there is a `palette`; or RGB.
    palette : ndarray of uint8, (n, 3), optional
    texts : mapping, optional
        Keywords and texts to store (iTXt).
    """
    height, width = pixels.shape[:2]
    kind = RGB if len(pixels.shape) == 3 else GRAY if palette is None else PALETTE
    header = struct.pack(">IIBBBBB", width, height, 8, kind, 0, 0, 0)
    parts = [SIGNATURE, *chunk(b"IHDR", header)]
    if palette is not None:
        parts += chunk(b"PLTE", palette.astype(np.uint8).tobytes())
    for key, text in (texts or {}).items():
        parts += chunk(b"iTXt", key.encode("latin-1"), b"\0\0\0\0\0", _utf8(text))
    return b"".join([*parts, *_data(pixels), *chunk(b"IEND")])


def chunk(name: bytes, *data: bytes) -> list[bytes]:
    """Return the pieces of a PNG chunk: its length, its name, its data and its checksum."""
    check = zlib.crc32(name)
    for piece in data:
        check = zlib.crc32(piece, check)
    return [struct.pack(">I", sum(map(len, data))), name, *data, struct.pack(">I", check)]


def _data(pixels: Rows) -> Iterator[bytes]:
    """Yield the pieces of a zlib stream in IDAT chunks, one a block of rows."""
    height, line = pixels.shape[0], _line(pixels)
    step = max(1, BLOCK // line)
    way = _best(pixels)

    def block(start: int) -> tuple[list[bytes], int, int]:
        rows = _filtered(pixels, start, min(start + step, height), up=way.up)
        return chunk(b"IDAT", *_deflated(rows, way.strategy)), zlib.adler32(rows.data), rows.nbytes

    yield from chunk(b"IDAT", b"\x78\x01")
    total = 1
    for data, check, size in share(block, range(0, height, step)):
        yield from data
        total = _joined(total, check, size)
    # An empty last block, at the byte where the others end.
    yield from chunk(b"IDAT", b"\x03\x00", struct.pack(">I", total))


def _best(pixels: Rows) -> Way:
    """Return the way that makes the least of some strips from top to bottom."""
    height, line = pixels.shape[0], _line(pixels)
    size = min(height, max(2, min(SAMPLE, height * line // SHARE) // STRIPS // line))
    count = min(STRIPS, max(1, height // size // 2))
    starts = [(2 * i + 1) * (height - size) // (2 * count) for i in range(count)]

    def sample(way: Way) -> int:
        strips = [_filtered(pixels, y, y + size, up=way.up) for y in starts]
        return sum(map(len, _deflated(np.concatenate(strips), way.strategy)))

    sizes = share(sample, WAYS)
    return WAYS[sizes.index(min(sizes))]


def _line(pixels: Rows) -> int:
    """Return the bytes of a filtered row, which begins with the filter's number."""
    width, *channels = pixels.shape[1:]
    return 1 + width * (channels[0] if channels else 1)


def _filtered(pixels: Rows, start: int, stop: int, *, up: bool) -> np.ndarray:
    """Return rows behind their filter's number; nothing is above the first row of a picture."""
    above = 1 if up and start else 0
    rows = pixels[start - above : stop]
    rows = rows.reshape(len(rows), -1)
    filtered = np.empty((stop - start, rows.shape[1] + 1), np.uint8)
    filtered[:, 0] = 2 if up else 0
    if up:
        filtered[0, 1:] = rows[0]
        np.subtract(rows[1:], rows[:-1], out=filtered[1 - above :, 1:])
    else:
        filtered[:, 1:] = rows
    return filtered


def _deflated(data: np.ndarray, strategy: int) -> tuple[bytes, bytes]:
    """Return two pieces of a raw deflate stream, the second of which ends at a whole byte."""
    squeezer = zlib.compressobj(1, zlib.DEFLATED, -15, MEMORY, strategy)
    return squeezer.compress(data.data), squeezer.flush(zlib.Z_SYNC_FLUSH)


def _joined(first: int, second: int, size: int) -> int:
    """Return the Adler-32 of two pieces in a row from theirs; the second has `size` bytes."""
    low, rest = first & 0xFFFF, size % _ADLER
    total = (low + (second & 0xFFFF) - 1) % _ADLER
    weighed = ((first >> 16) + (second >> 16) + rest * (low - 1)) % _ADLER
    return weighed << 16 | total


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "replace")
