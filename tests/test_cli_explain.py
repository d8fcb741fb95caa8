"""`cnnviz explain`: from words to numbers and pictures."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from conftest import SAMPLES, files

CAT, MATRIX = SAMPLES / "cat.png", SAMPLES / "matrix5x5.csv"
CROSS = ("--kernel", "1 0 1; 0 1 0; 1 0 1")


def test_the_textbook_sum(cnnviz, folder):
    result = cnnviz("explain", MATRIX, *CROSS, "--at", "0,1")
    assert result.code == 0
    for part in ("rows 0 to 2, columns 1 to 3", "value    map[0, 1] = 3", "printed exactly"):
        assert part in result.text
    assert result.text.isascii()
    (path,) = files(folder)
    assert path.startswith("cnnviz-out/matrix5x5-explain")


def test_json_has_every_term(cnnviz):
    words = ("--padding", "same", "--at", "0,0", "--at", "2,2", "--json")
    rows = json.loads(cnnviz("explain", MATRIX, *CROSS, *words).out)["values"]
    assert [row["at"] for row in rows] == [[0, 0], [2, 2]]
    corner, middle = rows
    assert corner["window"]["rows"] == [-1, 0, 1]
    assert corner["inside"][0] == [False, False, False]
    for row in (corner, middle):
        products = [p for line in row["products"] for cell in line for p in cell]
        assert sum(products) == row["sum"] == row["value"] == row["engine"]
    assert middle["value"] == 4


def test_json_leaves_out_arrays_of_very_many_values(cnnviz, folder):
    np.save("large.npy", np.ones((513, 512), np.float32))
    (row,) = json.loads(cnnviz("explain", "large.npy", "--pool", "global-max", "--json").out)[
        "values"
    ]
    assert row["patch"] is row["products"] is None
    assert row["value"] == 1
    assert row["left_out"] == "arrays of 262,656 values: -o FILE.npz has them"
    words = ("--pool", "max", "--size", "256", "--tiles", "--json")
    found = json.loads(cnnviz("explain", "large.npy", *words).out)
    assert found["values"][0]["left_out"] is None
    assert len(found["tiles"]) == 4
    words = ("--pool", "max", "--size", "256", "--stride", "32", "--tiles", "--json")
    found = json.loads(cnnviz("explain", "large.npy", *words).out)
    assert {tile["patch"] for tile in found["tiles"]} == {None}


def test_without_a_place_it_is_the_strongest(cnnviz):
    result = cnnviz("explain", CAT, "--kernel", "edge", "-o", "svg:-")
    assert "the strongest response" in result.err
    ET.fromstring(result.out)


def test_a_layer(cnnviz):
    words = ("--model", "lenet5", "--layer", "c3", "--filter", "4", "--json")
    (row,) = json.loads(cnnviz("explain", SAMPLES / "digit.png", *words).out)["values"]
    assert len(row["channel_sums"]) == 6
    assert row["before_activation"] == pytest.approx(row["sum"] + row["bias"])
    assert row["engine"] == pytest.approx(row["value"], abs=1e-5)


def test_tiles(cnnviz):
    data = json.loads(cnnviz("explain", MATRIX, *CROSS, "--tiles", "--json").out)
    assert [tile["value"] for tile in data["tiles"]] == [4, 3, 4, 2, 4, 3, 2, 3, 4]


@pytest.mark.parametrize(
    ("words", "part"),
    [
        ((), "one of --kernel, --pool and --model"),
        ((*CROSS, "--pool", "max"), "one of"),
        (("--pool", "max", "--bias", "2"), "--bias does not go with --pool"),
        ((*CROSS, "--layer", "c1"), "--layer does not go with --kernel"),
        (("--model", "lenet5"), "needs --layer"),
        (("--layer", "c1"), "--layer needs --model"),
        (("--model", "lenet5", "--layer", "flatten"), "layer"),
        ((*CROSS, "--at", "3,0"), "rows are 0 to 2"),
        ((*CROSS, "--filter", "1"), "--filter 1"),
    ],
)
def test_wrong_words(cnnviz, folder, words, part):
    assert part in cnnviz("explain", MATRIX, *words).fault(2)
    assert not files(folder)
