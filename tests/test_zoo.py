"""The built-in models against published figures, and as specs that read back the same."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from cnnviz import layers, load_model
from cnnviz.errors import SpecError
from cnnviz.graph.document import read_document, to_toml
from cnnviz.model import zoo
from cnnviz.model.preprocess import preprocess_for

# Parameters, multiply-adds, and size, stride and start of the field of a spatial layer. Sources:
# the papers, "Computing Receptive Fields of Convolutional Neural Networks" (Distill, 2019), and
# torchvision's table of weights, which gives parameters to the unit; else worked out by hand.
PUBLISHED = {
    "alexnet": (60_965_224, 724_406_816, "pool5", (195, 32, -64)),
    "alexnet-ungrouped": (62_378_344, 1_135_256_096, "pool5", (195, 32, -64)),
    "alexnet-torchvision": (61_100_840, 714_188_480, "pool5", (195, 32, -66)),
    "cifar-net": (393_002, 16_615_936, "conv4", (40, 8, -16)),
    "googlenet": (6_998_552, 1_582_671_872, "inception_5b/output", (715, 32, -327)),
    "googlenet-torchvision": (6_624_904, 1_498_376_192, "inception_5b/output", (379, 32, -167)),
    "lenet5": (61_706, 416_520, "s4", (16, 4, -2)),
    "resnet18": (11_689_512, 1_814_073_344, "conv5_2/relu", (435, 32, -217)),
    "resnet34": (21_797_672, 3_663_761_408, "conv5_3/relu", (899, 32, -449)),
    "resnet50": (25_557_032, 4_089_184_256, "conv5_3/relu", (427, 32, -213)),
    "vgg11": (132_863_336, 7_609_090_048, "pool5", (150, 32, -59)),
    "vgg13": (133_047_848, 11_308_466_176, "pool5", (156, 32, -62)),
    "vgg16": (138_357_544, 15_470_264_320, "pool5", (212, 32, -90)),
    "vgg19": (143_667_240, 19_632_062_464, "pool5", (268, 32, -118)),
    "tiny-vgg": (19_920, 5_608_780, "pool2", (16, 4, 0)),
}
# torchvision's table gives billions of multiply-adds, to two digits behind the point.
TORCHVISION_GMACS = {
    "alexnet-torchvision": 0.71,
    "googlenet-torchvision": 1.50,
    "resnet18": 1.81,
    "resnet34": 3.66,
    "resnet50": 4.09,
    "vgg11": 7.61,
    "vgg13": 11.31,
    "vgg16": 15.47,
    "vgg19": 19.63,
}
# Node by node: what torchvision calls it, and how many of its nodes have tensors at all.
CHECKPOINTS = {
    "alexnet-torchvision": (8, {"conv4": "features.8", "fc6": "classifier.1"}),
    "googlenet-torchvision": (
        115,
        {
            "conv1": "conv1.conv",
            "conv2/3x3_bn": "conv3.bn",
            "inception_3a/1x1": "inception3a.branch1.conv",
            "inception_4e/5x5_reduce": "inception4e.branch3.0.conv",
            "inception_5b/pool_proj_bn": "inception5b.branch4.1.bn",
            "fc": "fc",
        },
    ),
    "resnet18": (41, {"conv1_bn": "bn1", "conv3_1/shortcut": "layer2.0.downsample.0"}),
    "resnet34": (73, {"conv5_3/conv2_bn": "layer4.2.bn2"}),
    "resnet50": (107, {"conv2_1/shortcut_bn": "layer1.0.downsample.1", "fc": "fc"}),
    "vgg11": (11, {"conv5_2": "features.18"}),
    "vgg13": (13, {"conv5_2": "features.22"}),
    "vgg16": (16, {"conv5_3": "features.28", "fc6": "classifier.0", "fc8": "classifier.6"}),
    "vgg19": (19, {"conv5_4": "features.34"}),
}


def row(name: str, node: str) -> dict:
    return next(row for row in load_model(name).shapes() if row["name"] == node)


def test_every_model_has_figures_and_a_paper() -> None:
    assert set(PUBLISHED) == set(zoo.names())
    for name in zoo.names():
        assert zoo.build(name).name == name
        assert zoo.summary(name).endswith(").")
        assert re.search(r"\b(19|20)\d\d\b", zoo.summary(name))
        assert len(zoo.summary(name)) <= 77  # one line of the table


def test_families_stay_together() -> None:
    names = zoo.names()
    assert names[:3] == ["alexnet", "alexnet-ungrouped", "alexnet-torchvision"]
    assert names[-5:] == ["vgg11", "vgg13", "vgg16", "vgg19", "tiny-vgg"]


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_figures(name: str) -> None:
    params, macs, last, field = PUBLISHED[name]
    report = load_model(name).shapes()
    assert report.totals["params"] == params
    assert report.totals["macs"] == macs
    found = row(name, last)["receptive_field"]
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


@pytest.mark.parametrize(("name", "giga"), TORCHVISION_GMACS.items())
def test_torchvisions_table(name: str, giga: float) -> None:
    assert round(load_model(name).shapes().totals["macs"] / 1e9, 2) == giga


def test_googlenet_sees_907_pixels_after_its_average_pool() -> None:
    field = row("googlenet", "pool5")["receptive_field"]
    assert (field["size"], field["stride"]) == ([907, 907], [32, 32])
    assert row("googlenet", "pool5")["output_shape"] == [1, 1, 1024]


def test_the_outputs_of_googlenet_are_those_of_table_1() -> None:
    for name in ("googlenet", "googlenet-torchvision"):
        shapes = zoo.build(name).shapes()
        assert shapes["conv1"] == (112, 112, 64)
        assert shapes["pool1"] == (56, 56, 64)
        assert shapes["conv2/3x3"] == (56, 56, 192)
        assert shapes["pool2"] == (28, 28, 192)
        found = [shapes[f"inception_{block}/output"] for block in ("3a", "3b", "4a", "4e", "5b")]
        assert found == [
            (28, 28, 256), (28, 28, 480), (14, 14, 512), (14, 14, 832), (7, 7, 1024)
        ]  # fmt: skip


def test_running_statistics_are_counted_apart() -> None:
    # Two for each of the channels that batch norm sees.
    totals = load_model("resnet50").shapes().totals
    assert totals["non_trainable_params"] == 53_120
    assert load_model("vgg16").shapes().totals["non_trainable_params"] == 0


def test_dense_layers_of_googlenet_are_few() -> None:
    kinds = {kind["type"]: kind for kind in load_model("googlenet").shapes().totals["by_type"]}
    assert kinds["Dense"]["params"] == 1_025_000
    assert round(kinds["Dense"]["params_share"], 3) == 0.146


@pytest.mark.parametrize("name", PUBLISHED)
def test_checkpoint_names(name: str) -> None:
    found = zoo.checkpoint_names(name)
    number, some = CHECKPOINTS.get(name, (0, {}))
    assert len(found) == len(set(found.values())) == number
    assert {node: found[node] for node in some} == some
    graph = zoo.build(name)
    with_tensors = [row["name"] for row in load_model(name).shapes() if row["params"]]
    assert not found or sorted(found) == sorted(with_tensors)
    assert set(found) <= {node.name for node in graph.nodes}


@pytest.mark.parametrize("name", PUBLISHED)
def test_photos_are_prepared_to_fit(name: str) -> None:
    graph = zoo.build(name)
    made = preprocess_for(graph)
    white = np.full((300, 451, 3), 255, np.float32)
    x = made.apply(white)
    assert x.shape == graph.input_shape
    expected = {  # (255 - mean) of Caffe, blue first; (1 - mean) / std of torchvision's
        "alexnet": [151, 138, 132],
        "alexnet-ungrouped": [151, 138, 132],
        "cifar-net": [2.0591, 2.1265, 2.1158],
        "googlenet": [151, 138, 132],
        "googlenet-torchvision": [1, 1, 1],
        "lenet5": [1],
        "tiny-vgg": [1, 1, 1],
    }.get(name, [2.2489, 2.4286, 2.6400])
    np.testing.assert_allclose(x[5, 5], expected, atol=1e-4)


def test_the_small_net_names_its_classes() -> None:
    graph = zoo.build("cifar-net")
    assert len(graph.labels) == graph.shapes()["fc"][0] == 10


def test_a_model_is_found_without_importing_the_other_families() -> None:
    code = (
        "import sys; from cnnviz import load_model; load_model(sys.argv[1]);"
        "print(*sorted(n for n in sys.modules if n.startswith('cnnviz.model.zoo.')))"
    )
    for name, family in (("vgg16", "vgg"), ("tiny-vgg", "vgg"), ("resnet50", "resnet")):
        run = subprocess.run([sys.executable, "-c", code, name], capture_output=True, check=True)
        assert run.stdout.split() == [
            b"cnnviz.model.zoo._parts",
            f"cnnviz.model.zoo.{family}".encode(),
        ]


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
