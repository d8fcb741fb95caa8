"""`cnnviz draw`: pictures, text and JSON of an architecture."""

from __future__ import annotations

import json
import struct

import pytest
from conftest import files
from networks_drawn import NETWORKS, aside

SMALL = "Conv2D(8, 3) MaxPool2D(2) Flatten() Dense(10)"


def data(cnnviz, *args: object) -> dict:
    result = cnnviz("draw", *args, "--json", "-q")
    assert result.code == 0, result.err
    return json.loads(result.out)


def spec(folder, layers: list) -> str:
    text = json.dumps({"name": "net", "input_shape": [32, 32, 3], "layers": layers})
    (folder / "net.json").write_text(text, encoding="utf-8")
    return "net.json"


def test_a_picture_is_written_and_the_columns_are_printed(cnnviz, folder):
    result = cnnviz("draw", "--model", "vgg16")
    assert (result.code, result.err) == (0, "wrote cnnviz-out/vgg16-draw.png\n")
    assert files(folder) == {"cnnviz-out/vgg16-draw.png"}
    lines = result.text.splitlines()
    assert lines[0] == (
        " vgg16: 13 convolutions and 5 poolings extract features, 3 dense layers classify"
    )
    assert any(line.split()[:3] == ["conv3_1–3", "3x3", "conv"] for line in lines)
    assert lines.index(" feature extraction") < lines.index(" classification")
    assert "89.4% of the parameters" in result.text
    assert all(len(line) <= 80 for line in lines)


@pytest.mark.parametrize("columns", ["40", "60", "80", "200"])
def test_unfolded_blocks_are_printed_at_every_width(cnnviz, columns, monkeypatch):
    monkeypatch.setenv("COLUMNS", columns)
    result = cnnviz("draw", "--model", "googlenet", "-o", "svg:-", "-o", "g.txt")
    assert result.out.startswith(b"<svg")
    text = cnnviz("draw", "--model", "googlenet").text
    assert "A: inception block, 9 times;" in text
    assert all(len(line) <= max(int(columns), 60) for line in text.splitlines())
    if columns == "200":
        assert "1x1, 3x3, 5x5, pool_proj" in text


def test_every_format_says_the_same(cnnviz, folder):
    names = ("a.png", "a.svg", "a.json", "a.txt")
    targets = [word for name in names for word in ("-o", name)]
    result = cnnviz("draw", "--model", "lenet5", *targets, "--theme", "dark", "--scale", "2")
    assert result.err.splitlines() == [f"wrote {name}" for name in names]
    size = struct.unpack(">II", (folder / "a.png").read_bytes()[16:24])
    svg = (folder / "a.svg").read_text(encoding="utf-8")
    assert f'width="{size[0] // 2}"' in svg
    assert "#12161c" in svg  # the dark background
    assert ">c1</text>" in svg
    assert "c1" in (folder / "a.txt").read_text(encoding="utf-8")
    stored = json.loads((folder / "a.json").read_bytes())
    printed = data(cnnviz, "--model", "lenet5", "-o", "b.png")
    assert printed.pop("outputs") == ["b.png"]
    assert printed == stored


def test_json(cnnviz, folder):
    found = data(cnnviz, "--model", "googlenet")
    assert found["outputs"] == ["cnnviz-out/googlenet-draw.png"]
    assert found["model"] == "googlenet"
    assert len(found["nodes"]) == 85
    assert sum(node["params"] for node in found["nodes"]) == found["totals"]["params"] == 6_998_552
    assert sum(column["params"] for column in found["columns"]) == 6_998_552
    (block,) = found["blocks"]
    assert (block["nature"], len(block["names"])) == ("inception block", 9)
    assert block["unfolded"][-1]["output_shape"] == [28, 28, 256]
    bracket = found["bracket"]
    assert bracket["classification"]["layers"] == ["flatten", "fc"]
    assert bracket["classification"]["params"] == 1_025_000
    assert bracket["feature_extraction"]["params"] == 6_998_552 - 1_025_000
    assert found["scales"]["sides"] == {"largest": 224, "how": "root"}
    assert "is not true of this one" in found["truths"][0]


def test_networks_without_two_parts_have_no_bracket(cnnviz, folder):
    found = data(cnnviz, "--model", spec(folder, NETWORKS["unet"]))
    assert found["bracket"] is None
    assert found["sentence"].endswith("the output is 32x32x1")
    text = cnnviz("draw", "--model", "net.json", "-o", "txt:-").text
    assert "classification is not drawn" in " ".join(text.split())


def test_what_if(cnnviz, folder):
    found = data(cnnviz, "--model", "lenet5", "--set", "c1.filters=3", "--input", "32x32x1")
    assert found["columns"][1]["output_shape"] == [32, 32, 3]
    assert files(folder) == {"cnnviz-out/lenet5-draw-c1.filters=3-32x32x1.png"}
    assert data(cnnviz, "--model", SMALL, "--input", "28x28x1")["model"] == "Conv2D-...-Dense"


def test_layers_that_lead_nowhere_are_told(cnnviz, folder):
    found = data(cnnviz, "--model", spec(folder, aside()))
    assert any("nowhere" in note for note in found["notes"])


@pytest.mark.parametrize(
    ("arguments", "code", "part"),
    [
        (("--model", "vgg17"), 2, "vgg16"),
        (("--model", "net.toml"), 1, "net.toml"),
        (("--model", SMALL), 2, "--input"),
        (("--model", "Conv2D(16, 9)", "--input", "8x8x1"), 2, "9"),
        (("--model", "lenet5", "--set", "c9.filters=2"), 2, "c9"),
        (("--model", "lenet5", "-o", "a.gif"), 2, "png"),
        (("--model", "lenet5", "--scale", "8", "--max-memory", "1M"), 5, "max-memory"),
        ((), 2, "--model"),
    ],
)
def test_wrong_words_name_what_would_do(cnnviz, folder, arguments, code, part):
    assert part in cnnviz("draw", *arguments).fault(code)
    assert files(folder) == set()


def test_a_spec_is_never_overwritten(cnnviz, folder):
    name = spec(folder, aside())
    before = (folder / name).read_bytes()
    result = cnnviz("draw", "--model", name, "-o", name, "--overwrite")
    assert "is an input" in result.fault(4)
    assert (folder / name).read_bytes() == before


def test_names_cannot_drive_the_terminal(cnnviz, folder):
    layers = aside()
    layers[0]["name"] = "<script>"
    layers[2]["inputs"][0] = "<script>"
    result = cnnviz("draw", "--model", spec(folder, layers), "-o", "a.svg")
    assert "<script>" in result.text
    assert "<script>" not in (folder / "a.svg").read_text(encoding="utf-8")
