"""Whole networks by plans: the same numbers as node by node, in memory that is used again."""

from __future__ import annotations

import copy
import pickle
import sys
from threading import Thread

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from zoo_weights import random_weights

from cnnviz import InputError, RefusedError, SpecError, load_model
from cnnviz.files import byte_budget
from cnnviz.graph import INPUT, Graph, Node
from cnnviz.layers import find
from cnnviz.model import Model, zoo
from cnnviz.model import plan as plan_module
from cnnviz.model.executor import Sequential
from cnnviz.model.memory import memory_of
from cnnviz.model.plan import Plan, Planned, Stock
from cnnviz.model.steps import steps

# Those of moderate cost; the others differ from these in depth and width.
NETWORKS = ["lenet5", "cifar-net", "alexnet-torchvision", "googlenet", "googlenet-torchvision"]
NETWORKS += ["resnet18", "resnet50"]


@pytest.fixture(autouse=True, scope="module")
def memory_that_shows_what_is_read_too_early():
    with pytest.MonkeyPatch.context() as patch:
        aligned = plan_module._aligned

        def unusable(size: int) -> np.ndarray:
            memory = aligned(size)
            memory.fill(np.nan)
            return memory

        patch.setattr(plan_module, "_aligned", unusable)
        yield


def compare(graph: Graph, weights: dict, x: np.ndarray, keep: list[str]) -> Plan:
    """Hold a plan to the plain run, twice, since memory is used again."""
    plan = Plan(graph, weights, keep, len(x))
    expected = Sequential(graph, weights).run(x, keep)
    for _ in range(2):
        made = plan.run(x)
        assert made is not None
        assert list(made) == list(expected)
        for name, values in expected.items():
            # Folded scales and tiles of Winograd round otherwise.
            limit = 1e-4 * max(1e-30, float(np.abs(values).max()))
            np.testing.assert_allclose(made[name], values, rtol=0, atol=limit, err_msg=name)
    return plan


