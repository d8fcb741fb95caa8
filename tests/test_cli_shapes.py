"""`cnnviz shapes`: the report in the terminal and in files."""

from __future__ import annotations

import csv
import io
import json
import struct

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


def test_tables_in_latex_and_html(cnnviz, folder):
    result = cnnviz("shapes", "--model", "lenet5", "-o", "r.tex", "-o", "r.html", "-q")
    assert (result.code, result.out, result.err) == (0, b"", "")
    assert "61{,}706" in (folder / "r.tex").read_text()
    assert (folder / "r.html").read_text().startswith("<!DOCTYPE html>")


@pytest.mark.parametrize("others", [[], ["--compare", "alexnet"]])
def test_pictures_are_written_where_they_are_asked_for(cnnviz, folder, others):
    arguments = ("shapes", "--model", "lenet5", *others, "-o", "r.png", "-o", "r.svg")
    result = cnnviz(*arguments, "--theme", "dark", "--scale", "2")
    assert result.err == "wrote r.png\nwrote r.svg\n"
    size = struct.unpack(">II", (folder / "r.png").read_bytes()[16:24])
    assert size[0] == 2 * 960
    svg = (folder / "r.svg").read_text()
    assert 'width="960"' in svg
    assert "#12161c" in svg  # the dark background
    assert cnnviz("shapes", "--model", "lenet5", "-o", "png:-").out.startswith(b"\x89PNG")
    cnnviz("shapes", "--model", "lenet5", *others)
    assert files(folder) == {"r.png", "r.svg"}


def test_comparison(cnnviz, folder):
    arguments = ("shapes", "--model", "vgg16", "--compare", "googlenet")
    names = ("c.json", "c.csv", "c.md", "c.tex", "c.html", "c.txt")
    result = cnnviz(*arguments, *(word for name in names for word in ("-o", name)))
    assert result.code == 0
    assert "vgg16 has 20 times the parameters and 9.8 times the work of googlenet" in result.text
    assert "dense layers hold 89% of the parameters, convolutions do 99% of the\n" in result.text
    assert all(len(line) <= 80 for line in result.text.splitlines())
    for name in names[2:]:
        content = (folder / name).read_text().replace("{,}", ",")
        assert "138,357,544" in content
        assert "14.6" in content
    rows = list(csv.DictReader(io.StringIO((folder / "c.csv").read_text())))
    assert [(row["model"], row["depth"]) for row in rows] == [("vgg16", "16"), ("googlenet", "22")]
    data = json.loads((folder / "c.json").read_bytes())
    assert data["compared"] == [report(cnnviz, "--model", "googlenet")]
    single = report(cnnviz, "--model", "vgg16")
    assert {key: data[key] for key in single} == single
    assert set(data) - set(single) == {"compared", "comparison"}
    assert report(cnnviz, *arguments[1:]) == data


def test_settings_are_of_the_model_and_the_input_of_all(cnnviz, folder):
    arguments = ("--model", "lenet5", "--set", "c1.filters=12", "--compare", "lenet5")
    data = report(cnnviz, *arguments, "--input", "32x32x1")
    assert [row["model"] for row in data["comparison"]] == ["lenet5 c1.filters=12", "lenet5"]
    assert [row["input_shape"] for row in data["comparison"]] == [[32, 32, 1]] * 2
    assert data["comparison"][0]["params"] > data["comparison"][1]["params"]
    assert data["model"] == data["compared"][0]["model"] == "lenet5"
    cnnviz("shapes", *arguments, "-o", "out/")
    assert files(folder) == {"out/lenet5-shapes-c1.filters=12-vs-lenet5.txt"}


def test_batch(cnnviz):
    one = report(cnnviz, "--model", "lenet5")
    many = report(cnnviz, "--model", "lenet5", "--batch", "32", "--compare", "lenet5")
    for key, factor in (("params", 1), ("macs", 32), ("flops", 32), ("activation_bytes", 32)):
        assert many["totals"][key] == factor * one["totals"][key]
        assert [row[key] for row in many["comparison"]] == [factor * one["totals"][key]] * 2
    assert "batch of 32" in cnnviz("shapes", "--model", "lenet5", "--batch", "32").text
    assert "--batch" in cnnviz("shapes", "--model", "lenet5", "--batch", "0").fault(2)


def test_a_model_to_compare_with_that_is_wrong(cnnviz):
    wrong = ("shapes", "--model", "lenet5", "--compare")
    assert "vgg16" in cnnviz(*wrong, "vgg17").fault(2)
    assert "net.toml" in cnnviz(*wrong, "net.toml").fault(1)
    assert "png" in cnnviz("shapes", "--model", "lenet5", "-o", "r.gif").fault(2)


def test_a_spec_to_compare_with_is_not_overwritten(cnnviz, folder):
    layer = {"type": "Dense", "units": 3}
    spec = json.dumps({"name": "net", "input_shape": [4], "layers": [layer]})
    (folder / "net.json").write_text(spec)
    arguments = ("--model", "lenet5", "--compare", "net.json", "-o", "net.json", "--overwrite")
    assert "net.json is an input" in cnnviz("shapes", *arguments).fault(4)
    assert (folder / "net.json").read_text() == spec
