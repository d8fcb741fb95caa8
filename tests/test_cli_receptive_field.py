"""`cnnviz receptive-field`: from words to regions, tables and pictures."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from conftest import SAMPLES, files

CAT, DIGIT, MATRIX = SAMPLES / "cat.png", SAMPLES / "digit.png", SAMPLES / "matrix5x5.csv"
CHAIN = ("--model", "Conv2D(1, 3) MaxPool2D(2) Conv2D(1, 3)", "--input", "60x90x3")


def test_the_same_kernel_before_and_after_a_pooling(cnnviz, folder):
    result = cnnviz("receptive-field", CAT, *CHAIN, "--layer", "conv*")
    assert result.code == 0
    rows = [line.split() for line in result.text.splitlines() if line.startswith(" conv")]
    assert [row[3:6] for row in rows] == [["3x3", "1x1", "0x0"], ["8x8", "2x2", "0x0"]]
    assert [row[-1] for row in rows] == ["0.2%", "1.2%"]
    (path,) = files(folder)
    assert path.startswith("cnnviz-out/cat-receptive-field")


def test_without_layers_all_that_grow_are_listed(cnnviz):
    text = cnnviz("receptive-field", CAT, "--model", "vgg16").text
    assert sum(line.startswith(" conv") for line in text.splitlines()) == 13
    assert "exceeds image" not in text
    text = cnnviz("receptive-field", CAT, "--model", "googlenet").text
    (row,) = (line for line in text.splitlines() if line.startswith(" inception_4b/5x5"))
    assert row.endswith("exceeds image")


def test_json(cnnviz):
    words = ("--model", "vgg16", "--layer", "pool5", "--at", "0,6", "--json")
    data = json.loads(cnnviz("receptive-field", CAT, *words).out)
    (row,) = data["layers"]
    assert row["at"] == [0, 6]
    assert row["receptive_field"]["start"] == [-90, -90]
    assert row["region"] == {"rows": [-90, 122], "columns": [102, 314]}
    assert row["clipped"] == {"rows": [0, 122], "columns": [102, 224]}
    assert row["share"] == pytest.approx((122 / 224) ** 2)
    assert "effective" not in row
    assert [one["name"] for one in data["growth"]][-1] == "pool5"
    assert len(data["growth"]) == 18


def test_the_field_is_that_of_shapes(cnnviz):
    shapes = json.loads(cnnviz("shapes", "--model", "lenet5", "--json").out)["layers"]
    words = ("--model", "lenet5", "--layer", "*", "--json")
    found = json.loads(cnnviz("receptive-field", DIGIT, *words).out)["layers"]
    assert [(row["name"], row["receptive_field"]) for row in found] == [
        (row["name"], row["receptive_field"]) for row in shapes
    ]


def test_the_effective_field_of_trained_weights(cnnviz, folder):
    words = ("--model", "lenet5", "--layer", "s4", "--effective", "--filter", "3", "--json")
    target = folder / "heat.npy"
    data = json.loads(cnnviz("receptive-field", DIGIT, *words, "-o", target).out)
    found = data["layers"][0]["effective"]
    heat = np.load(target)[..., 0]
    assert heat.shape == (28, 28)
    assert found["filter"] == 3
    assert found["cells"] == np.count_nonzero(heat) <= 256
    order = np.sort(heat, axis=None)[::-1].astype(float)
    kept = found["cells_95"]
    assert order[: kept - 1].sum() < 0.95 * order.sum() <= order[:kept].sum() * (1 + 1e-9)
    assert found["strongest"] == list(np.unravel_index(heat.argmax(), heat.shape))
    assert not data["random_weights"]


def test_random_weights_are_stamped_only_where_they_matter(cnnviz):
    model = ("--model", "Conv2D(2, 3)", "--input", "5x5x1")
    words = ("receptive-field", MATRIX, *model, "-o", "svg:-")
    plain, effective = (cnnviz(*words, *more).out.decode() for more in ((), ("--effective",)))
    for text in (plain, effective):
        ET.fromstring(text)
    assert "random weights" not in plain
    assert "random weights" in effective


def test_a_hostile_layer_name_is_inert(cnnviz, folder):
    name = "<script>alert(1)</script>"
    text = f'[[layers]]\ntype = "Conv2D"\nname = "{name}"\nfilters = 1\nkernel_size = 3\n'
    (folder / "net.toml").write_text(text, encoding="utf-8")
    words = ("--model", folder / "net.toml", "--input", "20x20x3", "--effective")
    out = cnnviz("receptive-field", CAT, *words, "-o", "svg:-").out.decode()
    assert "<script" not in out
    assert name in "".join(ET.fromstring(out).itertext())


def test_several_images(cnnviz, folder):
    result = cnnviz("receptive-field", CAT, DIGIT, "--model", "lenet5", "-o", "{stem}.svg")
    assert result.code == 0
    assert files(folder) == {"cat.svg", "digit.svg"}


@pytest.mark.parametrize(
    ("words", "code", "part"),
    [
        ((), 2, "--model"),
        (("--model", "lenet5", "--layer", "s9"), 2, "unknown layer 's9'"),
        (("--model", "lenet5", "--layer", "s4", "--at", "0,5"), 2, "columns are 0 to 4"),
        (("--model", "lenet5", "--layer", "f6", "--at", "0,0"), 2, "no place"),
        (("--model", "lenet5", "--filter", "3"), 2, "add --effective"),
        (("--model", "lenet5", "--layer", "c1", "--effective", "--filter", "6"), 2, "0 to 5"),
        (("--model", "vgg16", "--layer", "*"), 2, "24 units are more than the 12"),
        (("--model", "vgg16", "--effective", "--max-memory", "99M"), 5, "the way back"),
    ],
)
def test_wrong_words(cnnviz, folder, words, code, part):
    assert part in cnnviz("receptive-field", CAT, *words).fault(code)
    assert not files(folder)


def test_a_filter_that_is_not_there_is_told_before_an_image_is_read(cnnviz):
    words = ("--model", "lenet5", "--layer", "c1", "--effective", "--filter", "6")
    result = cnnviz("receptive-field", "missing.png", *words)
    assert (result.code, result.err) == (
        2, "cnnviz: error: c1 has no filter 6; they are 0 to 5\n",
    )  # fmt: skip
