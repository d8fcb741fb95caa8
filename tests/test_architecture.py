"""The architecture of networks as data: trunk, blocks, parts, words, scales."""

from __future__ import annotations

import pytest
from drawn import many, seeds
from hypothesis import given
from hypothesis import strategies as st
from networks_drawn import (
    NETWORKS,
    Layers,
    aside,
    conv,
    graph,
    layer,
    residual_in_residual,
    side_by_side,
    squeeze,
    wild,
)

from cnnviz.graph import INPUT, Graph
from cnnviz.model import zoo
from cnnviz.model.load import load_graph
from cnnviz.report.architecture import MOST_COLUMNS, Architecture, architecture
from cnnviz.report.architecture_scales import scales_of
from cnnviz.report.architecture_stages import Block, Stage, stages_of, trunk
from cnnviz.report.architecture_words import besides, operation, ranged
from cnnviz.report.shapes import shapes


def made(spec: str, shape: tuple[int, ...] | None = None) -> Architecture:
    return architecture(load_graph(spec, input_shape=shape))


def names(found: Architecture) -> list[str]:
    return [column.name for column in found.columns]


@pytest.mark.parametrize("name", zoo.names())
def test_every_layer_is_in_one_column_and_counted_once(name: str) -> None:
    network = zoo.build(name)
    found = architecture(network)
    layers = [row["name"] for column in found.columns for row in column.rows]
    assert sorted(layers) == sorted(node.name for node in network.nodes)
    for figure in ("params", "macs"):
        assert sum(c.total(figure) for c in found.columns) == found.report.totals[figure]
        assert sum(getattr(p, figure) for p in found.divisions) == found.report.totals[figure]
    assert found.left_out == ()


def test_vgg16_is_the_textbook_s() -> None:
    found = made("vgg16")
    groups = ["conv1_1–2", "conv2_1–2", "conv3_1–3", "conv4_1–3", "conv5_1–3"]
    convolutions = [name for i, name in enumerate(groups, 1) for name in (name, f"pool{i}")]
    assert names(found) == ["input", *convolutions, "flatten", "fc6", "fc7", "fc8"]
    features, classes = found.divisions
    # The figures of "Very Deep Convolutional Networks", added up by hand.
    assert (features.params, classes.params) == (14_714_688, 123_642_856)
    assert found.headline() == (
        "13 convolutions and 5 poolings extract features, 3 dense layers classify"
    )
    assert "89.4% of the parameters" in found.truths()[0]
    assert "most weights are there" in found.truths()[0]


def test_googlenet_is_folded_and_unfolded_once() -> None:
    found = made("googlenet")
    (kind,) = found.kinds
    assert kind.nature == "inception block"
    assert [block.name for block in kind.blocks] == [
        f"inception_{name}" for name in ["3a", "3b", "4a", "4b", "4c", "4d", "4e", "5a", "5b"]
    ]
    assert kind.differ == ("filters",)
    takes = {box.name: box.inputs for box in kind.boxes}
    assert takes["inception_3a/5x5"] == ("inception_3a/5x5_reduce",)
    assert takes["inception_3a/pool"] == ("pool2",)
    assert len(takes["inception_3a/output"]) == 4
    assert "is not true of this one" in found.truths()[0]


@pytest.mark.parametrize(
    ("name", "kinds"), [("resnet18", [5, 3]), ("resnet34", [13, 3]), ("resnet50", [4, 12])]
)
def test_residual_networks_have_two_kinds_of_blocks(name: str, kinds: list[int]) -> None:
    found = made(name)
    assert [len(kind.blocks) for kind in found.kinds] == kinds
    shortcut = next(kind for kind in found.kinds if "shortcut" in kind.nature)
    assert any(box.name.endswith("/shortcut") for box in shortcut.boxes)


def passed_by_all(network: Graph) -> set[str]:
    """Return the nodes without which nothing leads from the input to the output: by trying."""
    last = network.nodes[-1].name

    def leads(without: str) -> bool:
        reached = {INPUT} - {without}
        for node in network.nodes:
            if node.name != without and reached.intersection(node.inputs):
                reached.add(node.name)
        return last in reached

    return {node.name for node in network.nodes if not leads(node.name)}


@many(60)
@given(seeds, st.integers(2, 30))
def test_the_trunk_is_what_all_data_passes(tmp_path_factory, seed: int, count: int) -> None:
    network = graph(wild(seed, count), tmp_path_factory.mktemp("net"))
    stages = stages_of(network, shapes(network))
    items = trunk(stages)
    single = {item.name for item in items if isinstance(item, Stage)}
    merges = {item.stages[-1].name for item in items if isinstance(item, Block)}
    assert (single | merges) - {INPUT} == passed_by_all(network)
    inside = [s for i in items for s in (i.stages if isinstance(i, Block) else (i,))]
    assert inside == stages


