"""Where parameters and work are: by kind, by layer, by block, and in a sentence."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnviz import layers, load_model
from cnnviz.graph.inline import read_inline
from cnnviz.model import zoo
from cnnviz.report.blocks import grouped
from cnnviz.report.compare import compare, depth
from cnnviz.report.cost import MOST, Cost, cost
from cnnviz.report.differences import headline
from cnnviz.report.report import Report
from cnnviz.report.shapes import shapes


def of(text: str, shape: tuple[int, ...] = (28, 28, 1)) -> Cost:
    return cost(shapes(read_inline(text, layers.find, input_shape=shape)))


def made(*rows: tuple[str, str, object, object]) -> Report:
    """Return a report of rows of name, type, parameters and multiply-adds."""
    keys = ("name", "type", "params", "macs")
    data = tuple(dict(zip(keys, row, strict=True)) for row in rows)
    return Report("net", {"input_shape": [8, 8, 1]}, data, {}, (), (), key="layers")


@pytest.mark.parametrize("name", zoo.names())
def test_bars_add_up_to_the_totals_of_the_report(name: str) -> None:
    report = load_model(name).shapes()
    found = cost(report)
    assert len(found.bars) <= MOST
    assert sum(bar.nodes for bar in found.bars) == found.weighted
    for figure in ("params", "macs"):
        assert found.whole.total(figure) == report.totals[figure]
        assert sum(bar.total(figure) for bar in found.bars) == report.totals[figure]
        assert sum(found.whole.share(figure, kind) for kind in found.kinds) == pytest.approx(1)
        for kind in found.kinds:
            amounts = [bar.amounts[figure].get(kind, 0) for bar in found.bars]
            assert sum(amounts) == found.whole.amounts[figure].get(kind, 0)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("vgg16", "dense layers hold 89% of the parameters, convolutions do 99% of the work"),
        (
            "googlenet",
            "convolutions hold 85% of the parameters (dense layers 15%) and do 99.9% of the work",
        ),
        ("lenet5", "dense layers hold 96% of the parameters, convolutions do 86% of the work"),
    ],
)
def test_the_sentence_of_a_model(name: str, sentence: str) -> None:
    assert cost(load_model(name).shapes()).headline() == sentence


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ([("a", "Flatten", 0, 0)], "no parameters and no multiply-adds"),
        ([("a", "Conv2D", 10, 90)], "a is the only layer with parameters or work"),
        ([("a", "PReLU", 10, 0)], "a is the only layer with parameters"),
        (
            [("a", "Conv2D", 10, 90), ("b", "Conv2D", 1, 1)],
            "convolutions hold all parameters and do all of the work",
        ),
        (
            [("a", "Dense", 10, 9), ("b", "Dense", 1, 1)],
            "dense layers hold all parameters and do all of the work",
        ),
        (
            [("a", "BatchNormalization", 4, 0), ("b", "PReLU", 4, 0)],
            "other layers hold all of the parameters, no multiply-adds",
        ),
        (
            [("a", "Dense", 1, 1), ("b", "Dense", 9_999_999, 1), ("c", "Conv2D", 0, 7)],
            "dense layers hold all of the parameters, convolutions do 78% of the work",
        ),
        (
            [("a", "Dense", 9_999_999, 1), ("b", "Conv2D", 1, 9)],
            "dense layers hold nearly all of the parameters, convolutions do 90% of the work",
        ),
        (
            [("a", "LocallyConnected2D", 90, 9), ("b", "Conv2D", 10, 90)],
            "locally connected layers hold 90% of the parameters, convolutions do 91% of the work",
        ),
        (
            [("a", "Conv2D", 10, 90), ("b", "Dense", 30, 10), ("c", "Loop", 0, "unknown")],
            "dense layers hold 75% of the parameters, convolutions do 90% of the work, "
            "as far as it is known",
        ),
        (
            [("a", "Loop", 0, "unknown")],
            "no parameters and no multiply-adds, as far as it is known",
        ),
    ],
)
def test_the_sentence_says_no_more_than_the_figures(rows: list, sentence: str) -> None:
    assert cost(made(*rows)).headline() == sentence


names = st.lists(st.text("ab/._1", min_size=1, max_size=12), min_size=1, max_size=80, unique=True)


@given(names, st.integers(1, 30))
@settings(max_examples=150, deadline=None, derandomize=True, database=None)
def test_blocks_hold_each_layer_once_and_fit(names: list[str], most: int) -> None:
    blocks = grouped(names, most)
    assert len(blocks) <= most
    assert sorted(place for _, places in blocks for place in places) == list(range(len(names)))
    assert all(name for name, _ in blocks)
    if len(names) <= most:
        assert [name for name, _ in blocks] == names


def test_blocks_are_those_of_the_papers() -> None:
    googlenet = [bar.name for bar in cost(load_model("googlenet").shapes()).bars]
    assert googlenet[2:-1] == [
        f"inception_{n}" for n in ("3a", "3b", *"4a 4b 4c 4d 4e 5a 5b".split())
    ]
    names = [f"layer{i}.{j}.conv{k}" for i in (1, 2) for j in range(3) for k in (1, 2)]
    blocks = grouped(names, 6)
    assert [name for name, _ in blocks] == [f"layer{i}.{j}" for i in (1, 2) for j in range(3)]
    assert [name for name, _ in grouped(names, 5)] == ["layer1", "layer2"]
    keras = [f"conv{i}_block{j}_{k}_conv" for i in (1, 2) for j in (1, 2) for k in (1, 2, 3)]
    assert [name for name, _ in grouped(keras, 4)] == [
        "conv1_block1", "conv1_block2", "conv2_block1", "conv2_block2",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "layers_deep"),
    [("lenet5", 5), ("alexnet", 8), ("vgg16", 16), ("vgg19", 19), ("googlenet", 22),
     ("resnet18", 18), ("resnet34", 34), ("resnet50", 50)],
)  # fmt: skip
def test_depth_is_the_number_of_the_paper(name: str, layers_deep: int) -> None:
    assert depth(load_model(name).shapes()) == layers_deep


def test_a_comparison_holds_the_figures_of_its_reports() -> None:
    reports = [load_model(name).shapes() for name in ("vgg16", "googlenet")]
    found = compare(reports)
    for row, report in zip(found.rows, reports, strict=True):
        for key in ("params", "macs", "flops", "activation_bytes", "nodes"):
            assert row[key] == report.totals[key]
        dense = sum(r["params"] for r in report if r["type"] == "Dense")
        assert row["dense_params_share"] == dense / report.totals["params"]
    assert [row["receptive_field"]["size"] for row in found] == [[212, 212], [715, 715]]
    assert [row["receptive_field"]["layer"] for row in found] == ["pool5", "inception_5b/output"]
    data = found.to_dict()
    assert data["comparison"] == [dict(row) for row in found.rows]
    assert data["compared"] == [reports[1].to_dict()]
    assert {key: data[key] for key in reports[0].to_dict()} == reports[0].to_dict()


def test_networks_of_one_name_are_numbered() -> None:
    report = load_model("lenet5").shapes()
    assert [row["model"] for row in compare([report] * 3)] == ["lenet5", "lenet5 (2)", "lenet5 (3)"]


def row(model: str, params: object, macs: object) -> dict[str, object]:
    return {"model": model, "params": params, "macs": macs}


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ([("a", 20, 98), ("b", 1, 10)], "a has 20 times the parameters and 9.8 times the work of b"),
        ([("b", 1, 10), ("a", 20, 98)], "a has 20 times the parameters and 9.8 times the work of b"),
        ([("a", 87, 10), ("b", 10, 22)],
         "a has 8.7 times the parameters of b, which does 2.2 times the work"),
        ([("b", 10, 22), ("a", 87, 10)],
         "a has 8.7 times the parameters of b, which does 2.2 times the work"),
        ([("a", 100, 300), ("b", 100, 100)],
         "a has the same parameters and 3 times the work of b"),
        ([("a", 100, 100), ("b", 30, 100)],
         "a has 3.3 times the parameters and the same work of b"),
        ([("a", 100, 100), ("b", 100, 100)], "as many parameters and as much work in each"),
        ([("a", 102, 300), ("b", 100, 100)],
         "a has about the same parameters and 3 times the work of b"),
        ([("a", 2_242_000, 9), ("b", 1_000, 3), ("c", 50_000, 5)],
         "a has 2,242 times the parameters and 3 times the work of b"),
        ([("a", 100, 9), ("b", 10, 30), ("c", 50, 3)],
         "parameters differ by up to 10 times (b to a), work by up to 10 times (c to b)"),
        ([("a", 0, 9), ("b", 10, 30)], "parameters and work side by side"),
        ([("a", 1, "unknown"), ("b", 10, 30)], "parameters and work side by side"),
        ([("a", 1, 1)], "parameters and work side by side"),
    ],
)  # fmt: skip
def test_the_sentence_of_a_comparison(rows: list, sentence: str) -> None:
    assert headline([row(*one) for one in rows]) == sentence
