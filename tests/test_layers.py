"""One contract test for every layer class: each case of `layer_cases` is asked everything."""

from __future__ import annotations

from importlib import import_module
from math import prod
from pkgutil import iter_modules

import layer_cases
import numpy as np
import pytest
from layer_cases.case import Case

from cnnviz import layers
from cnnviz.contract import UNKNOWN, Layer
from cnnviz.errors import SpecError
from cnnviz.geometry import Shape, Window
from cnnviz.geometry.transposed import TransposedWindow
from cnnviz.graph import Graph, Node
from cnnviz.graph.document import read_document, to_toml
from cnnviz.graph.inline import read_inline
from cnnviz.graph.settings import build, call_of, settings_of

FAMILIES = [import_module(f"layer_cases.{m.name}") for m in iter_modules(layer_cases.__path__)]
CASES = [case for family in FAMILIES for case in getattr(family, "CASES", ())]
every_case = pytest.mark.parametrize(
    "case", CASES, ids=lambda case: f"{case.layer}-{case.settings}-{case.taken}"
)


def made_of(case: Case) -> Layer:
    return layers.find(case.layer)(**case.settings)


def drawn(case: Case, dtype: type = np.float32) -> tuple[dict, list[np.ndarray]]:
    """Return weights and a batch of 2 for each input; writing to any of them raises."""
    rng, layer = np.random.default_rng(0), made_of(case)
    shapes = layer.weight_shapes(*case.taken) | layer.statistic_shapes(*case.taken)
    weights = {name: np.asarray(rng.normal(0, 0.5, shape)) for name, shape in shapes.items()}
    for name in shapes:
        if "variance" in name:
            weights[name] = np.square(weights[name]) + 0.1
    weights = {name: array.astype(dtype) for name, array in weights.items()}
    xs = [rng.standard_normal((2, *shape)).astype(dtype) for shape in case.taken]
    for array in (*weights.values(), *xs):
        array.setflags(write=False)
    return weights, xs


@every_case
def test_shapes_and_counts(case: Case) -> None:
    layer = made_of(case)
    assert layer.output_shape(*case.taken) == case.made
    assert sum(map(prod, layer.weight_shapes(*case.taken).values())) == case.params
    assert sum(map(prod, layer.statistic_shapes(*case.taken).values())) == case.statistics
    assert layer.macs(*case.taken) == case.macs


@every_case
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_forward_makes_the_shape_in_its_type(case: Case, dtype: type) -> None:
    weights, xs = drawn(case, dtype)
    y, _ = made_of(case).forward(weights, *xs)
    assert y.shape == (2, *case.made)
    assert y.dtype == dtype
    assert np.isfinite(y).all()


@every_case
def test_the_batch_is_each_by_itself(case: Case) -> None:
    weights, xs = drawn(case)
    layer = made_of(case)
    whole, _ = layer.forward(weights, *xs)
    parts = [layer.forward(weights, *(x[n : n + 1] for x in xs))[0] for n in (0, 1)]
    np.testing.assert_allclose(np.concatenate(parts), whole, rtol=1e-5, atol=1e-5)


@every_case
def test_the_window_says_who_reads_whom(case: Case) -> None:
    """Another value in one place changes exactly the outputs whose windows read that place."""
    layer, taken = made_of(case), case.taken[0]
    window, space = layer.window(taken), taken[:-1]
    if not space or window == UNKNOWN or len(case.made) not in (1, len(taken)):
        return
    if len(case.made) == 1:  # flat, or one value a channel
        assert window is None or window.output_shape(space) == (1,) * len(space)
        return
    if len(case.taken) > 1 and space != case.made[:-1]:  # repeated over all places
        assert window is None
        assert all(n in (1, m) for n, m in zip(space, case.made, strict=False))
        return
    assert case.made[:-1] == (space if window is None else window.output_shape(space))
    weights, (x, *others) = drawn(case)
    y, _ = layer.forward(weights, x, *others)
    rng = np.random.default_rng(0)
    for place in {tuple(rng.integers(0, space).tolist()) for _ in range(6)}:
        changed = np.zeros(y.shape[1:-1], bool)
        # A maximum answers to a larger value only; channels all alike would not change a softmax.
        for sign in (1000, -1000):
            other = x.copy()
            other[(0, *place)] += sign * rng.uniform(0.5, 1.5, x.shape[-1])
            z, _ = layer.forward(weights, other, *others)
            changed |= (np.abs(z[0] - y[0]) > 1e-3).any(axis=-1)
            np.testing.assert_allclose(z[1], y[1], rtol=1e-5, atol=1e-5)
        found = set(map(tuple, np.argwhere(changed).tolist()))
        assert found == readers(window, space, place)


