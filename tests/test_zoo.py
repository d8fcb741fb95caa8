"""The built-in models against published figures, and as specs that read back the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from cnnviz import layers, load_model
from cnnviz.errors import SpecError
from cnnviz.graph.document import read_document, to_toml
from cnnviz.model import zoo

# Parameters, multiply-adds, and size, stride and start of the field of the last spatial layer.
PUBLISHED = {
    "alexnet-torchvision": (61_100_840, 714_188_480, "pool5", (195, 32, -66)),
    "lenet5": (61_706, 416_520, "s4", (16, 4, -2)),
    "tiny-vgg": (19_920, 5_608_780, "pool2", (16, 4, 0)),
    "vgg16": (138_357_544, 15_470_264_320, "pool5", (212, 32, -90)),
}


def test_every_model_has_figures_and_a_paper() -> None:
    assert set(PUBLISHED) == set(zoo.names())
    for name in zoo.names():
        assert zoo.build(name).name == name
        assert zoo.summary(name).endswith(".")
        assert any(year in zoo.summary(name) for year in ("1998", "2014", "2020"))


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_figures(name: str) -> None:
    params, macs, last, field = PUBLISHED[name]
    report = load_model(name).shapes()
    assert report.totals["params"] == params
    assert report.totals["macs"] == macs
    row = next(row for row in report if row["name"] == last)
    found = row["receptive_field"]
    assert [found[key] for key in ("size", "stride", "start")] == [[n, n] for n in field]
    assert found["aligned"]


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_printed_model_reads_back_the_same(name: str, tmp_path: Path) -> None:
    graph = zoo.build(name)
    text = to_toml(graph)
    assert read_document(text.encode(), layers.find, kind="toml", name="x") == graph
    file = tmp_path / "edited.toml"
    file.write_text(text, encoding="utf-8")
    assert load_model(file).shapes().to_dict() == load_model(name).shapes().to_dict()


def test_the_nodes_of_vgg16_are_named_as_in_the_paper() -> None:
    names = [node.name for node in zoo.build("vgg16").nodes]
    assert names[:6] == ["conv1_1", "conv1_2", "pool1", "conv2_1", "conv2_2", "pool2"]
    assert {"conv5_3", "pool5", "fc6", "fc7", "fc8"} <= set(names)


def test_vgg16_is_mostly_its_dense_layers() -> None:
    kinds = {kind["type"]: kind for kind in load_model("vgg16").shapes().totals["by_type"]}
    assert round(kinds["Dense"]["params_share"], 3) == 0.894
    assert kinds["Conv2D"]["params"] == 14_714_688


def test_an_unknown_model_brings_the_nearest() -> None:
    with pytest.raises(SpecError, match="did you mean lenet5"):
        zoo.build("lenet")
