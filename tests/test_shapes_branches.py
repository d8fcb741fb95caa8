"""The shape report of networks with branches, upsampling, batches and what is not known."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import pytest

from cnnviz import layers, load_model
from cnnviz.contract import UNKNOWN, Layer
from cnnviz.errors import SpecError
from cnnviz.graph import Graph, Node
from cnnviz.graph.inline import read_inline
from cnnviz.render.tables import shape_report
from cnnviz.report.report import Report
from cnnviz.report.shapes import shapes

SPECS = Path(__file__).parent / "data" / "specs"


def report(text: str, shape: tuple[int, ...] = (16, 16, 3), batch: int = 1) -> Report:
    return shapes(read_inline(text, layers.find, input_shape=shape), batch)


def field(made: Report, name: str) -> dict:
    return next(row["receptive_field"] for row in made if row["name"] == name)


def seen(made: Report, name: str) -> tuple:
    own = field(made, name)
    return own["size"][0], own["stride"][0], own["start"][0]


@dataclass(frozen=True)
class Shuffle(Layer):
    """Values in another order, at a cost that nobody knows."""

    def output_shape(self, *in_shapes):
        return in_shapes[0]

    def window(self, in_shape):
        return UNKNOWN

    def macs(self, *in_shapes):
        return UNKNOWN


@pytest.mark.parametrize(
    ("name", "node", "size", "stride", "padding", "params"),
    [("alexnet_v2", "pool5", 195, 32, 64, 50_303_912),
     ("resnet_v1_50", "block4/unit_3/relu", 483, 32, 239, 25_557_032)],
)  # fmt: skip
def test_published_fields_of_tf_slim(name, node, size, stride, padding, params) -> None:
    made = load_model(SPECS / f"{name}.toml").shapes()
    assert seen(made, node) == (size, stride, -padding)
    assert field(made, node)["aligned"]
    assert made.totals["params"] == params
    assert not any("line up" in text for text in made.warnings)


def test_same_on_an_odd_input_starts_earlier() -> None:
    made = load_model(SPECS / "resnet_v1_50.toml", input_shape=(321, 321, 3)).shapes()
    assert seen(made, "block4/unit_3/relu") == (483, 32, -241)


@pytest.mark.parametrize(
    ("name", "node", "expected"),
    [("vgg16", "pool5", (212, 32, -90)), ("alexnet-torchvision", "pool5", (195, 32, -66))],
)
def test_published_fields_of_the_zoo(name, node, expected) -> None:
    made = load_model(name).shapes()
    pool = [row["name"] for row in made if row["type"] == "MaxPooling2D"][-1]
    assert seen(made, pool if node not in {row["name"] for row in made} else node) == expected


INCEPTION = (
    "Conv2D(64, 1, name='a') Conv2D(128, 3, padding='same', name='b', inputs='input') "
    "Conv2D(32, 5, padding='same', name='c', inputs='input') "
    "MaxPool2D(3, 1, 'same', name='d', inputs='input') Concatenate(inputs=['a', 'b', 'c', 'd'])"
)


def test_an_inception_block() -> None:
    made = report(INCEPTION)
    row = made.rows[-1]
    assert row["inputs"] == ["a", "b", "c", "d"]
    assert row["output_shape"] == [16, 16, 227]
    assert row["working"] == "64 + 128 + 32 + 3 = 227"
    assert row["receptive_field"] == {
        "size": [5, 5], "stride": [1, 1], "start": [-2, -2], "aligned": True,
    }  # fmt: skip
    assert made.warnings == ()
    assert "from a, b, c, d   64 + 128 + 32 + 3 = 227" in shape_report(made)
    assert "| from input |" in made.to_markdown()
    heads = [column.heading for column in report("Flatten()").columns]
    assert "inputs" not in heads
    assert "statistics" not in heads


def test_branches_that_see_different_places_say_what_each_sees() -> None:
    made = report(
        "Conv2D(2, 3, padding=((2, 0), (1, 1)), name='left') ReLU(name='l') "
        "Conv2D(2, 3, padding='same', name='right', inputs='input') Add(inputs=['l', 'right'])"
    )
    assert field(made, "add") == {
        "size": [4, 3], "stride": [1, 1], "start": [-2, -1], "aligned": False,
    }  # fmt: skip
    assert made.warnings == (
        "add joins branches that do not line up: l sees 3x3/1x1/-2x-1, right sees 3/1/-1 "
        "(receptive field: size/stride/start)",
    )


def test_branches_with_different_strides_have_no_common_field() -> None:
    made = report(
        "Conv2D(2, 1, strides=2, name='a') Conv2D(2, 9, name='b', inputs='input') "
        "Add(inputs=['a', 'b']) Conv2D(2, 3)"
    )
    assert field(made, "add") == field(made, "conv1") == UNKNOWN
    assert "a sees 1/2/0, b sees 9/1/0" in made.warnings[0]


def test_padding_that_tensorflow_chooses_shifts_a_shortcut() -> None:
    text = (
        "Conv2D(2, 3, strides=2, padding={!r}, name='conv') "
        "Conv2D(2, 1, strides=2, name='short', inputs='input') Add(inputs=['conv', 'short'])"
    )
    assert report(text.format(1)).warnings == ()
    assert "conv sees 3/2/0, short sees 1/2/0" in report(text.format("same")).warnings[0]


def test_an_hourglass_is_aligned_and_its_stride_becomes_a_fraction() -> None:
    made = report(
        "Conv2D(4, 3, padding='same', name='skip') MaxPool2D(2) UpSampling2D(2) UpSampling2D(2) "
        "MaxPool2D(2) Conv2D(4, 1) Add(inputs=['conv1', 'skip'])"
    )
    assert seen(made, "sampling1") == (4, 1, -1)
    assert seen(made, "sampling2") == (4, 0.5, -1)
    assert field(made, "add")["aligned"]
    assert made.warnings == ()
    assert "4/0.5/-1" in made.to_markdown()


def test_a_gate_from_the_whole_image_shows_all_of_it_everywhere() -> None:
    made = report(
        "Conv2D(4, 3, padding='same', name='x') GlobalAvgPool2D(keepdims=True) Dense(4) "
        "Multiply(inputs=['x', 'dense1']) Add(inputs=['multiply', 'x'])"
    )
    for name in ("multiply", "add"):
        assert seen(made, name) == (18, 0, -1)
        assert field(made, name)["aligned"]
    vector = report(
        "Conv2D(4, 3, name='x') GlobalAvgPool2D(name='g') Multiply(inputs=['x', 'g']) "
        "Flatten() Concatenate(inputs=['flatten', 'g'])"
    )
    assert seen(vector, "multiply") == seen(vector, "concatenate1") == (16, 0, 0)
    assert vector.rows[-1]["working"] == "784 + 4 = 788"
    assert vector.warnings == ()


def test_sequences_have_fields_too() -> None:
    made = report("Conv1D(4, 3, padding='causal') MaxPool1D(2) GlobalMaxPool1D()", (20, 2))
    assert seen(made, "conv1") == (3, 1, -2)
    assert field(made, "pool1") == {"size": [4], "stride": [2], "start": [-2], "aligned": True}
    assert made.rows[-1]["working"] == "one value from each 10 steps"


def test_what_is_not_known_is_said_to_be() -> None:
    find = layers.find
    nodes = (
        Node("conv", find("Conv2D")(2, 3), ("input",)),
        Node("shuffle", Shuffle(), ("conv",)),
        Node("next", find("Conv2D")(2, 3), ("shuffle",)),
        Node("both", find("Concatenate")(), ("shuffle", "conv")),
    )
    made = shapes(Graph("net", nodes, (8, 8, 1)))
    assert [row["receptive_field"] == UNKNOWN for row in made] == [False, True, True, True]
    assert made.rows[1]["macs"] == made.rows[1]["flops"] == made.totals["macs"] == UNKNOWN
    assert made.totals["params"] == 20 + 38
    assert [kind["macs"] for kind in made.totals["by_type"]] == [1_224, UNKNOWN, 0]
    assert "unknown" in shape_report(made)
    lines = list(csv.DictReader(StringIO(made.to_csv())))
    assert [line["receptive_field_start"] for line in lines] == ["0x0", *[UNKNOWN] * 3]
    assert "receptive_field" not in lines[0]
    assert made.warnings == ("nothing takes next; the output is that of both",)


def test_more_turns_than_are_kept_are_unknown() -> None:
    made = report("UpSampling2D(8) UpSampling2D(8) UpSampling2D(2)", (1, 1, 1))
    assert [row["receptive_field"] == UNKNOWN for row in made] == [False, False, True]


def test_a_batch_multiplies_what_runs_and_not_what_is_kept() -> None:
    one, many = report(INCEPTION), report(INCEPTION, batch=8)
    assert many.head["batch"] == 8
    for key in ("macs", "flops", "activation_bytes"):
        assert many.totals[key] == 8 * one.totals[key]
        assert [row[key] for row in many] == [8 * row[key] for row in one]
    for key in ("params", "weight_bytes"):
        assert many.totals[key] == one.totals[key]
    assert many.rows[0]["macs_formula"] == "8 * 16*16 * 1*1*3*64 = 393216"
    assert "a batch of 8" in many.notes[0]
    assert load_model("lenet5").shapes(batch=2).totals["macs"] == 2 * 416_520
    for batch in (0, -1, 2.0, True, 2**31):
        with pytest.raises(SpecError, match="batch"):
            report(INCEPTION, batch=batch)


@pytest.mark.parametrize(
    ("text", "formula"),
    [
        ("Conv2D(96, 11, strides=4)", "55*55 * 11*11*3*96 = 105415200"),
        ("Conv2D(6, 3, groups=3)", "225*225 * 3*3*1*6 = 2733750"),
        ("SeparableConv2D(8, 3)", "225*225 * (3*3*3*1 + 1*1*3*8) = 2581875"),
        ("Conv2DTranspose(2, 4, strides=2)", "227*227 * 4*4*2*3 = 4946784"),
        ("Flatten() Dense(10)", "154587*10 = 1545870"),
        ("Dense(10)", "227*227 * 3*10 = 1545870"),
        ("LocallyConnected2D(2, 100)", "16384*30000*2 = 983040000"),
        ("MaxPool2D(2)", ""),
    ],
)
def test_multiply_adds_show_where_they_come_from(text: str, formula: str) -> None:
    row = report(text, (227, 227, 3)).rows[-1]
    assert row["macs_formula"] == formula
    if formula:
        product, total = formula.split(" = ")
        assert eval(product) == row["macs"] == int(total)


def test_statistics_stand_apart() -> None:
    made = report("Conv2D(8, 3, use_bias=False) BatchNormalization()")
    norm = made.rows[1]
    assert (norm["params"], norm["non_trainable_params"]) == (16, 16)
    assert norm["non_trainable_formula"] == "8 + 8 = 16"
    assert made.totals["non_trainable_params"] == 16
    assert made.totals["weight_bytes"] == 4 * (216 + 16 + 16)
    assert "16 running means and variances" in made.notes[1]
    assert made.columns[-1].heading == "statistics"


def test_unread_pixels_are_grouped_and_strides_over_the_window_are_not_a_fault() -> None:
    text = "MaxPool2D(2) " * 6
    assert report(text, (127, 127, 1)).warnings == (
        "pool1, pool2, pool3 and 3 more leave the last 1 row and 1 column of their input unread",
    )
    made = report("Conv2D(2, 1, strides=2)", (56, 56, 1))
    assert made.rows[0]["unread"] == [1, 1]
    assert made.warnings == ()


def test_cropping_and_padding_are_sums() -> None:
    crop, pad = report("Cropping2D(((1, 2), (3, 3))) ZeroPadding2D(((0, 1), (2, 2)))")
    assert crop["formula"] == ["16 - 1 - 2 = 13", "16 - 2*3 = 10"]
    assert (crop["unread"], crop["padding"]) == ([0, 0], [[-1, -2], [-3, -3]])
    assert crop["receptive_field"]["start"] == [1, 3]
    assert pad["formula"] == ["13 + 0 + 1 = 14", "10 + 2*2 = 14"]
    assert report("Cropping2D(1) Conv2D(1, 1)").warnings == ()


def test_dead_ends_are_named() -> None:
    made = report("Conv2D(2, 3, name='a') Conv2D(2, 3, inputs='input', name='b') Flatten()")
    assert made.warnings == ("nothing takes a; the output is that of flatten",)
