"""`cnnviz channels`, and `--channels each` of `convolve`: from words to numbers and pictures."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
from conftest import SAMPLES, files
from PIL import Image

CAT = SAMPLES / "cat.png"
NAMES = ["R", "G", "B", "gray-average", "gray-luma601", "gray-luma709", "gray-linear"]


@pytest.fixture
def pixels(photo) -> np.ndarray:
    with Image.open(photo) as image:
        return np.asarray(image, np.float32)


def test_the_report(cnnviz, photo, pixels):
    result = cnnviz("channels", photo, "--at", "2,3", "--patch", "2")
    assert result.code == 0
    text = " ".join(result.text.split())
    for part in ("(12, 16, 3)", "(1, 12, 16, 3)", "0.299 R + 0.587 G + 0.114 B", "[2:4, 3:5]"):
        assert part in text
    for i, name in enumerate("RGB"):
        plane = pixels[..., i]
        assert f"channel {name} min {plane.min():g} max {plane.max():g} mean" in text
    rows = [[f"{v:.0f}" for v in row] for row in pixels[2, 3:5].T.tolist()]
    lines = [line.split() for line in result.text.splitlines()]
    assert [*rows[0], *rows[1], *rows[2]] in [line[:6] for line in lines]  # side by side
    assert result.text.isascii()
    assert result.err == "wrote cnnviz-out/photo-channels-at2,3-patch2.png\n"


def test_numbers_stay_within_80_columns(cnnviz):
    result = cnnviz("channels", CAT, "--locality")
    tables = result.text.split("\n\n", 1)[1]
    assert max(map(len, tables.splitlines())) <= 80


def test_json(cnnviz, photo, pixels):
    result = cnnviz("channels", photo, "--json", "--at", "0,0", "--patch", "3x2")
    data = json.loads(result.out)
    assert [row["channel"] for row in data["channels"]] == NAMES
    red, *_, linear = data["channels"]
    assert (red["shape"], red["batch_shape"]) == ([12, 16], [1, 12, 16, 1])
    assert (red["min"], red["max"]) == (pixels[..., 0].min(), pixels[..., 0].max())
    assert red["mean"] == pytest.approx(pixels[..., 0].mean())
    assert red["formula"] is None
    assert "light" in linear["formula"]
    (image,) = data["images"]
    assert (image["shape"], image["batch_shape"]) == ([12, 16, 3], [1, 12, 16, 3])
    (patch,) = data["patches"]
    assert (patch["row"], patch["column"], patch["shape"]) == (0, 0, [3, 2])
    assert patch["values"]["B"] == pixels[:3, :2, 2].tolist()
    assert "locality" not in data
    assert data["failures"] == []


def test_locality_in_json(cnnviz, photo, pixels):
    data = json.loads(cnnviz("channels", photo, "--locality", "--json").out)
    rows = data["locality"]
    assert [row["distance"] for row in rows] == list(range(65))
    luma = pixels.astype(np.float64) @ [0.299, 0.587, 0.114]
    expected = np.corrcoef(luma[:, :-3].ravel(), luma[:, 3:].ravel())[0, 1]
    assert rows[3]["horizontal"] == pytest.approx(expected, abs=1e-6)
    assert rows[7]["vertical"] is None  # more than half of 12
    assert rows[64] == {"image": "photo.png", "distance": 64} | dict.fromkeys(
        ("horizontal", "vertical", "both", "shuffled")
    )


def test_arrays(cnnviz, photo, pixels):
    stack = np.load(io.BytesIO(cnnviz("channels", photo, "-o", "npy:-").out))
    assert np.array_equal(stack, pixels)
    named = np.load(io.BytesIO(cnnviz("channels", photo, "-o", "npz:-").out))
    assert sorted(named) == sorted(NAMES)
    assert np.array_equal(named["G"], pixels[..., 1])
    np.testing.assert_allclose(named["gray-average"], pixels.mean(axis=2), rtol=1e-6)


def test_the_chain(cnnviz, photo, pixels):
    stack = cnnviz("channels", photo, "-o", "npy:-").out
    again = json.loads(cnnviz("channels", "-", "--json", stdin=stack).out)
    assert [row["channel"] for row in again["channels"]] == NAMES


def test_several_images(cnnviz, photo, folder):
    result = cnnviz("channels", photo, CAT, "missing.png", "--json", "-o", "made/")
    assert result.code == 3
    data = json.loads(result.out)
    assert [row["image"] for row in data["images"]] == ["photo.png", "cat.png"]
    assert {"made/photo-channels.png", "made/cat-channels.png"} < files(folder)


@pytest.mark.parametrize("name", ["matrix5x5.csv", "brick.png"])
def test_one_channel_says_so(cnnviz, name):
    result = cnnviz("channels", SAMPLES / name, "--locality", "-o", "svg:-")
    assert result.out.startswith(b"<svg")
    assert b"one channel" in result.out
    assert "one channel" in result.err


def test_transparency_is_a_fourth_channel(cnnviz, folder):
    pixels = np.random.default_rng(2).integers(0, 256, (9, 9, 4), dtype=np.uint8)
    Image.fromarray(pixels).save("clear.png")
    data = json.loads(cnnviz("channels", "clear.png", "--alpha", "channel", "--json").out)
    assert [row["channel"] for row in data["channels"]] == ["R", "G", "B", "A", *NAMES[3:]]
    assert data["channels"][3]["max"] == pixels[..., 3].max()


def test_looks(cnnviz, photo):
    usual = cnnviz("channels", photo, "-o", "-").out
    with Image.open(io.BytesIO(usual)) as image:
        size = image.size
    assert cnnviz("channels", photo, "-o", "-", "--theme", "dark").out != usual
    double = cnnviz("channels", photo, "-o", "-", "--scale", "2").out
    with Image.open(io.BytesIO(double)) as image:
        assert image.size == (2 * size[0], 2 * size[1])


@pytest.mark.parametrize("image", [CAT, SAMPLES / "brick.png", SAMPLES / "matrix5x5.csv"])
def test_show(cnnviz, image, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\u2580" in cnnviz("channels", image, "--show").text


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (("--at", "12,0"), "rows 0 to 11"),
        (("--at", "3"), "ROW,COL"),
        (("--at", "-1,2"), "ROW,COL"),
        (("--patch", "17"), "16x16"),
        (("--patch", "0"), "--patch"),
        (("--colormap", "gray"), "--colormap"),
    ],
)
def test_wrong_words(cnnviz, photo, folder, arguments, part):
    assert part in cnnviz("channels", photo, *arguments).fault(2)
    assert files(folder) == {"photo.png"}


class TestEach:
    def test_arrays_and_rows(self, cnnviz, photo):
        kernels = ("--kernel", "edge", "--kernel", "sobel-x", "--channels", "each")
        named = np.load(io.BytesIO(cnnviz("convolve", photo, *kernels, "-o", "npz:-").out))
        assert list(named)[:5] == ["edge[R]", "edge[G]", "edge[B]", "edge", "sobel-x[R]"]
        added = named["edge[R]"] + named["edge[G]"] + named["edge[B]"]
        np.testing.assert_allclose(added, named["edge"], atol=1e-2)
        rows = json.loads(cnnviz("convolve", photo, *kernels, "--json").out)["maps"]
        assert [row["kernel"] for row in rows] == list(named)

    def test_the_report_says_how_they_add_up(self, cnnviz, photo):
        result = cnnviz("convolve", photo, "--kernel", "edge", "--channels", "each", "--bias", "2")
        assert "sum      edge = edge[R] + edge[G] + edge[B] + 2" in result.text
        assert result.err == "wrote cnnviz-out/photo-convolve-edge-each-bias2.png\n"

    @pytest.mark.parametrize("more", [("--gray", "linear"), ("--groups", "3")])
    def test_refused(self, cnnviz, photo, more):
        words = ("convolve", photo, "--kernel", "edge", "--channels", "each", *more)
        assert "each" in cnnviz(*words).fault(2)

    def test_a_gray_image_is_refused(self, cnnviz):
        words = ("convolve", SAMPLES / "brick.png", "--kernel", "edge", "--channels", "each")
        assert "256x256x1; use --channels sum" in cnnviz(*words).fault(2)
