"""`cnnviz connections`: from words to equations, tables, pictures and matrices."""

from __future__ import annotations

import io
import json
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from conftest import files
from PIL import Image


def test_the_table_and_the_equations(cnnviz, folder):
    result = cnnviz("connections", "--inputs", 4, "--units", 2)
    assert result.code == 0
    lines = result.text.splitlines()
    rows = [line.split() for line in lines if line.startswith((" dense  D", " conv ", " local "))]
    assert [row[-5:] for row in rows] == [
        ["8", "8", "2", "10", "8"],
        ["6", "3", "1", "4", "6"],
        ["6", "6", "2", "8", "6"],
    ]
    assert " y1 = w1*x1 + w2*x2 + w3*x3 + b" in lines
    assert "(unshared)" in result.text
    assert max(map(len, lines)) <= 80
    assert files(folder) == {"cnnviz-out/4-to-2-connections.png"}
    with Image.open("cnnviz-out/4-to-2-connections.png") as image:
        assert image.width > 900


def test_the_same_run_replaces_its_picture_and_another_never_does(cnnviz, folder):
    for words in ([], [], ["--kernel-size", 3], ["--no-bias"], ["--values", "--theme", "dark"]):
        assert cnnviz("connections", *words).code == 0
    assert files(folder) == {
        "cnnviz-out/4-to-2-connections.png",
        "cnnviz-out/4-to-2-connections-k3.png",
        "cnnviz-out/4-to-2-connections-no-bias.png",
        "cnnviz-out/4-to-2-connections-values-dark.png",
    }


def test_json(cnnviz):
    data = json.loads(cnnviz("connections", "--inputs", "3x3", "--kernel-size", 2, "--json").out)
    assert data["inputs"] == [3, 3]
    dense, conv, local = data["layers"]
    assert (dense["params"], conv["params"], local["params"]) == (40, 5, 20)
    assert (conv["layer"], conv["output_shape"]) == ("Conv2D(1, 2)", [2, 2, 1])
    edges = [(edge["output"], edge["input"], edge["name"]) for edge in conv["edges"]]
    assert edges[:5] == [(0, 0, "w1"), (0, 1, "w2"), (0, 3, "w3"), (0, 4, "w4"), (1, 1, "w1")]
    assert len({edge["weight"] for edge in local["edges"]}) == 16
    x, w, b = (np.array(conv["values"][name]) for name in "xwb")
    assert conv["values"]["y"][0] == float(x[[0, 1, 3, 4]] @ w + b[0])
    assert data["outputs"] == ["cnnviz-out/3x3-to-2x2-connections-k2.png"]


def test_a_matrix_is_the_convolution(cnnviz):
    words = ["connections", "--inputs", 6, "--kind", "conv", "--no-bias", "-q", "-o"]
    matrix = np.loadtxt(io.StringIO(cnnviz(*words, "csv:-").text), delimiter=",")
    values = json.loads(cnnviz(*words[:-2], "--json").out)["layers"][0]["values"]
    assert matrix.shape == (4, 6)
    assert (matrix @ values["x"]).tolist() == values["y"]
    assert np.correlate(values["x"], values["w"], "valid").tolist() == values["y"]
    assert np.array_equal(np.load(io.BytesIO(cnnviz(*words, "npy:-").out)), matrix)
    named = np.load(io.BytesIO(cnnviz("connections", "-q", "-o", "npz:-").out))
    assert {name: named[name].shape for name in named} == dict.fromkeys(
        ("dense", "conv", "local"), (2, 4)
    )


def test_numbers(cnnviz):
    result = cnnviz("connections", "--kind", "dense", "--kind", "covering", "--values")
    assert result.text.count("\n    = 1*4 + 3*3 - 1*1 + 2*5 + 2 = 24\n") == 2
    assert "the same outputs" in " ".join(result.text.split())


