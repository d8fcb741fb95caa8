"""`cnnviz pool`: types side by side, and what they save."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
from conftest import SAMPLES, files
from PIL import Image


@pytest.fixture
def pooled(cnnviz):
    """Run `pool ARGS -o npy:-` and return the result."""

    def call(*args: object) -> np.ndarray:
        result = cnnviz("pool", *args, "-o", "npy:-")
        assert result.code == 0, result
        return np.load(io.BytesIO(result.out))

    return call


@pytest.fixture
def blocks(photo) -> np.ndarray:
    """The photo as (6, 8, 3, 4): the four pixels of each 2x2 block last."""
    with Image.open(photo) as image:
        pixels = np.asarray(image, np.float32)
    return pixels.reshape(6, 2, 8, 2, 3).transpose(0, 2, 4, 1, 3).reshape(6, 8, 3, 4)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("max", lambda b: b.max(axis=-1)),
        ("min", lambda b: b.min(axis=-1)),
        ("average", lambda b: b.mean(axis=-1)),
        ("lp:2", lambda b: np.sqrt((b**2).sum(axis=-1))),
        ("global-max", lambda b: b.max(axis=(0, 1, 3))[None, None]),
        ("global-average", lambda b: b.mean(axis=(0, 1, 3))[None, None]),
    ],
)
def test_types(pooled, photo, blocks, kind, expected):
    np.testing.assert_allclose(pooled(photo, "--type", kind), expected(blocks), rtol=1e-5)


def test_the_default_is_max_of_two_by_two(pooled, photo, blocks):
    assert np.array_equal(pooled(photo), blocks.max(axis=-1))


def test_types_side_by_side(cnnviz, folder):
    result = cnnviz(
        *("pool", SAMPLES / "cat.png", "--size", "3", "--stride", "2"),
        *("--type", "max", "--type", "average", "--json"),
    )
    data = json.loads(result.out)
    assert [m["shape"][:2] for m in data["maps"]] == [[149, 225]] * 2
    assert data["outputs"] == ["cnnviz-out/cat-pool-max-average-3-s2.png"]
    assert files(folder) == set(data["outputs"])


def test_the_report_says_what_is_saved(cnnviz):
    text = cnnviz("pool", SAMPLES / "checkerboard.png", "--size", "4").text
    for part in ("128x128", "floor((128 - 4)/4) + 1 = 32", "16384 -> 1024", "65536 -> 4096"):
        assert part in text


def test_windows(pooled, photo):
    assert pooled(photo, "--size", "5").shape == (2, 3, 3)
    assert pooled(photo, "--size", "5", "--ceil-mode").shape == (3, 4, 3)
    assert pooled(photo, "--size", "3x2", "--stride", "1").shape == (10, 15, 3)
    assert pooled(photo, "--size", "3", "--stride", "2", "--padding", "same").shape == (6, 8, 3)


def test_count_include_pad(pooled, photo):
    window = ("--type", "average", "--size", "3", "--padding", "1")
    with Image.open(photo) as image:
        corner = np.asarray(image, np.float32)[:2, :2].sum(axis=(0, 1))
    np.testing.assert_allclose(pooled(photo, *window)[0, 0], corner / 4, rtol=1e-5)
    counted = pooled(photo, *window, "--count-include-pad")
    np.testing.assert_allclose(counted[0, 0], corner / 9, rtol=1e-5)


def test_winners_are_drawn(cnnviz, folder):
    matrix = SAMPLES / "matrix5x5.csv"
    usual = cnnviz("pool", matrix, "-o", "-").out
    result = cnnviz("pool", matrix, "-o", "-", "--winners")
    assert result.code == 0
    assert result.out.startswith(b"\x89PNG")
    assert result.out != usual
    assert "max" in cnnviz("pool", matrix, "--type", "average", "--winners").fault(2)


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (("--type", "avarage"), "average"),
        (("--type", "lp:zero"), "lp"),
        (("--size", "0"), "'0'"),
        (("--size", "2", "--stride", "0"), "--stride"),
        (("--size", "99"), "99"),
    ],
)
def test_wrong_words(cnnviz, photo, folder, arguments, part):
    assert part in cnnviz("pool", photo, *arguments).fault(2)
    assert files(folder) == {"photo.png"}


def test_savings_are_told_for_each_size(cnnviz, photo):
    text = cnnviz("pool", photo, "--type", "max", "--type", "global-max", "--type", "min").text
    lines = [line.split(maxsplit=1)[1] for line in text.splitlines() if line.startswith("values")]
    assert lines == [
        "576 -> 144 (25.0%), bytes 2304 -> 576 as float32  max, min",
        "576 -> 3 (0.5%), bytes 2304 -> 12 as float32  global-max",
    ]
