"""`cnnviz convolve`: from words on a command line to maps."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import SAMPLES, files
from PIL import Image
from scipy import signal

MATRIX = SAMPLES / "matrix5x5.csv"
CROSS = "1 0 1; 0 1 0; 1 0 1"


@pytest.fixture
def maps(cnnviz):
    """Run `convolve ARGS -o npy:-` and return the maps, (H, W, K)."""

    def call(*args: object, stdin: bytes = b"") -> np.ndarray:
        result = cnnviz("convolve", *args, "-o", "npy:-", stdin=stdin)
        assert result.code == 0, result
        return np.load(io.BytesIO(result.out))

    return call


def test_the_textbook_matrix(maps):
    expected = [[4, 3, 4], [2, 4, 3], [2, 3, 4]]
    assert maps(MATRIX, "--kernel", CROSS)[:, :, 0].tolist() == expected


def test_the_report(cnnviz):
    result = cnnviz("convolve", MATRIX, "--kernel", CROSS)
    assert result.code == 0
    for part in ("matrix5x5.csv", "5x5", "floor((5 - 3)/1) + 1 = 3", "3x3", "min 2", "max 4"):
        assert part in result.text
    assert result.text.isascii()
    assert result.err == "wrote cnnviz-out/matrix5x5-convolve-1-0-1-0-1-0-1-0-1.png\n"


def test_the_cat(cnnviz, folder):
    kernels = ("--kernel", "sobel-x", "--kernel", "sobel-y", "--kernel", "gaussian:7,2")
    result = cnnviz(
        "convolve", SAMPLES / "cat.png", "--stride", "2", "--padding", "same", *kernels, "--json"
    )
    assert (result.code, result.err) == (0, "wrote " + "".join(files(folder)) + "\n")
    data = json.loads(result.out)
    assert [m["kernel"] for m in data["maps"]] == ["sobel-x", "sobel-y", "gaussian:7,2"]
    assert {tuple(m["shape"]) for m in data["maps"]} == {(150, 226)}
    with Image.open(data["outputs"][0]) as image:
        image.load()
        assert min(image.size) > 300


def test_options_reach_the_operation(maps, photo):
    pixels = np.asarray(Image.open(photo).convert("RGB"), np.float64).sum(axis=2)
    kernel = np.array([[1, 2, 0], [0, -1, 3]])
    padded = np.pad(pixels, ((1, 2), (3, 4)), mode="reflect")
    expected = signal.convolve2d(padded, kernel, mode="valid")[::2, ::3] + 7
    result = maps(
        *(photo, "--kernel", "1 2 0; 0 -1 3", "--flip", "--stride", "2x3", "--bias", "7"),
        *("--padding", "1,2,3,4", "--border", "reflect"),
    )
    np.testing.assert_allclose(result[:, :, 0], expected, rtol=1e-5, atol=1e-3)


def test_correlation_unless_flipped(maps, photo):
    pixels = np.asarray(Image.open(photo).convert("RGB"), np.float64).sum(axis=2)
    expected = signal.correlate2d(pixels, [[1, 2, 3]], mode="valid")
    np.testing.assert_allclose(maps(photo, "--kernel", "1 2 3")[:, :, 0], expected, rtol=1e-5)


def test_gray(maps, photo):
    pixels = np.asarray(Image.open(photo).convert("RGB"), np.float64)
    luma = pixels @ [0.299, 0.587, 0.114]
    one = ("--kernel", "1")
    default = maps(photo, *one, "--channels", "gray")[:, :, 0]
    np.testing.assert_allclose(default, luma, rtol=1e-4)
    average = maps(photo, *one, "--gray", "average")[:, :, 0]  # which implies --channels gray
    np.testing.assert_allclose(average, pixels.mean(axis=2), rtol=1e-4)


def test_activation_and_combine(maps, photo):
    x = maps(photo, "--kernel", "sobel-x")
    assert np.array_equal(maps(photo, "--kernel", "sobel-x", "--activation", "relu"), x.clip(0))
    y = maps(photo, "--kernel", "sobel-y")
    both = ("--kernel", "sobel-x", "--kernel", "sobel-y")
    magnitude = maps(photo, *both, "--combine", "magnitude")
    np.testing.assert_allclose(magnitude, np.hypot(x, y), rtol=1e-5)


def test_dilation(maps, photo):
    assert maps(photo, "--kernel", "1 1", "--dilation", "4").shape == (12, 12, 1)


def test_groups_keep_the_channels_apart(maps, photo):
    apart = maps(photo, "--kernel", "edge", "--groups", "3")
    assert apart.shape == (10, 14, 3)
    np.testing.assert_allclose(apart.sum(axis=2), maps(photo, "--kernel", "edge")[:, :, 0])


def test_region_and_resize(maps, photo):
    assert maps(photo, "--kernel", "1", "--region", "2,3,5,4").shape == (4, 5, 1)
    assert maps(photo, "--kernel", "1", "--resize", "8").shape == (6, 8, 1)
    assert maps(photo, "--kernel", "1", "--resize", "7x5").shape == (5, 7, 1)


def test_a_bank_and_a_file_of_filters(maps, photo, folder):
    assert maps(photo, "--kernel", "bank:sobel").shape == (10, 14, 2)
    np.save(folder / "filters.npy", np.ones((3, 3, 3, 5)))
    assert maps(photo, "--kernel", "file:filters.npy").shape == (10, 14, 5)


def test_commands_chain(cnnviz, maps, photo):
    edges = cnnviz("convolve", photo, "--kernel", "edge", "--activation", "relu", "-o", "npy:-")
    pooled = cnnviz("pool", "-", "--size", "2", "-o", "npy:-", stdin=edges.out)
    values = np.load(io.BytesIO(edges.out))[:10, :14, 0]
    expected = values.reshape(5, 2, 7, 2).max(axis=(1, 3))
    assert np.array_equal(np.load(io.BytesIO(pooled.out))[:, :, 0], expected)


@pytest.mark.parametrize(
    "flags",
    [
        ("--theme", "dark"),
        ("--scale", "2"),
        ("--display", "abs"),
        ("--colormap", "gray"),
        ("--range", "shared"),
        ("--overlay",),
        ("--peaks", "3"),
        ("--plain",),
    ],
)
def test_looks_change_the_picture(cnnviz, photo, flags):
    kernels = ("--kernel", "sobel-x", "--kernel", "box")
    usual = cnnviz("convolve", photo, *kernels, "-o", "-")
    other = cnnviz("convolve", photo, *kernels, "-o", "-", *flags)
    assert usual.code == other.code == 0, other
    assert other.out.startswith(b"\x89PNG")
    assert other.out != usual.out


def test_svg(cnnviz, photo):
    result = cnnviz("convolve", photo, "--kernel", "edge", "-o", "svg:-")
    assert result.out.lstrip().startswith(b"<svg")


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (("--kernel", "egde"), "edge"),
        (("--kernel", "gaussian:4"), "gaussian"),
        (("--kernel", "1 2; 3"), "row 2"),
        ((), "--kernel edge"),
        (("--kernel", "edge", "--activation", "rleu"), "relu"),
        (("--kernel", "edge", "--colormap", "no-such-map"), "--colormap"),
        (("--kernel", "edge", "--combine", "magnitude"), "two"),
    ],
)
def test_wrong_words_name_what_would_do(cnnviz, photo, folder, arguments, part):
    assert part in cnnviz("convolve", photo, *arguments).fault(2)
    assert files(folder) == {"photo.png"}


def test_several_images_are_isolated(cnnviz, photo, folder):
    Path("bad.png").write_bytes(photo.read_bytes()[:60])
    Image.new("L", (2, 2)).save("tiny.png")
    names = ("photo.png", "bad.png", "missing.png", "tiny.png")
    result = cnnviz("convolve", *names, "--kernel", "edge", "--json")
    assert result.code == 3
    data = json.loads(result.out)
    assert data["outputs"] == ["cnnviz-out/photo-convolve-edge.png"]
    assert [m["image"] for m in data["maps"]] == ["photo.png"]
    failures = [(f["path"], f["code"]) for f in data["failures"]]
    assert failures == [("bad.png", 1), ("missing.png", 1), ("tiny.png", 2)]
    lines = result.err.splitlines()
    assert lines[-1] == "cnnviz: 3 of 4 images failed"
    assert [line.split(":")[2].strip() for line in lines[1:4]] == list(names[1:])


def test_progress_only_on_a_terminal(photo, folder):
    Path("b\x1b.png").write_bytes(photo.read_bytes())
    command = [sys.executable, "-m", "cnnviz", "convolve", photo, "b\x1b.png", "--kernel", "edge"]
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(SAMPLES.parent), "TERM": "xterm"}
    leader, follower = os.openpty()
    done = subprocess.run(command, stdout=-1, stderr=follower, env=environ, check=True)
    os.close(follower)
    data = b""
    with contextlib.suppress(OSError):  # what a terminal says at its end
        for part in iter(lambda: os.read(leader, 10_000), b""):
            data += part
    shown = data.decode()
    os.close(leader)
    lines = re.sub(r"[^\r\n]*\r\x1b\[K", "", shown).split()
    made = ("cnnviz-out/photo-convolve-edge.png", "cnnviz-out/b-convolve-edge.png")
    assert lines == ["wrote", made[0], "wrote", made[1]]
    assert "\x1b[K1/2 photo.png\r" in shown
    assert "\x1b[K2/2 b\\x1b.png\r" in shown
    assert b"1/2" not in done.stdout
    done = subprocess.run(command, stdout=-1, stderr=-1, env=environ, check=True)
    assert b"1/2" not in done.stderr


def test_when_all_fail_the_first_error_decides(cnnviz, folder):
    Image.new("L", (2, 2)).save("tiny.png")
    assert cnnviz("convolve", "tiny.png", "missing.png", "--kernel", "edge").code == 2
    assert cnnviz("convolve", "missing.png", "tiny.png", "--kernel", "edge").code == 1


def test_quiet_says_nothing(cnnviz, photo):
    result = cnnviz("convolve", photo, "--kernel", "edge", "-q")
    assert (result.code, result.out, result.err) == (0, b"", "")


def test_standard_input_is_read_once(cnnviz, folder):
    assert "twice" in cnnviz("convolve", "-", "-", "--kernel", "edge").fault(2)


class TestShow:
    def test_draws_where_the_terminal_can(self, cnnviz, photo, monkeypatch):
        monkeypatch.setenv("FORCE_COLOR", "1")
        result = cnnviz("convolve", photo, "--kernel", "edge", "--show")
        assert "\u2580" in result.text
        assert result.text.startswith("input ")
        shown = cnnviz("convolve", photo, "--kernel", "edge", "--show", "-q").text
        assert set("\u2580\x1b") <= set(shown)
        assert "input" not in shown

    def test_one_line_where_it_cannot(self, cnnviz, photo):
        result = cnnviz("convolve", photo, "--kernel", "edge", "--show")
        assert result.code == 0
        assert "\x1b" not in result.text
        assert "cnnviz: --show draws nothing: the output is no terminal" in result.err

    @pytest.mark.parametrize("off", ["--no-color", "NO_COLOR"])
    def test_no_color_wins(self, cnnviz, photo, monkeypatch, off):
        monkeypatch.setenv("FORCE_COLOR", "1")
        if off == "NO_COLOR":
            monkeypatch.setenv(off, "1")
        flags = [off] if off == "--no-color" else []
        result = cnnviz("convolve", photo, "--kernel", "edge", "--show", *flags)
        assert "\x1b" not in result.text + result.err

    def test_data_on_stdout_stays_clean(self, cnnviz, photo, monkeypatch):
        monkeypatch.setenv("FORCE_COLOR", "1")
        result = cnnviz("convolve", photo, "--kernel", "edge", "--show", "--json")
        assert json.loads(result.out)["failures"] == []
        assert "\u2580" in result.err