def test_what_works_in_place_belongs_to_the_layer_before_it() -> None:
    spec = "Conv2D(4, 3) BatchNormalization() ReLU() Dropout(0.5) MaxPool2D(2) Flatten()"
    found = made(spec, (8, 8, 1))
    assert [column.operation for column in found.columns] == [
        "image", "3x3 conv", "2x2 max pool", "flatten",
    ]  # fmt: skip
    assert found.columns[1].besides == ["BN", "ReLU", "dropout 0.5"]
    assert found.columns[1].total("params") == 4 * 9 + 4 + 8
    assert any("BN: batch normalisation" in note for note in found.notes())


def test_the_input_takes_along_what_is_not_trained() -> None:
    found = made("Rescaling(0.5) BatchNormalization() Conv2D(4, 3) Flatten() Dense(2)", (8, 8, 3))
    assert names(found) == ["input", "normalization1", "conv1", "flatten", "dense1"]
    assert found.columns[0].besides == ["rescaling"]
    assert found.columns[1].operation == "BN"
    assert sum(part.params for part in found.divisions) == found.report.totals["params"]


def test_what_branches_first_takes_no_layer_along(tmp_path) -> None:
    layers = [conv("a", "input", 3), layer("ReLU", "r", "a"), layer("Add", "sum", "a", "r")]
    found = architecture(graph(layers, tmp_path))
    assert names(found) == ["input", "a", "r … sum"]
    (kind,) = found.kinds
    assert [(box.name, box.inputs) for box in kind.boxes] == [("r", ("a",)), ("sum", ("a", "r"))]


CALLS = {
    "Conv2D(4, (3, 5), strides=2, dilation_rate=1, groups=2)": ("3x5 conv", "stride 2", "2 groups"),
    "Conv2D(4, 3, dilation_rate=2, activation='relu')": ("3x3 conv", "dilation 2", "ReLU"),
    "DepthwiseConv2D(3)": ("3x3 depthwise conv",),
    "SeparableConv2D(8, 3)": ("3x3 separable conv",),
    "Conv2DTranspose(4, 2, strides=2)": ("2x2 transposed conv", "stride 2"),
    "LocallyConnected2D(2, 3)": ("3x3 locally connected",),
    "MaxPool2D(3, strides=2)": ("3x3 max pool", "stride 2"),
    "AveragePooling2D(2)": ("2x2 average pool", "stride 2"),
    "GlobalAveragePooling2D()": ("global average pool",),
    "GlobalMaxPooling2D()": ("global max pool",),
    "UpSampling2D(2)": ("2x2 upsampling", "stride 2"),
    "ZeroPadding2D(1)": ("zero padding",),
    "Cropping2D(1)": ("cropping",),
    "Flatten()": ("flatten",),
    "Dense(3, activation='softmax')": ("dense", "softmax"),
    "Permute((2, 1, 3))": ("permute",),
    "BatchNormalization()": ("BN",),
    "Activation('hard_sigmoid')": ("image", "hard sigmoid"),
    "LeakyReLU()": ("image", "leaky ReLU"),
    "LocalResponseNormalization()": ("image", "LRN"),
}


def test_the_words_of_layers_on_a_sequence() -> None:
    found = made("Conv1D(4, 3, strides=2) MaxPooling1D(2)", (40, 2))
    words = ["sequence", "3-wide conv", "2-wide max pool"]
    assert [column.operation for column in found.columns] == words


@pytest.mark.parametrize("call", CALLS)
def test_the_words_of_a_layer(call: str) -> None:
    network = load_graph(call, input_shape=(16, 16, 4))
    stage = stages_of(network, shapes(network))[-1]
    assert (operation(stage), *besides(stage)) == CALLS[call]


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (["a"], "a"),
        (["conv1_1", "conv1_2"], "conv1_1–2"),
        (["layer10", "layer11", "layer19"], "layer10–19"),
        (["layer9", "layer10"], "layer9–10"),
        (["first", "other"], "first … other"),
        (["x", "xy"], "x–y"),
        (["xy", "x"], "xy … x"),
    ],
)
def test_ranges_of_names(given: list[str], text: str) -> None:
    assert ranged(given) == text


def test_repeating_blocks_inside_of_a_block_are_one(tmp_path) -> None:
    found = architecture(graph(NETWORKS["residual in residual"], tmp_path))
    whole, inner = found.kinds
    assert [(box.operation, box.count) for box in whole.boxes] == [
        ("block B", 6), ("3x3 conv", 1), ("add", 1),
    ]  # fmt: skip
    assert [block.name for block in inner.blocks] == [f"res{i}" for i in range(6)]
    assert inner.remark() == "the other 5 are equal"
    assert whole.boxes[-1].inputs == ("tail", "head")


def test_a_block_that_fits_no_page_is_not_unfolded(tmp_path) -> None:
    (kind,) = architecture(graph(NETWORKS["very wild"], tmp_path)).kinds
    assert kind.boxes is None
    assert kind.to_dict()["unfolded"] is None