def readers(window: Window | TransposedWindow | None, space: Shape, place: Shape) -> set[Shape]:
    """Return the places of the output that read one of the input."""
    if window is None:
        return {place}
    if isinstance(window, Window):
        reads = [
            [o for o in range(axis.output) if p in axis.cells(o)]
            for axis, p in zip(window.on(space), place, strict=True)
        ]
    else:
        reads = [
            [o for o in axis.adjoint.cells(p) if 0 <= o < axis.output]
            for axis, p in zip(window.on(space), place, strict=True)
        ]
    grid = np.meshgrid(*reads, indexing="ij")
    return set(zip(*(axis.ravel().tolist() for axis in grid), strict=True))


@every_case
def test_its_settings_make_it_again(case: Case) -> None:
    layer = made_of(case)
    again = type(layer)(**vars(layer))
    assert again == layer
    assert hash(again) == hash(layer)
    assert build(type(layer), (), settings_of(layer)) == layer
    (node,) = read_inline(call_of(layer), layers.find, input_shape=(4, 4, 1)).nodes
    assert node.layer == layer


@every_case
def test_a_spec_file_makes_it_again(case: Case) -> None:
    node = Node("here", made_of(case), ("input",) * len(case.taken))
    graph = Graph("net", (node,), (4, 4, 1))
    text = to_toml(graph)
    assert read_document(text.encode(), layers.find, kind="toml", name="x") == graph


@every_case
def test_a_wrong_number_of_inputs_is_refused(case: Case) -> None:
    layer = made_of(case)
    several = len(case.taken) > 1
    for taken in ((), case.taken[:1] if several else case.taken * 2):
        with pytest.raises(SpecError, match=r"takes (one input|two inputs)"):
            layer.output_shape(*taken)


CONTRACT = (
    test_shapes_and_counts,
    test_the_batch_is_each_by_itself,
    test_the_window_says_who_reads_whom,
    test_its_settings_make_it_again,
    test_a_spec_file_makes_it_again,
    test_a_wrong_number_of_inputs_is_refused,
)


def test_every_layer_has_a_case_and_a_description() -> None:
    assert {case.layer for case in CASES} == set(layers.names())
    for name in layers.names():
        text = layers.find(name).__doc__
        # A dataclass without a docstring gets its signature for one.
        assert text
        assert not text.startswith(f"{name}(")


@every_case
def test_it_has_all_fields_that_its_class_names(case: Case) -> None:
    # Without, hypothesis cannot show the graph of a failing test, and calls the draws flaky.
    layer = made_of(case)
    assert [name for name in layer.__dataclass_fields__ if not hasattr(layer, name)] == []


def test_every_name_means_one_layer() -> None:
    classes = [layers.find(name) for name in layers.names()]
    known = [name for layer in classes for name in (layer.__name__, *layer.aliases)]
    assert len(known) == len(set(known))


def test_aliases_mean_their_layer() -> None:
    for alias, name in (
        ("MaxPool2D", "MaxPooling2D"),
        ("MaxPool2d", "MaxPooling2D"),
        ("AvgPool2D", "AveragePooling2D"),
        ("MaxPool1D", "MaxPooling1D"),
        ("Swish", "SiLU"),
        ("HardSilu", "HardSwish"),
    ):
        assert layers.find(alias) is layers.find(name)
        assert alias not in layers.names()


def test_an_unknown_layer_brings_the_nearest() -> None:
    with pytest.raises(SpecError, match="did you mean Conv2D"):
        layers.find("Conv2d")


def is_symmetric(case: Case) -> bool:
    layer = made_of(case)
    steps = getattr(layer, "strides", None)
    return bool(layer.sliding) and layer.padding == "valid" and set(np.ravel(steps)) == {1}


@pytest.mark.parametrize(
    "case", [*filter(is_symmetric, CASES)], ids=lambda c: f"{c.layer}-{c.taken}"
)
def test_turned_kernels_turn_the_output(case: Case) -> None:
    layer, (weights, (x,)) = made_of(case), drawn(case, np.float64)
    around = (slice(None), *[slice(None, None, -1)] * (x.ndim - 2))
    turned = {
        name: values[(slice(None, None, -1),) * layer.sliding.get(name, 0)]
        for name, values in weights.items()
    }
    expected, _ = layer.forward(weights, x)
    found, _ = layer.forward(turned, x[around])
    np.testing.assert_allclose(found, expected[around], atol=1e-12)
