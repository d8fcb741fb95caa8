"""The part of a network that one unit needs makes the same value and gradient as the whole."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import SAMPLES
from drawn import many
from hypothesis import assume, given
from hypothesis import strategies as st

from cnnviz import load_model
from cnnviz.errors import RefusedError, SpecError
from cnnviz.files import byte_budget
from cnnviz.graph import Graph
from cnnviz.graph.inline import read_inline
from cnnviz.images import load_image
from cnnviz.layers import find
from cnnviz.model.gradients import input_gradients
from cnnviz.model.initial import he_weights
from cnnviz.model.patch import patch
from cnnviz.model.receptive import receptive_fields
from cnnviz.report.receptive_choice import chosen_units

CALLS = (
    "Conv2D(3, {k}, strides={s}, padding='same', activation='tanh')",
    "Conv2D(2, {k}, dilation_rate={d}, padding='{p}')", "Conv2D(2, 4, strides={s}, padding=2)",
    "DepthwiseConv2D({k}, padding='same')", "SeparableConv2D(2, 3, padding='full')",
    "MaxPooling2D({k}, strides={s}, padding='same')", "AveragePooling2D(3, strides={s}, padding=1)",
    "LpPooling2D(2)", "ZeroPadding2D({d})", "BatchNormalization()", "Softmax()", "Dense(3)",
    "LocalResponseNormalization(size=3, alpha=0.5)",
)  # fmt: skip


@st.composite
def chains(draw) -> Graph:
    calls = []
    for call in draw(st.lists(st.sampled_from(CALLS), min_size=1, max_size=5)):
        numbers = {name: draw(st.integers(1, 3)) for name in "ksd"}
        numbers["p"] = draw(st.sampled_from(["valid", "same", "full"]))
        calls.append(call.format(**numbers))
    rows, columns = draw(st.integers(1, 20)), draw(st.integers(1, 20))
    return read_inline(" ".join(calls), find, input_shape=(rows, columns, 2))


@many(60)
@given(chains(), st.integers(0, 2**16), st.data())
def test_a_patch_has_the_value_and_the_gradient_of_the_whole(graph, seed, data):
    try:
        *space, filters = graph.shapes()[graph.nodes[-1].name]
    except SpecError:
        assume(False)
    name = graph.nodes[-1].name
    place = tuple(data.draw(st.integers(0, n - 1)) for n in space)
    wanted = data.draw(st.integers(0, filters - 1))
    found = patch(graph, name, place)
    assume(found is not None)
    part, cells = found
    x = np.random.default_rng(seed).normal(size=graph.input_shape)
    weights = {n: {k: v.astype(float) for k, v in w.items()} for n, w in he_weights(graph).items()}
    (whole,) = input_gradients(graph, weights, x, [(name, place, wanted)])
    (one,) = input_gradients(part, weights, x[cells], [(name, (0, 0), wanted)])
    laid = np.zeros_like(x)
    laid[cells] = one.by_input
    assert one.value == pytest.approx(whole.value, rel=1e-9, abs=1e-12)
    np.testing.assert_allclose(laid, whole.by_input, rtol=1e-7, atol=1e-10)
    # Nothing is run that the unit does not see.
    (unit,) = chosen_units(graph, [name], [place])
    spans = zip(cells, unit.inside, strict=True)
    assert all(first <= part.start and part.stop <= end for part, (first, end) in spans)


@pytest.mark.parametrize(
    "spec",
    [
        "Conv2D(2, 3) LocallyConnected2D(2, 3)",
        "Conv2D(2, 3) PReLU()",
        "Conv2D(2, 3) UpSampling2D(2)",
        "MaxPooling2D(2, ceil_mode=True)",
        "Softmax(axis=1)",
    ],
)
def test_what_belongs_to_places_is_run_as_a_whole(spec):
    graph = read_inline(spec, find, input_shape=(9, 9, 2))
    assert patch(graph, graph.nodes[-1].name, (0, 0)) is None


def test_branches_and_dense_layers_are_run_as_a_whole():
    assert patch(load_model("lenet5").graph, "f6", ()) is None
    assert patch(load_model("googlenet").graph, "inception_3a/output", (1, 1)) is None


def test_a_unit_of_a_large_image_takes_the_memory_of_what_it_sees():
    model = load_model("Conv2D(32, 3) MaxPool2D(2) Conv2D(8, 3)", input_shape=(2000, 3000, 3))
    image = load_image(SAMPLES / "coffee.jpg", resize=(3000, 2000))
    units = chosen_units(model.graph, ["conv2"], [(0, 0), (996, 1496)])
    with byte_budget(400_000_000):
        fields = receptive_fields(model, image, units, effective=True)
    corners = [np.argwhere(unit.effective.heat).tolist() for unit in fields.units]
    assert all(0 <= row < 8 and 0 <= column < 8 for row, column in corners[0])
    assert all(row >= 1992 and column >= 2992 for row, column in corners[1])
    x = model.preprocess.apply(image)
    with byte_budget(400_000_000), pytest.raises(RefusedError, match="the way back"):
        input_gradients(model.graph, he_weights(model.graph), x, [("conv2", (0, 0), None)])
