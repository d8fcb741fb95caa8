"""Our PNG encoder: every file is right to the last checksum, whoever reads it, and small."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO

import cv2
import numpy as np
import pytest
from conftest import SAMPLES
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from cnnviz.ops import threads
from cnnviz.render import pngfile
from cnnviz.render.pngfile import WAYS, encode

RNG = np.random.default_rng(5)
CAT = np.asarray(Image.open(SAMPLES / "cat.png").convert("RGB"))
# Small maps of every kind: edges, whose noise no filter helps; a smooth one; flat and repeated.
EDGES = np.clip(128 + 9 * (CAT[1:-1, 1:-1, 1] * 2.0 - CAT[:-2, 1:-1, 1] - CAT[2:, 1:-1, 1]), 1, 255)
MAPS = {
    "edges": EDGES.astype(np.uint8),
    "smooth": cv2.GaussianBlur(CAT[..., 1], (0, 0), 3),
    "checkers": np.kron(np.indices((20, 30)).sum(0) % 2, np.full((10, 10), 255)).astype(np.uint8),
    "photo": CAT,
    "text": np.asarray(Image.open(SAMPLES / "test-chart.png").convert("RGB")),
}


def chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    """Take a PNG apart as its specification says, and check each checksum."""
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    at, parts = 8, []
    while at < len(data):
        (size,) = struct.unpack_from(">I", data, at)
        body = data[at + 4 : at + 8 + size]
        assert struct.unpack_from(">I", data, at + 8 + size)[0] == zlib.crc32(body)
        parts.append((body[:4], body[4:]))
        at += 12 + size
    assert at == len(data)
    assert parts[0][0] == b"IHDR"
    assert parts[-1] == (b"IEND", b"")
    return parts


def read(data: bytes) -> np.ndarray:
    """Read the pixels (or palette entries) with nothing but zlib, which checks its own sum."""
    parts = chunks(data)
    width, height, depth, kind, *rest = struct.unpack(">IIBBBBB", parts[0][1])
    assert (depth, rest) == (8, [0, 0, 0])
    squeezed = zlib.decompressobj()
    raw = squeezed.decompress(b"".join(body for name, body in parts if name == b"IDAT"))
    assert squeezed.eof
    assert not squeezed.unused_data
    channels = 3 if kind == 2 else 1
    lines = np.frombuffer(raw, np.uint8).reshape(height, 1 + width * channels)
    pixels = np.zeros((height + 1, width * channels), np.uint8)
    for y, line in enumerate(lines):
        assert line[0] in (0, 2)
        pixels[y + 1] = line[1:] + (pixels[y] if line[0] else 0)
    shape = (height, width, 3) if channels == 3 else (height, width)
    return pixels[1:].reshape(shape)


@given(
    st.tuples(st.integers(1, 40), st.integers(1, 40)),
    st.sampled_from([(), (3,)]),
    st.sampled_from([1, 50, 300, 1 << 18]),
    st.sampled_from([None, *WAYS]),
    st.sampled_from([2, 200]),
)
def test_readers_return_the_pixels(size, channels, block, way, most):
    pixels = RNG.integers(0, most, (*size, *channels)).astype(np.uint8)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pngfile, "BLOCK", block)
        if way is not None:
            patch.setattr(pngfile, "WAYS", [way])
        data = encode(pixels)
    np.testing.assert_array_equal(read(data), pixels)
    np.testing.assert_array_equal(np.asarray(Image.open(BytesIO(data))), pixels)
    theirs = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(theirs[..., ::-1] if channels else theirs, pixels)


def test_a_palette_and_texts_are_kept():
    levels, table = MAPS["edges"], RNG.integers(0, 256, (256, 3)).astype(np.uint8)
    data = encode(levels, palette=table, texts={"Title": "×−"})
    assert [name for name, _ in chunks(data)][:3] == [b"IHDR", b"PLTE", b"iTXt"]
    image = Image.open(BytesIO(data))
    assert image.mode == "P"
    np.testing.assert_array_equal(np.asarray(image.convert("RGB")), table[levels])
    theirs = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    np.testing.assert_array_equal(theirs[..., ::-1], table[levels])
    image.load()
    assert image.text["Title"] == "×−"


def test_bytes_do_not_depend_on_threads(monkeypatch):
    monkeypatch.setattr(pngfile, "BLOCK", 1 << 12)
    files = set()
    for count in (1, 3):
        threads._crews.clear()
        monkeypatch.setattr(threads, "threads", lambda count=count: count)
        files |= {encode(MAPS["photo"]) for _ in range(3)}
    threads._crews.clear()
    assert len(files) == 1


def test_rows_are_made_as_they_are_asked_for(monkeypatch):
    monkeypatch.setattr(pngfile, "BLOCK", 1 << 12)
    values, most = MAPS["smooth"], 0

    class Lazy:
        shape = values.shape

        def __getitem__(self, rows: slice) -> np.ndarray:
            nonlocal most
            most = max(most, rows.stop - rows.start)
            return values[rows]

    assert encode(Lazy()) == encode(values)
    assert most < len(values) / 4


@pytest.mark.parametrize("name", MAPS)
def test_files_are_no_larger_than_those_of_pillow(name):
    theirs = BytesIO()
    Image.fromarray(MAPS[name]).save(theirs, "PNG", compress_level=1)
    assert len(encode(MAPS[name])) <= 1.05 * theirs.tell() + 200


@given(st.binary(max_size=99), st.binary(max_size=99), st.integers(0, 99_999))
def test_checksums_are_joined(first, second, zeros):
    second += b"\xff" * zeros
    joined = pngfile._joined(zlib.adler32(first), zlib.adler32(second), len(second))
    assert joined == zlib.adler32(first + second)
