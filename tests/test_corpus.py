"""Row 1 at scale: every file of two corpora, and a thousand damaged ones, end as the table says."""

from __future__ import annotations

import io
import os
import random
from collections import Counter
from itertools import cycle, product
from pathlib import Path

import corpus
import numpy as np
import pytest
from PIL import Image

CASES = 1200
SAMPLE = Image.open(Path(__file__).parent.parent / "sample_images" / "cat.png").resize((40, 30))
RANDOM = np.random.default_rng(0)


def wrong(outcomes: list[corpus.Outcome]) -> list[str]:
    return [f"{o.command} {o.path}: {o.wrong}: {o.message}" for o in outcomes if o.wrong]


@pytest.mark.slow
@pytest.mark.skipif(not corpus.images(), reason="no corpus: python tests/corpus.py fetches it")
def test_every_file_of_the_corpora():
    outcomes = corpus.run_all(product(corpus.images(), corpus.COMMANDS))
    assert not wrong(outcomes)
    codes = Counter(outcome.code for outcome in outcomes)
    assert len(outcomes) > 2000
    assert min(codes[0], codes[1]) > 500  # neither all read nor all refused
    assert codes[5] > 0


def test_what_breaks_a_promise_is_seen(tmp_path):
    """The judge itself: a crash, a hang, a traceback, noise, a bug and a left file are wrong."""
    judge = corpus._judge
    good = ["cnnviz: error: a.png: no"]
    assert judge(0, [], ["out.png"]) == judge(1, good, []) == ""
    assert judge(None, ["crashes"], []) == "crashes"
    assert judge(3, good, [])
    assert judge(0, [], [])
    assert judge(0, ["libtiff: oh"], ["out.png"])
    assert judge(1, [], [])
    assert judge(1, ["Traceback (most recent call last):", *good], [])
    assert judge(1, ["cnnviz: error: unexpected KeyError: 'x'"], [])
    assert judge(1, ["cnnviz: error: \x1b[2J"], [])
    assert judge(1, good, [".cnnviz-1-0.tmp"])


def test_a_hang_is_the_fault_of_its_file(tmp_path, monkeypatch):
    """A pipe that nobody writes to: its process is ended, and the next file is done by another."""
    monkeypatch.setattr(corpus, "SECONDS", 1)
    os.mkfifo(tmp_path / "a.png")
    (tmp_path / "b.png").write_bytes(saved("PNG"))
    jobs = [(tmp_path / name, corpus.COMMANDS[0]) for name in ("a.png", "b.png", "b.png")]
    first, *others = corpus.run_all(jobs)
    assert (first.code, first.wrong) == (None, "hangs")
    assert [(o.code, o.wrong) for o in others] == [(0, "")] * 2


# ---------------------------------------------------------------------- damaged files


def saved(form: str, image: Image.Image = SAMPLE, **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, form, **options)
    return stream.getvalue()


def arrays() -> dict[str, bytes]:
    """Return array files in the formats that are taken for images."""
    values = RANDOM.random((9, 7)).astype(np.float32)
    streams = {name: io.BytesIO() for name in ("a.npy", "b.npy", "c.npz", "d.npz")}
    np.save(streams["a.npy"], values)
    np.save(streams["b.npy"], np.asfortranarray(np.dstack([values] * 3)))
    np.savez(streams["c.npz"], maps=values)
    np.savez_compressed(streams["d.npz"], maps=values)
    texts = {"e.csv": ",", "f.txt": " ", "g.csv": ";"}
    lines = {name: "\n".join(mark.join(map(str, row)) for row in values.tolist())
             for name, mark in texts.items()}  # fmt: skip
    return {name: stream.getvalue() for name, stream in streams.items()} | {
        name: text.encode() for name, text in lines.items()
    }


def photos() -> dict[str, bytes]:
    """Return one small photo of each kind."""
    deep = Image.fromarray(RANDOM.integers(0, 2**16, (20, 30), dtype=np.uint16))
    clear, palette = SAMPLE.convert("RGBA"), SAMPLE.convert("P")
    clear.putalpha(SAMPLE.convert("L"))
    frames = {"save_all": True, "append_images": [SAMPLE.rotate(90)]}
    exif = Image.Exif()
    exif[0x0112] = 6
    return {
        "rgb.png": saved("PNG"),
        "rgba.png": saved("PNG", clear),
        "palette.png": saved("PNG", palette, transparency=3),
        "deep.png": saved("PNG", deep),
        "bits.png": saved("PNG", SAMPLE.convert("1")),
        "rgb.jpg": saved("JPEG", exif=exif),
        "progressive.jpg": saved("JPEG", progressive=True),
        "cmyk.jpg": saved("JPEG", SAMPLE.convert("CMYK")),
        "plain.gif": saved("GIF"),
        "frames.gif": saved("GIF", **frames),
        "rgb.bmp": saved("BMP"),
        "palette.bmp": saved("BMP", palette),
        "raw.tif": saved("TIFF"),
        "lzw.tif": saved("TIFF", compression="tiff_lzw"),
        "zip.tif": saved("TIFF", deep, compression="tiff_adobe_deflate"),
        "jpeg.tif": saved("TIFF", compression="jpeg"),
        "fax.tif": saved("TIFF", SAMPLE.convert("1"), compression="group4"),
        "pages.tif": saved("TIFF", **frames),
        "lossy.webp": saved("WEBP"),
        "lossless.webp": saved("WEBP", clear, lossless=True),
        "frames.webp": saved("WEBP", **frames),
        "rgb.ppm": saved("PPM"),
        "gray.pgm": saved("PPM", deep),
        "plain.ppm": b"P3 6 4 255\n" + b" ".join(b"%d" % (3 * i) for i in range(72)),
    }


def damaged(content: bytes, dice: random.Random) -> bytes:
    """Flip, overwrite, cut, repeat or remove a few bytes, more often in the header."""
    data = bytearray(content)
    for _ in range(dice.randint(1, 4)):
        at = dice.randrange(min(len(data), dice.choice([32, 256, len(data)])))
        match dice.randrange(6):
            case 0:
                data[at] ^= 1 << dice.randrange(8)
            case 1:
                data[at] = dice.randrange(256)
            case 2:
                data[at : at + 4] = dice.choice([bytes(4), b"\xff" * 4, b"\x7f\xff\xff\xff"])
            case 3:
                del data[max(1, at) :]
            case 4:
                del data[at : at + dice.randint(1, 8)]
            case 5:
                data[at:at] = data[at : at + dice.randint(1, 64)]
        data = data or bytearray(b"\0")
    return bytes(data)


@pytest.mark.slow
def test_damaged_files(tmp_path):
    whole = photos() | arrays()
    assert len(whole) > 30
    clean = [(tmp_path / f"whole-{name}", corpus.COMMANDS[0]) for name in whole]
    for (path, _), content in zip(clean, whole.values(), strict=True):
        path.write_bytes(content)
    outcomes = corpus.run_all(clean)
    assert [o for o in outcomes if o.code != 0 or o.wrong] == []

    dice, jobs = random.Random(3), []
    for number, name, command in zip(range(CASES), cycle(whole), cycle(corpus.COMMANDS)):
        path = tmp_path / f"{number}-{name}"
        path.write_bytes(damaged(whole[name], dice))
        jobs.append((path, (*command, "--max-pixels", "1000000")))  # damage makes huge canvases
    outcomes = corpus.run_all(jobs)
    assert not wrong(outcomes)
    codes = Counter(outcome.code for outcome in outcomes)
    assert len(outcomes) == CASES
    assert min(codes[0], codes[1]) > CASES // 10  # the damage is neither nothing nor everything
