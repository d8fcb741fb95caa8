"""Specs made of any text: a graph or one line that says what is wrong, never anything else."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cnnviz import layers
from cnnviz.errors import SpecError
from cnnviz.graph import Graph
from cnnviz.graph.document import read_document, to_toml
from cnnviz.graph.inline import read_inline

SHAPE = (28, 28, 1)


def inline(text: str, shape: tuple[int, ...] | None = SHAPE) -> Graph:
    return read_inline(text, layers.find, input_shape=shape)


def document(text: str | bytes, kind: str = "toml") -> Graph:
    data = text.encode() if isinstance(text, str) else text
    return read_document(data, layers.find, kind=kind, name="net")


def check_message(error: SpecError) -> None:
    """An error is one line that a terminal can show as it is."""
    assert str(error).isprintable()


pieces = st.sampled_from(
    ["Conv2D", "Dense", "Flatten()", "(", ")", "[", "]", "{", "}", ",", "=", "3", "'", '"', "-",
     "->", ".", "units", "padding='same'", "None", "1e999", "lambda:", "*", "**", "name=", "#",
     "\n", "\\", "Input(", "8, 3", ":=", "\x00", "\u202e", "é", "if", "0x", "1_0", "f''", ";"]
)  # fmt: skip


@settings(max_examples=400, deadline=None, derandomize=True)
@given(st.lists(pieces, max_size=14).map("".join))
@example("Dense('\\d')")
@example("Dense(1if 1else 2)")
def test_any_inline_text_gives_a_graph_or_a_spec_error(text: str) -> None:
    try:
        inline(text).shapes()
    except SpecError as error:
        check_message(error)


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=6,
)  # fmt: skip
tables = st.fixed_dictionaries(
    {"type": st.sampled_from(["Conv2D", "Dense", "MaxPool2D", "ReLU", "Dropout", "Softmax"])},
    optional={
        name: st.integers(0, 4) | plain
        for name in (
            "filters", "kernel_size", "units", "strides", "padding", "name", "inputs", "rate"
        )
    },
)  # fmt: skip
documents = st.fixed_dictionaries(
    {"input_shape": st.lists(st.integers(0, 9), max_size=4) | plain},
    optional={
        "layers": st.lists(tables | plain, max_size=3) | plain,
        "labels": plain,
        "name": plain,
        "preprocess": plain,
    },
)


@settings(max_examples=400, deadline=None, derandomize=True)
@given(documents | plain)
def test_any_document_gives_a_graph_or_a_spec_error(content: object) -> None:
    try:
        graph = document(json.dumps(content), "json")
        graph.shapes()
    except SpecError as error:
        check_message(error)
    else:
        assert document(to_toml(graph)) == graph


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_any_bytes_give_a_graph_or_a_spec_error(data: bytes) -> None:
    for kind in ("toml", "json"):
        with pytest.raises(SpecError):
            document(data, kind)
