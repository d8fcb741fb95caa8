"""The effective field against perturbation: change each input value, see how the unit's changes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from conftest import SAMPLES
from drawn import many
from hypothesis import given
from hypothesis import strategies as st

from cnnviz import load_model
from cnnviz.errors import InputError, RefusedError, SpecError
from cnnviz.files import byte_budget
from cnnviz.graph import INPUT, Graph, Node
from cnnviz.graph.inline import read_inline
from cnnviz.images import load_image
from cnnviz.layers import find
from cnnviz.model.executor import Sequential
from cnnviz.model.gradients import input_gradients
from cnnviz.model.initial import he_weights
from cnnviz.model.receptive import receptive_fields
from cnnviz.report.receptive_choice import chosen_units

SHAPE = (8, 7, 2)
STEP = 1e-6
CALLS = (
    "Conv2D(3, {k}, strides={s}, padding='same', activation='relu')",
    "Conv2D(2, {k}, dilation_rate={d})",
    "Conv2D(2, 3, padding='same', activation='tanh')", "Conv2D(4, (2, 3), padding={p}, groups=1)",
    "DepthwiseConv2D({k}, padding='same')", "Conv2DTranspose(2, {k}, strides={s})",
    "SeparableConv2D(2, 3, padding='same')", "MaxPooling2D({k}, strides={s}, padding='same')",
    "MaxPooling2D(2)", "AveragePooling2D({k}, strides={s}, padding='same')", "LpPooling2D(2)",
    "ZeroPadding2D({p})", "Cropping2D(((1, 0), (0, 1)))", "UpSampling2D({s})",
    "BatchNormalization()", "LocalResponseNormalization(size=3, alpha=0.5)", "LeakyReLU()",
    "Softmax()", "Dense(3)",
)  # fmt: skip
ENDS = (
    "Flatten() Dense(3)",
    "GlobalAveragePooling2D() Dense(2, activation='sigmoid')",
    "GlobalMaxPooling2D()",
)


@st.composite
def graphs(draw) -> Graph:
    """Draw a small graph: layers on any node above, what joins two nodes, perhaps a dense end."""
    nodes: list[Node] = []
    sizes = {INPUT: SHAPE}
    for place in range(draw(st.integers(1, 5))):
        above = draw(st.sampled_from(list(sizes)[-2:]))
        alike = [n for n in sizes if n != above and sizes[n] == sizes[above]]
        inputs = (above,)
        if alike and draw(st.booleans()):
            kind = draw(st.sampled_from(["Add", "Multiply", "Maximum", "Concatenate"]))
            layer, inputs = find(kind)(), (above, draw(st.sampled_from(alike)))
        else:
            numbers = {name: draw(st.integers(1, 3)) for name in "ksdp"}
            call = draw(st.sampled_from(CALLS)).format(**numbers)
            layer = read_inline(call, find, input_shape=(9, 9, 2)).nodes[0].layer
        try:
            made = layer.output_shape(*(sizes[name] for name in inputs))
        except SpecError:
            continue
        if np.prod(made) <= 1000:
            nodes.append(Node(f"n{place}", layer, inputs))
            sizes[nodes[-1].name] = made
    last = nodes[-1].name if nodes else INPUT
    if not nodes or draw(st.booleans()):
        text = draw(st.sampled_from(ENDS))
        for node in read_inline(text, find, input_shape=sizes[last]).nodes:
            nodes.append(Node(f"end/{node.name}", node.layer, (last,)))
            last = nodes[-1].name
    return Graph("drawn", tuple(nodes), SHAPE)


def randomised(graph: Graph, seed: int) -> dict[str, dict[str, np.ndarray]]:
    """Return float64 weights, none of them a plain 0 or 1."""
    rng = np.random.default_rng(seed)
    return {
        node: {
            name: rng.uniform(0.5, 2, v.shape)
            if "variance" in name
            else rng.normal(0, 0.5, v.shape)
            for name, v in own.items()
        }
        for node, own in he_weights(graph).items()
    }


def perturbed(graph: Graph, weights, x: np.ndarray, name: str, index) -> np.ndarray:
    """Return the central difference of one value by every input value."""
    steps = STEP * np.eye(x.size).reshape(x.size, *x.shape)
    run = Sequential(graph, weights).run
    up, down = (run(x + sign * steps, [name])[name][(slice(None), *index)] for sign in (1, -1))
    return ((up - down) / (2 * STEP)).reshape(x.shape)


@many(80)
@given(graphs(), st.integers(0, 2**16), st.data())
def test_gradients_are_those_of_perturbation(graph, seed, data):
    rng, weights = np.random.default_rng(seed), randomised(graph, seed)
    name = data.draw(st.sampled_from([node.name for node in graph.nodes]))
    *space, filters = graph.shapes()[name]
    place = tuple(data.draw(st.integers(0, n - 1)) for n in space)
    filter = data.draw(st.integers(0, filters - 1))
    x = rng.normal(size=SHAPE)
    (found,) = input_gradients(graph, weights, x, [(name, place, filter)])
    expected = perturbed(graph, weights, x, name, (*place, filter))
    scale = np.abs(expected).max() + np.abs(found.value) + 1e-3
    np.testing.assert_allclose(found.by_input, expected, rtol=1e-5, atol=1e-6 * scale)
    assert found.filter == filter
    # Every cell that counts lies within the theoretical region.
    (unit,) = chosen_units(graph, [name], [place] if place else [])
    if unit.inside is not None:
        (top, bottom), (left, right) = unit.inside
        outside = found.by_input.any(axis=-1)
        outside[top:bottom, left:right] = False
        assert not outside.any()


def test_heat_is_the_absolute_gradient_over_the_channels():
    model = load_model(
        "Conv2D(3, 3, padding='same') MaxPool2D(2) Conv2D(2, 3)", input_shape=(9, 8, 3)
    )
    image = load_image(SAMPLES / "cat.png", resize=(8, 9))
    (unit,) = chosen_units(model.graph, ["conv2"], [(1, 0)])
    made = receptive_fields(model, image, [unit], effective=True).units[0].effective
    weights = he_weights(model.graph)
    wide = {
        node: {n: v.astype(np.float64) for n, v in own.items()} for node, own in weights.items()
    }
    x = model.preprocess.apply(image).astype(np.float64)
    each = [perturbed(model.graph, wide, x, "conv2", (1, 0, f)) for f in range(2)]
    np.testing.assert_allclose(made.heat, np.abs(each[made.filter]).sum(axis=-1), atol=1e-5)
    values = model.trace(image, layers=["conv2"])["conv2"][1, 0]
    assert made.filter == np.abs(values).argmax()
    assert made.value == pytest.approx(values[made.filter], rel=1e-4)


def test_many_units_at_once_are_as_each_alone():
    model = load_model("vgg16", input_shape=(32, 32, 3))
    image = load_image(SAMPLES / "cat.png")
    units = chosen_units(model.graph, ["conv2_1", "pool5"]) + chosen_units(model.graph, ["pool2"])
    together = receptive_fields(model, image, units, effective=True).units
    for unit, one in zip(units, together, strict=True):
        (alone,) = receptive_fields(model, image, [unit], effective=True).units
        np.testing.assert_array_equal(alone.effective.heat, one.effective.heat)
        assert alone.effective.filter == one.effective.filter


def test_without_a_filter_it_is_one_whose_gradient_is_not_zero():
    graph = load_model("Conv2D(3, 1, activation='tanh')", input_shape=(2, 2, 1)).graph
    weights = {"conv1": {"kernel": np.array([[[[40.0, 0.5, 0.2]]]], np.float32),
                         "bias": np.zeros(3, np.float32)}}  # fmt: skip
    (found,) = input_gradients(
        graph, weights, np.ones((2, 2, 1), np.float32), [("conv1", (0, 0), None)]
    )
    assert found.filter == 1  # the first is 1 whatever the pixel


def test_of_equal_winners_the_first_is_followed():
    graph = load_model("MaxPool2D(2)", input_shape=(2, 2, 1)).graph
    (found,) = input_gradients(graph, {}, np.ones((2, 2, 1)), [("pool1", (0, 0), 0)])
    assert found.by_input[..., 0].tolist() == [[1, 0], [0, 0]]


def test_a_silent_unit_has_no_field():
    model = load_model("Conv2D(2, 3, activation='relu')", input_shape=(5, 5, 1))
    weights = {"conv1": {"kernel": np.ones((3, 3, 1, 2), np.float32),
                         "bias": np.full(2, -99, np.float32)}}  # fmt: skip
    image = load_image(SAMPLES / "digit.png")
    units = chosen_units(model.graph, ["conv1"])
    (unit,) = receptive_fields(replace(model, weights=weights), image, units, effective=True).units
    assert unit.effective.cells == unit.effective.holding() == 0
    assert unit.to_dict()["effective"]["strongest"] is None


def test_what_cannot_be_followed_is_refused():
    graph = load_model("Conv2D(2, 3)", input_shape=(9, 9, 1)).graph
    weights, x = he_weights(graph), np.ones((9, 9, 1), np.float32)
    with pytest.raises(SpecError, match="no filter 2"):
        input_gradients(graph, weights, x, [("conv1", (0, 0), 2)])
    with pytest.raises(InputError, match="input"):
        input_gradients(graph, weights, x * np.nan, [("conv1", (0, 0), 0)])
    with byte_budget(500), pytest.raises(RefusedError, match="the way back"):
        input_gradients(graph, weights, x, [("conv1", (0, 0), 0)])