def test_the_window(cnnviz):
    words = ["--kind", "conv", "--json", "--inputs", 9, "--kernel-size", 3]
    (conv,) = json.loads(
        cnnviz("connections", *words, "--stride", 2, "--padding", "same", "--dilation", 2).out
    )["layers"]
    assert conv["layer"] == "Conv1D(1, 3, strides=2, padding='same', dilation_rate=2)"
    assert (len(conv["edges"]), conv["padding_edges"]) == (13, 2)
    (conv,) = json.loads(cnnviz("connections", *words, "--padding", "0,0,1,2").out)["layers"]
    assert conv["output_shape"] == [10, 1]


def test_the_fully_connected_part(cnnviz):
    words = ["--inputs", "5x5x16", "--units", 120, "--units", 84, "--units", 10, "--softmax"]
    result = cnnviz("connections", *words)
    assert result.code == 0
    for part in ("59,134 parameters", "16 maps of 5x5", "W1 is 120x400", "10 probabilities"):
        assert part in result.text
    data = json.loads(cnnviz("connections", *words, "--json").out)
    assert [row["params"] for row in data["layers"]] == [48_120, 10_164, 850]
    assert (data["edges"], data["totals"]["macs"]) == (None, 58_920)


def test_svg(cnnviz):
    for words in ([], ["--inputs", "4x4"], ["--inputs", 8, "--units", 4, "--units", 3]):
        root = ET.fromstring(cnnviz("connections", *words, "-q", "-o", "svg:-").out)
        assert [child.tag.rpartition("}")[2] for child in root[:2]] == ["title", "desc"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--inputs", "0"], "'0' is not positive whole numbers N, HxW or HxWxC"),
        (["--inputs", "4x"], "'4x' is not positive"),
        (["--inputs", "4x4x4x4"], "is not positive"),
        (["--inputs", "4000"], "4000 inputs are more than the 32"),
        (["--units", "9"], "no kernel makes 9 outputs of 4 inputs"),
        (["--kernel-size", "9"], "kernel_size 9 does not fit in 4"),
        (["--kernel-size", "2x2"], "kernel_size (2, 2) is not a positive integer"),
        (["--stride", "1x2"], "strides 1,2 is for two axes, and the inputs are a row"),
        (["--padding", "1,1,0,0"], "padding 1,0 is for two axes"),
        (["--padding", "500"], "1004 inputs with their padding"),
        (["--kind", "fast"], "fast"),
        (["--kind", "local", "--dilation", "2", "--inputs", "9"], "has no dilation"),
        (["--softmax"], "dense layers in a row need their --units"),
        (["--inputs", "2x2x3"], "dense layers in a row need their --units"),
        (["--units", "2", "--units", "2x2"], "are numbers, not grids"),
        (["--units", "2", "--units", "3", "--values"], "--values does not go with dense layers in"),
        (["--units", "2", "--softmax", "--stride", "2"], "--stride does not go with dense layers"),
        (["--units", "2", "--softmax", "--kind", "conv"], "--kind conv does not go with dense"),
        (["-o", "m.csv"], "holds one array, not 3"),
        (["--units", "3", "--units", "2", "-o", "m.npy"], "no output format 'npy'"),
    ],
)
def test_faults(cnnviz, folder, words, message):
    assert message in cnnviz("connections", *words).fault(2)
    assert files(folder) == set()


def test_dense_layers_alone_ask_for_no_kernel(cnnviz):
    words = ("--kind", "dense", "--kind", "covering", "--json", "-q")
    result = cnnviz("connections", "--inputs", 4, "--units", 9, *words)
    assert [row["params"] for row in json.loads(result.out)["layers"]] == [45, 45]
    result = cnnviz("connections", "--inputs", 4, "--units", 9)
    assert result.code == 2
    assert "no kernel makes 9 outputs" in result.err


def test_rows_of_large_layers_fit_the_terminal(cnnviz):
    text = cnnviz("connections", "--inputs", "1000000x1000000x3", "--units", 5, "--units", 3).text
    assert max(map(len, text.splitlines())) <= 80
    assert "15,000,000,000,023" in text
