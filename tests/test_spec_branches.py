"""Specs with branches: what layers take, inline and in files, and what wrong ones are told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cnnviz import layers, load_model
from cnnviz.errors import SpecError
from cnnviz.graph import Graph, Node
from cnnviz.graph.change import with_setting
from cnnviz.graph.document import read_document, to_toml
from cnnviz.graph.graph import dead_ends
from cnnviz.graph.inline import read_inline

SPECS = Path(__file__).parent / "data" / "specs"
FORK = (
    'Conv2D(8, 1, name="a") Conv2D(8, 3, padding="same", name="b", inputs="input") '
    'Concatenate(inputs=["a", "b"])'
)


def inline(text: str, shape: tuple[int, ...] = (28, 28, 3)) -> Graph:
    return read_inline(text, layers.find, input_shape=shape, name="model")


def document(tables: list[dict], shape: tuple[int, ...] = (28, 28, 3)) -> Graph:
    data = json.dumps({"name": "model", "input_shape": shape, "layers": tables}).encode()
    return read_document(data, layers.find, kind="json", name="model")


def test_branches_inline_are_those_of_a_file() -> None:
    graph = inline(FORK)
    assert [node.inputs for node in graph.nodes] == [("input",), ("input",), ("a", "b")]
    assert graph.shapes()["concatenate1"] == (28, 28, 16)
    assert graph == document([
        {"type": "Conv2D", "filters": 8, "kernel_size": 1, "name": "a"},
        {"type": "Conv2D", "filters": 8, "kernel_size": 3, "padding": "same", "name": "b",
         "inputs": "input"},
        {"type": "Concatenate", "inputs": ["a", "b"]},
    ])  # fmt: skip
    text = to_toml(graph)
    assert 'inputs = ["input"]' in text
    assert read_document(text.encode(), layers.find, kind="toml", name="x") == graph


def test_default_names_can_be_taken() -> None:
    graph = inline("Conv2D(8, 3, padding='same') Conv2D(8, 1) Add(inputs=('conv1', 'conv2'))")
    assert graph.nodes[2].inputs == ("conv1", "conv2")
    assert graph.nodes[2].name == "add"
    assert inline("Add(inputs=['input', 'input'])").shapes()["add"] == (28, 28, 3)


@pytest.mark.parametrize("name", ["alexnet_v2", "resnet_v1_50"])
def test_fixtures_are_written_and_read_back(name: str) -> None:
    graph = load_model(SPECS / f"{name}.toml").graph
    assert read_document(to_toml(graph).encode(), layers.find, kind="toml", name="x") == graph


def test_dead_ends() -> None:
    assert dead_ends(inline(FORK)) == []
    assert dead_ends(inline(FORK + " Flatten(inputs='a') Dense(2)")) == ["concatenate1"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (FORK.replace('["a", "b"]', '["a", "bb"]'),
         "concatenate1: input 'bb' is not a layer above it; did you mean b?"),
        (FORK.replace('["a", "b"]', '["a", "nowhere"]'), "'nowhere' is not a layer above it; "
         "the one above is b"),
        ("Conv2D(8, 1, name='a', inputs='b') Conv2D(8, 1, name='b')",
         "a: input 'b' is not a layer above it; it is below a; write a layer after all"),
        ("Conv2D(8, 1, name='a', inputs='a')", "a: input 'a' is not a layer above it; a layer "
         "takes what is above it, never itself"),
        ("Conv2D(8, 1, inputs=[])", "layer 1: inputs is not a list of layers; write inputs ="),
        ("Conv2D(8, 1, name='a', inputs=3)", "a: inputs is not a list of layers"),
        ("Conv2D(8, 1, inputs=['input', 3])", "inputs is not a list of layers"),
        ("Conv2D(8, 1, inputs={'a': 1})", "is not a number, a quoted text"),
        ("Conv2D(8, 1, input='a')", "unknown setting 'input'; did you mean inputs"),
        ("Conv2D(8, 1, names='a')", "unknown setting 'names'; did you mean name"),
        ("Conv2D(8, 1, name='a') Dense(3, inputs=['a', 'a'])", "dense1: takes one input, not 2"),
        ("Conv2D(8, 1) Add()", "add: takes two inputs or more, not 1; name its inputs"),
        ("Conv2D(8, 1) Concatenate()", "concatenate1: takes two inputs or more, not 1"),
        ("Conv2D(64, 1, 2, name='a') Conv2D(64, 1, name='b', inputs='input') "
         "Add(inputs=['b', 'a'], name='add1')", "add1: 28x28x64 and 14x14x64 differ; "),
        ("Conv2D(4, 1, 2, name='a') Concatenate(inputs=['input', 'a'])", "concatenate1: input 2"),
        ("Conv2D(8, 0, name='stem')", "stem: Conv2D: kernel_size 0"),
    ],
    ids=lambda value: value[:40],
)  # fmt: skip
def test_a_wrong_branch_is_refused(text: str, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        inline(text).shapes()
    assert message in str(caught.value)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"type": "Conv2D", "filters": 8, "kernel_size": 1, "input": ["input"]},
         "layer 1: Conv2D: unknown setting 'input'; did you mean inputs"),
        ({"type": "Conv3D", "filters": 8}, "layer 1: unknown layer 'Conv3D'; did you mean Conv"),
        ({"typ": "Dense", "units": 8, "name": "fc"}, "fc: type is missing or no text; write type"),
        ({"type": "Dense", "units": 8, "inputs": [["input"]]}, "inputs is not a list of layers"),
        ({"type": "Dense", "units": 8, "inputs": [None]}, "inputs is not a list of layers"),
        ({"type": "Dense", "units": 8, "inputs": {"a": "b"}}, "inputs is not a list of layers"),
        ({"type": "Dense", "units": None, "name": "fc"}, "fc: Dense: units is missing"),
        ({"type": "SeparableConv2D", "filters": 2, "kernel_size": None}, "kernel_size is missing"),
        ({"type": "Dense", "units": 8, "a\nb": [[[[[[[1]]]]]]]}, "'a\\nb' is nested more than"),
    ],
    ids=lambda value: str(value)[:40],
)  # fmt: skip
def test_a_wrong_table_is_refused(table: dict, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        document([table])
    assert message in str(caught.value)
    assert str(caught.value).isprintable()


def test_a_node_takes_something() -> None:
    with pytest.raises(SpecError, match="a: inputs is empty"):
        Graph("net", (Node("a", layers.find("ReLU")(), ()),), (4,))


def test_what_if_on_branches() -> None:
    graph = inline(FORK)
    changed = with_setting(graph, "b.filters=24")
    assert changed.shapes()["concatenate1"] == (28, 28, 32)
    assert changed.nodes[2].inputs == ("a", "b")
    assert with_setting(inline(FORK.replace('"b"', '"x/1.b"')), "x/1.b.filters=1").nodes[1].name
    with pytest.raises(SpecError, match="concatenate1: inputs is no setting of a layer"):
        with_setting(graph, "concatenate1.inputs=a")
    with pytest.raises(SpecError, match="relu1: unknown setting 'slope'"):
        with_setting(inline("ReLU()"),
                     "relu1.slope=1")  # fmt: skip
    with pytest.raises(SpecError, match=r"unknown layer 'c'; known: a, b, concatenate1"):
        with_setting(graph, "c.filters=1")


def test_arrays_that_no_index_could_count_are_refused() -> None:
    text = "Concatenate(inputs=['input', 'input'], name='c0') " + " ".join(
        f"Concatenate(inputs=['c{n}', 'c{n}'], name='c{n + 1}')" for n in range(99)
    )
    with pytest.raises(SpecError, match=r"c\d+: its output has more than 2\*\*63 values"):
        inline(text).shapes()
