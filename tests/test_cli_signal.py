"""`cnnviz signal`: from words to numbers, pictures, animations and sounds."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from conftest import SAMPLES, files
from PIL import Image
from scipy.io import wavfile


def data(cnnviz, *args: object) -> dict:
    result = cnnviz("signal", *args, "--json", "-q")
    assert result.code == 0, result.err
    return json.loads(result.out)


@pytest.fixture
def tone(folder):
    """A stereo sound of a tenth of a second, `tone.wav`."""
    x = np.sin(2 * np.pi * 440 * np.arange(800) / 8000)
    stereo = np.stack([x, 0 * x], axis=1) * 2**14
    wavfile.write(folder / "tone.wav", 8000, stereo.astype(np.int16))
    return "tone.wav"


def test_the_textbook_pair(cnnviz, folder):
    result = cnnviz("signal", "box", "triangle")
    assert (result.code, result.err) == (0, "wrote cnnviz-out/box-triangle-signal.png\n")
    assert "the kernel is FLIPPED" in result.text
    assert "y[5] = 1*0.5 + 1*0.75 + 1*1 + 1*0.75 + 1*0.5 = 3.5" in result.text
    assert all(len(line) <= 80 for line in result.text.splitlines())
    assert files(folder) == {"cnnviz-out/box-triangle-signal.png"}


@pytest.mark.parametrize("width", [50, 80])
def test_the_table_fits_the_terminal_and_cuts_no_number(cnnviz, monkeypatch, width):
    monkeypatch.setenv("COLUMNS", str(width))
    lines = cnnviz("signal", "0.25*sine:100,4+noise:0.2", "gaussian:9").text.splitlines()
    assert max(map(len, lines)) <= width
    output = next(line for line in lines if line.startswith(" y = x * h"))
    assert "108" in output.split()
    assert "\u2026" not in output


def test_settings_are_in_the_name_of_the_picture(cnnviz, folder):
    words = ("--correlate", "--padding", "same", "--stride", "2", "--at", "1")
    assert cnnviz("signal", "sine+noise:0.2", "1 0 -1", *words).code == 0
    (path,) = files(folder)
    assert path == "cnnviz-out/sine+noise-0-2-1-0-1-signal-correlate-same-s2-at1.png"


def test_json(cnnviz):
    found = data(cnnviz, "1 2 3", "0 1 0.5", "--at", "1", "--at", "3")
    assert found["output"]["values"] == np.convolve([1, 2, 3], [0, 1, 0.5]).tolist()
    assert [one["n"] for one in found["at"]] == [1, 3]
    assert found["at"][1]["value"] == found["at"][1]["engine"] == 4
    assert found["outputs"] == ["cnnviz-out/1-2-3-0-1-0-5-signal-at1-at3.png"]
    plain = data(cnnviz, "1 2 3", "0 1 0.5", "--correlate", "-o", "a.svg")
    assert plain["output"]["values"] == np.correlate([1, 2, 3], [0, 1, 0.5], "full").tolist()
    assert plain["flip"] is False


def test_every_format(cnnviz, folder, tone):
    names = ("a.png", "a.svg", "a.gif", "a.npy", "a.npz", "a.csv", "a.json", "a.txt", "a.wav")
    targets = [word for name in names for word in ("-o", name)]
    result = cnnviz("signal", tone, "average:5", "--channel", "0", *targets)
    assert result.err.splitlines() == [f"wrote {name}" for name in names]
    x = wavfile.read(tone)[1][:, 0] / 2**15
    expected = np.convolve(x, np.ones(5) / 5)
    np.testing.assert_allclose(np.load("a.npy"), expected, atol=1e-12)
    np.testing.assert_allclose(np.load("a.npz")["signal"], x)
    np.testing.assert_allclose(np.loadtxt("a.csv"), expected, atol=1e-12)
    rate, made = wavfile.read("a.wav")
    assert rate == 8000
    np.testing.assert_allclose(made, expected, atol=1e-7)
    ET.parse("a.svg")
    with Image.open("a.gif") as gif:
        assert gif.n_frames == 74
    assert json.loads((folder / "a.json").read_text())["signal"]["sample_rate"] == 8000


def test_what_is_written_is_a_signal_again(cnnviz, folder):
    assert cnnviz("signal", "1 2 3", "1 1", "-o", "a.csv", "-q").code == 0
    assert data(cnnviz, "a.csv", "1 -1")["output"]["values"] == [1, 2, 2, -2, -3]
    piped = cnnviz("signal", "1 2 3", "1 1", "-o", "csv:-")
    result = cnnviz("signal", "-", "1", "--json", "-q", stdin=piped.out)
    assert json.loads(result.out)["output"]["values"] == [1, 3, 5, 3]


def test_parts_of_a_sound(cnnviz, tone):
    found = data(cnnviz, tone, "box:4", "--normalize", "--part", "0.05s,10")
    assert (found["signal"]["start"], found["signal"]["length"]) == (400, 10)
    assert found["kernel"]["values"] == [0.25] * 4
    assert found["signal"]["name"] == "tone.wav [400:410]"


def test_a_row_of_an_image(cnnviz):
    result = cnnviz("signal", SAMPLES / "cat.png", "gaussian", "-o", "txt:-")
    assert "row 150, the middle one of 300" in " ".join(result.text.split())


def test_spectrum(cnnviz, folder, tone):
    found = data(cnnviz, tone, "average:8", "--spectrum", "-o", "s.svg", "-o", "s.npz")
    assert found["spectrum"]["unit"] == "Hz"
    assert found["spectrum"]["difference"] < 1e-12
    stored = np.load("s.npz")
    product = stored["signal"] * stored["kernel"]
    np.testing.assert_allclose(stored["output"], product, atol=1e-12 * product.max())
    top = stored["frequency"][stored["signal"].argmax()]
    assert top == pytest.approx(440, abs=10)
    assert "multiplies spectra" in (folder / "s.svg").read_text(encoding="utf-8")


def test_the_list(cnnviz, folder):
    result = cnnviz("signal", "--list")
    assert "gaussian[:LENGTH[,SIGMA]]" in result.text
    assert "sine:200,4+noise:0.2" in result.text
    assert files(folder) == set()
    listed = json.loads(cnnviz("signal", "--list", "--json").out)["signals"]
    assert {"box", "noise", "sine"} <= {row["name"] for row in listed}


def test_in_the_terminal(cnnviz, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    result = cnnviz("signal", "sine", "average:9", "--show", "-o", "a.txt")
    assert "▀" in result.text or "▄" in result.text


@pytest.mark.parametrize(
    ("arguments", "code", "part"),
    [
        ((), 2, "a signal and a kernel"),
        (("box",), 2, "a signal and a kernel"),
        (("box", "--list"), 2, "--list"),
        (("--list", "--show"), 2, "--show"),
        (("bx", "box"), 2, "nearest: box"),
        (("box", "trangle"), 2, "nearest: triangle"),
        (("none.wav", "box"), 1, "none.wav"),
        (("box", "box", "--at", "9"), 2, "they are 0 to 8"),
        (("box", "box", "--at", "-1"), 2, "-1"),
        (("box", "box", "--padding", "causal"), 2, "causal"),
        (("box", "box:9", "--padding", "valid"), 2, "does not fit"),
        (("box", "box", "--row", "1"), 2, "--row is for a file"),
        (("box", "box", "--part", "9,1"), 2, "not in box of 5"),
        (("box", "box", "--part", "1s,1s"), 2, "no sample rate"),
        (("box", "box", "--part", "1"), 2, "START,LENGTH"),
        (("box", "1 -1", "--normalize"), 2, "the sum of 1 -1 is 0"),
        (("box", "box", "--spectrum", "--stride", "2"), 2, "--stride 1"),
        (("box", "box", "--spectrum", "-o", "a.gif"), 2, "'gif'"),
        (("box", "box", "-o", "a.wav"), 2, "no sample rate"),
        (("nan.csv", "box"), 1, "1 of 2 values is NaN"),
        (("empty.csv", "box"), 1, "empty"),
        (("bad.wav", "box"), 1, "bad.wav"),
        (("box", "box", "--scale", "8", "--max-memory", "1M"), 5, "max-memory"),
        (("nan.csv", "box", "-o", "nan.csv", "--overwrite"), 1, "NaN"),
    ],
)
def test_wrong_words_name_what_would_do(cnnviz, folder, arguments, code, part):
    (folder / "nan.csv").write_text("1\nnan\n")
    (folder / "empty.csv").write_text("")
    (folder / "bad.wav").write_bytes(b"RIFF\x10\0\0\0WAVEjunk")
    before = files(folder)
    assert part in cnnviz("signal", *arguments).fault(code)
    assert files(folder) == before


def test_an_input_is_never_overwritten(cnnviz, folder):
    (folder / "a.csv").write_text("1\n2\n")
    result = cnnviz("signal", "a.csv", "box", "-o", "a.csv", "--overwrite")
    assert "is an input" in result.fault(4)
    assert (folder / "a.csv").read_text() == "1\n2\n"


def test_names_cannot_drive_the_terminal(cnnviz, folder):
    name = "a\x1b[2J<b>.csv"
    (folder / name).write_text("1\n2\n")
    result = cnnviz("signal", name, "box", "-o", "a.svg")
    assert result.code == 0
    assert "\x1b" not in result.text + result.err
    assert "<b>" not in (folder / "a.svg").read_text(encoding="utf-8")


def test_numbers_that_begin_with_a_minus_need_a_blank_and_are_told_so(cnnviz):
    result = cnnviz("signal", "sine", "-1 0 1")
    assert result.code == 2
    assert "need a blank before it" in result.err
    assert cnnviz("signal", "sine", " -1 0 1").code == 0


def test_a_picture_of_a_sound_says_what_its_axes_count(cnnviz, folder, tone):
    words = ("--part", "0.05s,0.01s", "-o", "a.svg")
    assert cnnviz("signal", tone, "average", *words).code == 0
    texts = "".join(ET.parse("a.svg").getroot().itertext())
    assert "m and n count samples, 8\u2009000 a second, from sample 400 on" in texts
    assert cnnviz("signal", "sine", "average", "-o", "b.svg").code == 0
    assert "a second" not in "".join(ET.parse("b.svg").getroot().itertext())


def test_a_sum_that_is_nothing_but_rounding_is_0(cnnviz):
    text = cnnviz("signal", "sine", "triangle:7").text
    assert "sums multiply: 0 * 4 = 0, the sum of the output" in text
    assert "e-1" not in text
    assert "sums multiply: 1e-30 * 2 = 2e-30" in cnnviz("signal", "1e-30", "2").text
