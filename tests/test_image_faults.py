"""Hostile and broken images: a documented error of one line, no hang, no allocation, no noise."""

from __future__ import annotations

import errno
import os
import struct
import subprocess
import sys
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from image_faults import CAT, WHOLE, attempt, fault, saved
from PIL import Image as Pillow
from PIL import ImageFile

from cnnviz.errors import RefusedError
from cnnviz.images import read_image

SIGNATURES = [
    *(b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF89a", b"BM", b"RIFF\x40\0\0\0WEBPVP8 "),
    *(b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"),
    *(b"P1 ", b"P2\n", b"P3#", b"P4 ", b"P6\t", b"Pf\n"),
]


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
