"""`cnnviz shapes`: the report in the terminal and in files."""

from __future__ import annotations

import csv
import io
import json

import pytest
from conftest import files

SMALL = "Conv2D(16, (3, 3), strides=(2, 2), padding='valid') MaxPool2D((2, 2))"


def report(cnnviz, *args: object) -> dict:
    result = cnnviz("shapes", *args, "--json")
    assert (result.code, result.err) == (0, "")
    return json.loads(result.out)


def test_vgg16(cnnviz):
    data = report(cnnviz, "--model", "vgg16")
    assert data["totals"]["params"] == 138_357_544
    assert data["totals"]["macs"] == 15_470_264_320
    pool5 = next(row for row in data["layers"] if row["name"] == "pool5")
    assert pool5["output_shape"] == [7, 7, 512]
    field = pool5["receptive_field"]
    assert (field["size"], field["stride"], field["start"]) == ([212] * 2, [32] * 2, [-90] * 2)


def test_the_table_of_vgg16(cnnviz):
    text = cnnviz("shapes", "--model", "vgg16").text
    assert "138,357,544" in text
    assert "212/32/-90" in text
    assert all(len(line) <= 80 for line in text.splitlines())


def test_inline_spec(cnnviz):
    data = report(cnnviz, "--model", SMALL, "--input", "28x28x1")
    assert [row["output_shape"] for row in data["layers"]] == [[13, 13, 16], [6, 6, 16]]
    assert data["layers"][0]["params"] == 3 * 3 * 16 + 16
    assert data["warnings"]
    assert (
        "floor((28 - 3)/2) + 1 = 13" in cnnviz("shapes", "--model", SMALL, "--input", "28x28").text
    )


def test_what_if(cnnviz):
    data = report(cnnviz, "--model", "vgg16", "--set", "conv1_1.strides=2")
    assert data["layers"][0]["output_shape"] == [112, 112, 64]
    both = ("--set", "c1.filters=3", "--set", "c1.kernel_size=3")
    assert report(cnnviz, "--model", "lenet5", *both)["layers"][0]["params"] == 30


def test_every_format(cnnviz, folder):
    names = ("r.md", "r.csv", "r.json", "r.txt")
    targets = [word for name in names for word in ("-o", name)]
    result = cnnviz("shapes", "--model", "lenet5", *targets)
    assert result.err.splitlines() == [f"wrote {name}" for name in names]
    assert files(folder) == set(names)
    data = json.loads((folder / "r.json").read_bytes())
    assert data["totals"]["params"] == 61_706
    rows = list(csv.DictReader(io.StringIO((folder / "r.csv").read_text())))
    assert sum(int(row["params"]) for row in rows) == 61_706
    for name in ("r.md", "r.txt"):
        content = (folder / name).read_bytes()
        assert b"61,706" in content
        assert content.endswith(b"\n")
        assert b"\x1b" not in content
    assert (folder / "r.json").read_bytes() == cnnviz("shapes", "--model", "lenet5", "--json").out


@pytest.mark.parametrize("form", ["md", "csv", "json", "txt"])
def test_formats_on_stdout(cnnviz, folder, form):
    result = cnnviz("shapes", "--model", "lenet5", "-o", f"{form}:-")
    assert (result.code, result.err) == (0, "")
    assert b"c1" in result.out
    cnnviz("shapes", "--model", "lenet5", "-o", f"r.{form}")
    assert result.out == (folder / f"r.{form}").read_bytes()


def test_a_folder_gets_a_name(cnnviz, folder):
    arguments = ("--input", "32x32x1", "--set", "c1.strides=2", "-o", "out/")
    assert cnnviz("shapes", "--model", "lenet5", *arguments).code == 0
    assert files(folder) == {"out/lenet5-shapes-c1.strides=2-32x32x1.txt"}


def test_colour_only_where_it_is_wanted(cnnviz, monkeypatch):
    plain = cnnviz("shapes", "--model", "lenet5").text
    assert "\x1b" not in plain
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b" in cnnviz("shapes", "--model", "lenet5").text
    assert cnnviz("shapes", "--model", "lenet5", "--no-color").text == plain
    monkeypatch.setenv("NO_COLOR", "1")
    assert cnnviz("shapes", "--model", "lenet5").text == plain


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (("--model", "vgg17"), "vgg16"),
        (("--model", "lenet5", "--set", "c9.filters=2"), "c9"),
        (("--model", "lenet5", "--set", "c1.filter=2"), "filters"),
        (("--model", "lenet5", "--set", "filters"), "LAYER.FIELD=VALUE"),
        (("--model", "Conv2D(16, 3, stride=2)", "--input", "8x8"), "strides"),
        (("--model", "Conv2D(16, 9)", "--input", "8x8x1"), "9"),
        (("--model", SMALL), "input"),
        (("--model", "lenet5", "--input", "28"), "HxWxC"),
        ((), "--model"),
    ],
)
def test_wrong_words_name_what_would_do(cnnviz, folder, arguments, part):
    assert part in cnnviz("shapes", *arguments).fault(2)
    assert files(folder) == set()


def test_missing_file(cnnviz):
    assert "net.toml" in cnnviz("shapes", "--model", "net.toml").fault(1)


def test_json_errors(cnnviz):
    result = cnnviz("shapes", "--model", "vgg17", "--json")
    error = json.loads(result.out)["error"]
    assert result.code == error["code"] == 2
    assert result.err == f"cnnviz: error: {error['message']}; {error['hint']}\n"
    assert set(error) == {"code", "message", "path", "hint", "details"}
