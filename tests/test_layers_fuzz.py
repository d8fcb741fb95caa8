"""Any plain values for a layer's settings: a layer, or one line that says what is wrong."""

from __future__ import annotations

from dataclasses import MISSING, fields

import pytest
from drawn import many
from hypothesis import given
from hypothesis import strategies as st

from cnnviz import layers
from cnnviz.errors import SpecError
from cnnviz.graph import Graph, Node
from cnnviz.graph.document import read_document, to_toml
from cnnviz.graph.inline import read_inline
from cnnviz.graph.settings import build, call_of

SHAPES = [(6, 5, 4), (6, 4), (4,), (1, 1, 1)]
words = ["same", "valid", "relu", "hard_swish", "edge", "bilinear", "", "no such word"]
scalars = (
    st.integers(1, 3) | st.none() | st.booleans() | st.sampled_from(words)
    | st.sampled_from([0, -1, 2**31 - 1, -(2**31) + 1])
    | st.floats(allow_nan=False, allow_infinity=False)
)  # fmt: skip
values = scalars | st.lists(scalars, max_size=3).map(tuple)


def refused(error: SpecError) -> None:
    """Hold the message to one line that a terminal can show."""
    assert str(error).isprintable()
    assert len(str(error)) < 500


@pytest.mark.parametrize("name", layers.names())
@many(25)
@given(st.data(), st.lists(st.sampled_from(SHAPES), min_size=1, max_size=3))
def test_any_settings_give_a_layer_or_a_spec_error(name, data, taken) -> None:
    known = {field.name: field.default is MISSING for field in fields(layers.find(name))}
    needed = {key: values for key, required in known.items() if required}
    others = {key: values for key, required in known.items() if not required}
    try:
        settings = data.draw(st.fixed_dictionaries(needed, optional=others))
        layer = build(layers.find(name), (), settings)
    except SpecError as error:
        return refused(error)
    graph = Graph("net", (Node("here", layer, ("input",)),), SHAPES[0])
    assert read_document(to_toml(graph).encode(), layers.find, kind="toml", name="x") == graph
    (node,) = read_inline(call_of(layer), layers.find, input_shape=SHAPES[0]).nodes
    assert node.layer == layer
    try:
        made = layer.output_shape(*taken)
    except SpecError as error:
        return refused(error)
    assert made
    assert all(type(n) is int and n > 0 for n in made)
    counts = layer.weight_shapes(*taken) | layer.statistic_shapes(*taken)
    assert all(n > 0 for shape in counts.values() for n in shape)
    assert layer.macs(*taken) >= 0
    layer.window(taken[0])