def test_blocks_inside_of_many_blocks(tmp_path) -> None:
    """As deep as a spec can be: a way round each layer and all that is behind it."""
    layers = [conv(f"c{i}", f"c{i - 1}" if i else "input", 2, 1) for i in range(900)]
    for i in range(1, 898):
        layers.append(layer("Add", f"a{i}", f"a{i - 1}" if i > 1 else "c899", f"c{898 - i}"))
    (kind, *_) = architecture(graph(layers, tmp_path, (4, 4, 2))).kinds
    assert kind.boxes is None


@pytest.mark.parametrize("blocks", [2, 1600])
def test_many_blocks_are_one_column(tmp_path, blocks: int) -> None:
    layers = residual_in_residual(blocks)[:-2]
    found = architecture(graph(layers, tmp_path, (4, 4, 2)))
    assert [column.count for column in found.columns] == [1, 1, blocks]
    assert len(found.kinds) == 1


def test_many_branches_side_by_side(tmp_path) -> None:
    (kind,) = architecture(graph(side_by_side(400), tmp_path, (4, 4, 2))).kinds
    assert kind.boxes is None


def test_very_long_networks_leave_out_their_middle(tmp_path) -> None:
    found = architecture(graph(NETWORKS["long"], tmp_path))
    assert len(found.columns) - len(found.hidden) == MOST_COLUMNS
    assert any(f"{len(found.hidden)} columns in the middle" in note for note in found.notes())
    alike = made("Conv2D(4, 1)" * 300, (8, 8, 1))
    assert [column.count for column in alike.columns] == [1, 300]


def test_layers_that_lead_nowhere_are_told(tmp_path) -> None:
    found = architecture(graph(aside(), tmp_path))
    assert found.left_out == ("nowhere",)
    assert any("not lead to the output and is not drawn: nowhere" in n for n in found.missing())


TOLD: dict[str, tuple[str | Layers, tuple[int, ...], str, str]] = {
    "no dense layer": (
        "Conv2D(4, 3) Conv2D(10, 1) GlobalAveragePooling2D()",
        (9, 9, 1),
        "2 convolutions and 1 pooling; no dense layer classifies",
        "is not drawn",
    ),
    "maps": ("Conv2D(4, 3)", (9, 9, 1), "1 convolution; the output is 7x7x4", "is not drawn"),
    "only dense": (
        "Flatten() Dense(9) Dense(3)",
        (9, 9, 1),
        "2 dense layers, no convolutions that extract features",
        "",
    ),
    "vectors": ("Dense(3)", (5,), "1 dense layer, no convolutions that extract features", ""),
    "nothing": (
        "Flatten()",
        (2, 2, 1),
        "no layers with weights, no convolutions that extract features",
        "",
    ),
    "local": (
        "LocallyConnected2D(4, 3) Flatten() Dense(2)",
        (9, 9, 1),
        "1 locally connected layer extracts features, a dense layer classifies",
        "none are shared",
    ),
    "squeeze": (
        squeeze(),
        (9, 9, 3),
        "2 convolutions and 1 pooling extract features, a dense layer classifies",
        "1 dense layer stands before the last maps",
    ),
    "dense on maps": (
        "Conv2D(4, 3) Dense(3)",
        (9, 9, 1),
        "1 convolution and 1 dense layer; the output is 7x7x3",
        "is not drawn",
    ),
}


@pytest.mark.parametrize("case", TOLD)
def test_the_usual_sentence_is_told_truly(case: str, tmp_path) -> None:
    spec, shape, sentence, truth = TOLD[case]
    network = (
        load_graph(spec, input_shape=shape)
        if isinstance(spec, str)
        else graph(spec, tmp_path, shape)
    )
    found = architecture(network)
    assert found.headline() == sentence
    assert truth in " ".join(found.truths())
    assert bool(found.divisions) == ("classifies" in sentence and "no dense" not in sentence)


def test_dense_layers_among_the_maps_count_as_dense() -> None:
    spec = "Conv2D(4, 3) Dense(900) Conv2D(2, 1) Flatten() Dense(2)"
    (first, second) = made(spec, (5, 5, 1)).truths()
    assert first.endswith("of the multiply-adds.")  # 900 * 5 of 6,400 parameters
    assert second.startswith("1 dense layer stands before the last maps")


def test_scales_bend_only_where_they_must() -> None:
    def how(*shapes: tuple[int, ...]) -> list[str]:
        return [scale.how for scale in scales_of(shapes).values()]

    assert how((28, 28, 1), (5, 5, 16), (400,), (120,)) == ["linear"] * 3
    assert how((224, 224, 3), (7, 7, 512), (25088,), (10,)) == ["root", "root", "root"]
    assert how((9, 9, 1), (9, 9, 20_000), (1,), (100_000,)) == ["linear", "log", "log"]
    for scale in scales_of([(224, 224, 3), (7, 7, 40_000)]).values():
        parts = [scale.part(n) for n in range(1, scale.largest + 1, max(1, scale.largest // 50))]
        assert parts == sorted(parts)
        assert scale.part(scale.largest) == 1