@pytest.mark.parametrize("name", NETWORKS)
def test_a_plan_makes_what_the_nodes_make(name):
    graph = zoo.build(name)
    weights = random_weights(graph)
    x = np.random.default_rng(1).normal(0, 2, (1, *graph.input_shape)).astype(np.float32)
    middle = graph.nodes[len(graph.nodes) // 2].name
    compare(graph, weights, x, [middle, graph.nodes[-1].name])


@pytest.mark.parametrize("batch", [2, 9])
@pytest.mark.parametrize("name", ["lenet5", "cifar-net"])
def test_batches(name, batch):
    graph = zoo.build(name)
    x = np.random.default_rng(1).normal(size=(batch, *graph.input_shape)).astype(np.float32)
    compare(graph, random_weights(graph), x, [graph.nodes[-1].name])


LAYERS = {
    "Conv2D": lambda draw: {
        "filters": draw(st.integers(1, 5)),
        "kernel_size": draw(st.integers(1, 3)),
        "padding": "same",
        "activation": draw(st.sampled_from([None, "relu", "elu", "softmax"])),
        "use_bias": draw(st.booleans()),
    },
    "DepthwiseConv2D": lambda draw: {"kernel_size": 3, "padding": "same"},
    "SeparableConv2D": lambda draw: {"filters": 3, "kernel_size": 3, "padding": "same"},
    "Dense": lambda draw: {
        "units": draw(st.integers(1, 5)),
        "activation": draw(st.sampled_from([None, "tanh", "softmax"])),
    },
    "BatchNormalization": lambda draw: {"center": draw(st.booleans())},
    "LocalResponseNormalization": lambda draw: {"alpha": 1.0},
    "MaxPooling2D": lambda draw: {"pool_size": 3, "strides": 1, "padding": "same"},
    "AveragePooling2D": lambda draw: {"pool_size": 2, "strides": 1, "padding": "same"},
    "ReLU": lambda draw: {"negative_slope": draw(st.sampled_from([0.0, 0.1]))},
    "PReLU": lambda draw: {},
    "Softmax": lambda draw: {},
    "Activation": lambda draw: {"activation": draw(st.sampled_from(["linear", "sigmoid"]))},
    "Dropout": lambda draw: {"rate": 0.5},
    "Identity": lambda draw: {},
    "Add": lambda draw: {},
    "Maximum": lambda draw: {},
    "Concatenate": lambda draw: {"axis": draw(st.sampled_from([-1, 1]))},
}
JOINS = ("Add", "Maximum", "Concatenate")


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """Return a graph of up to twelve nodes, each of which takes any that fit."""
    nodes, shapes = [], {INPUT: (draw(st.integers(1, 6)), draw(st.integers(1, 6)), 3)}
    for number in range(draw(st.integers(1, 12))):
        kind = draw(st.sampled_from(sorted(LAYERS)))
        # Mostly one of the last, so that nodes follow each other.
        names = list(shapes)[-3:] if draw(st.booleans()) else list(shapes)
        taken = [draw(st.sampled_from(names))]
        layer = find(kind)(**LAYERS[kind](draw))
        if kind in JOINS:
            alike = [name for name in shapes if shapes[name] == shapes[taken[0]]]
            if kind == "Concatenate":
                wide = [n for n in shapes if shapes[n][:2] == shapes[taken[0]][:2]]
                alike = wide if layer.axis == -1 else alike
            taken += draw(st.lists(st.sampled_from(alike), min_size=1, max_size=2))
        name = f"{kind.lower()}_{number}"
        nodes.append(Node(name, layer, tuple(taken)))
        shapes[name] = layer.output_shape(*(shapes[each] for each in taken))
    return Graph("random", tuple(nodes), shapes[INPUT])


@settings(max_examples=150, deadline=None)
@given(graphs(), st.data())
def test_random_graphs(graph, data):
    weights = random_weights(graph)
    names = [INPUT, *(node.name for node in graph.nodes)]
    keep = data.draw(st.lists(st.sampled_from(names), min_size=1, max_size=3, unique=True))
    x = np.random.default_rng(0).normal(size=(data.draw(st.integers(1, 3)), *graph.input_shape))
    compare(graph, weights, x.astype(np.float32), keep)


@pytest.mark.parametrize("size", [1, 2, 3, 5])
@pytest.mark.parametrize("filters", [1, 3, 16])
def test_a_response_normalisation_behind_a_convolution_stays_within_its_place(size, filters):
    # With an alpha that counts: the usual one hides what leaks in from the place beside.
    nodes = (
        Node("conv", find("Conv2D")(filters, size, padding="same"), (INPUT,)),
        Node("norm", find("LocalResponseNormalization")(alpha=1.0), ("conv",)),
    )
    graph = Graph("normed", nodes, (5, 4, 3))
    x = np.random.default_rng(0).normal(size=(2, 5, 4, 3)).astype(np.float32)
    compare(graph, random_weights(graph), x, ["norm"])


@pytest.mark.parametrize("kind", ["ReLU", "LocalResponseNormalization"])
def test_parts_of_a_whole_that_is_changed_stay_as_they_are(kind):
    nodes = (
        Node("a", find("Conv2D")(2, 1), (INPUT,)),
        Node("b", find("Conv2D")(2, 1), (INPUT,)),
        Node("both", find("Concatenate")(), ("a", "b")),
        Node("changed", find(kind)(), ("both",)),
        Node("again", find("Conv2D")(2, 1), ("a",)),
        Node("later", find("Add")(), ("again", "a")),
        Node("end", find("Concatenate")(), ("changed", "later")),
    )
    graph = Graph("parts", nodes, (4, 4, 3))
    x = np.random.default_rng(0).normal(size=(1, 4, 4, 3)).astype(np.float32)
    for keep in (["end"], ["end", "b"], ["a", "end"]):
        compare(graph, random_weights(graph), x, keep)


def test_channels_of_one_memory_are_copied_beside_each_other():
    nodes = (
        Node("a", find("ReLU")(), (INPUT,)),
        Node("twice", find("Concatenate")(), ("a", "a")),
        Node("all", find("Concatenate")(), ("twice", "a")),
    )
    x = np.random.default_rng(0).normal(size=(1, 2, 2, 3)).astype(np.float32)
    compare(Graph("copies", nodes, (2, 2, 3)), {}, x, ["all"])


def test_branches_of_small_steps_are_strands():
    graph = zoo.build("googlenet")
    last = graph.nodes[-1].name
    waves = memory_of(steps(graph, {}, [last]), graph.input_shape, [last], 1).waves
    lengths = [[len(strand) for strand in wave] for wave in waves]
    assert lengths.count([2, 2, 2, 1]) == 9  # inception modules, the longest strands first


def test_a_view_is_no_strand_beside_what_it_shows():
    nodes = (
        Node("a", find("Sigmoid")(), (INPUT,)),
        Node("view", find("Dropout")(0.5), ("a",)),
        Node("end", find("Sigmoid")(), ("view",)),
        Node("pooled", find("MaxPooling2D")(2, strides=1), (INPUT,)),
        Node("twice", find("MaxPooling2D")(2, strides=1), ("pooled",)),
    )
    x = np.random.default_rng(0).normal(size=(1, 4, 4, 3)).astype(np.float32)
    compare(Graph("views", nodes, (4, 4, 3)), {}, x, ["end", "twice"])


def taken(spec: str, shape: tuple[int, ...], keep: list[str] | None = None) -> list[tuple]:
    graph = load_model(spec, input_shape=shape).graph
    found = steps(graph, random_weights(graph), keep or [graph.nodes[-1].name])
    return [step.nodes for step in found]


def test_nodes_that_are_one_pass():
    block = "Conv2D(4, 3, use_bias=False) BatchNormalization() ReLU() MaxPool2D(2)"
    assert taken(block, (8, 8, 1)) == [("conv1", "normalization1", "relu1"), ("pool1",)]
    # What is asked for is made.
    assert taken(block, (8, 8, 1), ["normalization1", "pool1"]) == [
        ("conv1", "normalization1"),
        ("relu1",),
        ("pool1",),
    ]
    # Nothing can be scaled behind an activation.
    bent = "Conv2D(4, 3, activation='relu') BatchNormalization()"
    assert taken(bent, (8, 8, 1)) == [("conv1",), ("normalization1",)]


def test_branches_are_written_side_by_side():
    graph = zoo.build("googlenet")
    last = graph.nodes[-1].name
    memory = memory_of(steps(graph, {}, [last]), graph.input_shape, [last], 1)
    values = memory.arrays(np.zeros(memory.size, np.float32))
    ends = ("1x1", "3x3", "5x5", "pool_proj")
    for name in ("3a", "4e", "5b"):
        joined = values[f"inception_{name}/output"]
        for end in ends:
            assert np.shares_memory(joined, values[f"inception_{name}/{end}"])
    assert 4 * memory.size < 6e6  # of 27 MB in all


def test_memory_is_used_again_but_not_what_is_kept():
    graph = load_model("Conv2D(3, 1) " * 4, input_shape=(8, 8, 3)).graph
    names = [node.name for node in graph.nodes]
    sizes = [
        memory_of(steps(graph, {}, keep), graph.input_shape, keep, 1).size
        for keep in (names[-1:], names)
    ]
    assert sizes == [2 * 8 * 8 * 3, 4 * 8 * 8 * 3]


@pytest.mark.parametrize("end", ["ReLU()", "Activation('sigmoid')", "MaxPool2D(2)", "Softmax()"])
@pytest.mark.parametrize("sign", [1, -1])
def test_what_overflows_is_named_though_it_is_hidden_in_the_same_pass(end, sign):
    graph = load_model(f"Conv2D(2, 3) {end} GlobalMaxPooling2D()", input_shape=(9, 9, 1)).graph
    kernel = np.full((3, 3, 1, 2), sign * 3e38, np.float32)
    weights = {"conv1": {"kernel": kernel, "bias": np.zeros(2)}}
    with pytest.raises(InputError, match="conv1: 98 of 98 values are NaN or infinite"):
        Model(graph, weights).forward(np.ones((1, 9, 9, 1)))


def test_an_input_that_is_not_finite():
    model = load_model("MaxPool2D(2)", input_shape=(4, 5, 1))
    for bad in (np.nan, np.inf, -np.inf):
        x = np.zeros((1, 4, 5, 1))
        x[0, 0, 4] = bad  # which no window reads
        with pytest.raises(InputError, match="input: 1 of 20 values is NaN or infinite"):
            model.forward(x)
        assert model.forward(np.ones((1, 4, 5, 1))).tolist() == [[[[1], [1]], [[1], [1]]]]


def test_large_values_that_are_finite_pass():
    graph = load_model("Conv2D(1, 1)", input_shape=(2, 2, 1)).graph
    weights = {"conv1": {"kernel": np.full((1, 1, 1, 1), 1e30), "bias": np.zeros(1)}}
    made = Model(graph, weights).forward(np.ones((1, 2, 2, 1)))
    np.testing.assert_allclose(made, 1e30)


def test_weights_that_are_not_finite_name_their_node():
    graph = load_model("Conv2D(1, 1) Flatten() Dense(2)", input_shape=(2, 2, 1)).graph
    weights = random_weights(graph)
    weights["conv1"]["kernel"][:] = np.nan
    with pytest.raises(InputError, match=r"^conv1: kernel has 1 non-finite value"):
        Model(graph, weights).forward(np.ones((1, 2, 2, 1)))


def test_weights_of_another_shape_are_refused_as_ever():
    graph = load_model("Conv2D(4, 3) BatchNormalization()", input_shape=(5, 5, 3)).graph
    weights = random_weights(graph)
    weights["conv1"]["kernel"] = np.zeros((3, 3, 2, 4), np.float32)
    with pytest.raises(SpecError, match=r"^conv1: kernels"):
        Model(graph, weights).forward(np.ones((1, 5, 5, 3)))


def test_what_is_folded_is_counted():
    graph = load_model(
        "Conv2D(4, 3, use_bias=False) BatchNormalization()", input_shape=(5, 5, 3)
    ).graph
    stock = Stock()
    Plan(graph, random_weights(graph), [graph.nodes[-1].name], stock=stock)
    assert stock.nbytes == 4 * (3 * 3 * 3 * 4 + 4)


def test_results_are_not_overwritten_by_the_next_run():
    graph = zoo.build("lenet5")
    planned = Planned(graph, random_weights(graph))
    first, second = np.random.default_rng(0).normal(size=(2, 1, 28, 28, 1)).astype(np.float32)
    made = planned.run(first, ["s2", "output"])
    copies = {name: values.copy() for name, values in made.items()}
    planned.run(second, ["s2", "output"])
    for name, values in copies.items():
        np.testing.assert_array_equal(made[name], values)
    np.testing.assert_array_equal(planned.run(first, ["output"])["output"].shape, (1, 10))


def test_two_threads_have_memory_of_their_own():
    graph = zoo.build("cifar-net")
    planned = Planned(graph, random_weights(graph))
    xs = np.random.default_rng(0).normal(size=(4, 1, 32, 32, 3)).astype(np.float32)
    expected = [planned.run(x, ["fc"])["fc"] for x in xs]
    made: dict[int, list] = {}

    def work(place: int) -> None:
        made[place] = [planned.run(xs[place], ["fc"])["fc"] for _ in range(5)]

    threads = [Thread(target=work, args=(place,)) for place in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for place, results in made.items():
        for each in results:
            np.testing.assert_array_equal(each, expected[place])


def test_threads_with_batches_of_more_sizes_than_plans_are_kept(monkeypatch):
    monkeypatch.setattr(plan_module, "PLANS", 1)
    monkeypatch.setattr(Planned, "_made", lambda self, batch, keep: batch)
    planned, failed = Planned(zoo.build("lenet5"), {}), []

    def work(place: int) -> None:
        try:
            for batch in range(2000):
                assert planned._plan(place + batch, ["output"]) == place + batch
        except Exception as error:
            failed.append(error)

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [Thread(target=work, args=(place,)) for place in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(before)
    assert not failed


def test_a_model_that_has_run_is_copied_and_goes_to_other_processes():
    model = Model(zoo.build("lenet5"), random_weights(zoo.build("lenet5")))
    x = np.random.default_rng(0).normal(size=(1, 28, 28, 1)).astype(np.float32)
    made = model.forward(x)
    for other in (pickle.loads(pickle.dumps(model)), copy.deepcopy(model)):
        np.testing.assert_array_equal(other.forward(x), made)


def test_over_the_budget_it_runs_node_by_node():
    graph = zoo.build("cifar-net")
    weights = random_weights(graph)
    held = sum(values.nbytes for own in weights.values() for values in own.values())
    x = np.zeros((1, 32, 32, 3), np.float32)
    planned = Planned(graph, weights)
    with byte_budget(held), pytest.raises(RefusedError, match="running cifar-net needs"):
        Plan(graph, weights, ["fc"])
    with byte_budget(held):
        made = planned.run(x, ["fc"])["fc"]
    np.testing.assert_allclose(made, Sequential(graph, weights).run(x, ["fc"])["fc"], atol=1e-4)
