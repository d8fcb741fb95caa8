"""One pass through a network and back: gradients of whole graphs by central differences."""

from __future__ import annotations

import numpy as np
import pytest

from cnnviz import load_model
from cnnviz.errors import InputError, RefusedError, SpecError
from cnnviz.files import byte_budget
from cnnviz.model.ending import without_softmax
from cnnviz.training.initial import initial_weights
from cnnviz.training.loss import cross_entropy
from cnnviz.training.step import Pass

# Two branches that share an input, one of them twice in a sum, and a node that leads nowhere.
BRANCHED = """
name = "branched"
input_shape = [6, 7, 2]
[[layers]]
type = "Conv2D"
name = "stem"
filters = 4
kernel_size = 3
padding = "same"
activation = "tanh"
[[layers]]
type = "Conv2D"
name = "left"
filters = 4
kernel_size = 3
padding = "same"
[[layers]]
type = "MaxPooling2D"
name = "aside"
pool_size = 2
inputs = ["stem"]
[[layers]]
type = "Add"
name = "sum"
inputs = ["left", "stem", "stem"]
[[layers]]
type = "Concatenate"
name = "both"
inputs = ["sum", "left"]
[[layers]]
type = "BatchNormalization"
name = "norm"
[[layers]]
type = "GlobalAveragePooling2D"
name = "mean"
[[layers]]
type = "Dense"
name = "out"
units = 3
"""
PLAIN = np.random.default_rng(1)


def in_double(weights):
    return {n: {w: v.astype(np.float64) for w, v in own.items()} for n, own in weights.items()}


def mean_loss(way: Pass, x, y) -> float:
    return float(way.run(x, y, np.random.default_rng(7)).losses.mean())


@pytest.fixture
def branched(tmp_path):
    path = tmp_path / "branched.toml"
    path.write_text(BRANCHED)
    return load_model(path).graph


def test_gradients_of_a_branched_graph_are_those_of_its_loss(branched):
    weights = in_double(initial_weights(branched, 2))
    x, y = PLAIN.normal(size=(3, 6, 7, 2)), np.array([0, 2, 1])
    way = Pass(branched, weights, label_smoothing=0.1)
    gradients = way.run(x, y, np.random.default_rng(7)).gradients
    assert sorted(gradients) == ["left", "norm", "out", "stem"]
    for node, own in gradients.items():
        for name, found in own.items():
            values = weights[node][name]
            for place in map(tuple, np.argwhere(np.ones(values.shape))[::7]):
                kept, losses = values[place], []
                for change in (1e-6, -1e-6):
                    values[place] = kept + change
                    losses.append(mean_loss(way, x, y))
                values[place] = kept
                slope = (losses[0] - losses[1]) / 2e-6
                assert found[place] == pytest.approx(slope, abs=1e-8, rel=1e-5), (node, name, place)


def test_new_statistics_come_with_the_gradients(branched):
    way = Pass(branched, initial_weights(branched))
    x = PLAIN.normal(size=(3, 6, 7, 2)).astype(np.float32)
    made = way.run(x, np.array([0, 1, 2]), np.random.default_rng(0))
    assert sorted(made.statistics) == ["norm"]
    assert sorted(made.statistics["norm"]) == ["moving_mean", "moving_variance"]


@pytest.mark.parametrize("ending", ["Dense(4, activation='softmax')", "Dense(4) Softmax()"])
def test_a_softmax_at_the_end_is_left_to_the_loss(ending):
    graph = load_model(f"Flatten() {ending}", input_shape=(3, 3, 1)).graph
    weights = initial_weights(graph)
    x = PLAIN.random((5, 3, 3, 1)).astype(np.float32)
    labels = np.array([0, 1, 2, 3, 0])
    made = Pass(without_softmax(graph), weights).run(x, labels, np.random.default_rng(0))
    logits = x.reshape(5, 9) @ weights["dense1"]["kernel"]
    np.testing.assert_allclose(made.losses, cross_entropy(logits, labels)[0], rtol=1e-6)
    assert made.is_right.tolist() == (logits.argmax(1) == labels).tolist()


def test_logits_may_be_maps_of_one_value():
    spec = "GlobalAveragePooling2D(keepdims=True) Conv2D(3, 1)"
    graph = load_model(spec, input_shape=(4, 4, 2)).graph
    x = PLAIN.random((2, 4, 4, 2)).astype(np.float32)
    made = Pass(graph, initial_weights(graph)).run(x, np.array([0, 2]), np.random.default_rng(0))
    assert made.gradients["conv1"]["kernel"].shape == (1, 1, 2, 3)


@pytest.mark.parametrize("ending", ["Dense(4, activation='sigmoid')", "Dense(4) ReLU()"])
def test_other_endings(ending):
    graph = load_model(f"Flatten() {ending}", input_shape=(3, 3, 1)).graph
    if "sigmoid" in ending:
        with pytest.raises(SpecError, match="dense1: classes cannot be trained through sigmoid"):
            without_softmax(graph)
    else:
        assert without_softmax(graph) is graph


def test_what_cannot_be_trained_says_so():
    graph = load_model("Flatten() Dense(3)", input_shape=(2, 2, 1)).graph
    weights = initial_weights(graph)
    x, y = np.ones((4, 2, 2, 1), np.float32), np.array([0, 1, 2, 0])
    way = Pass(graph, weights)
    with byte_budget(100), pytest.raises(RefusedError, match="batches of 4"):
        way.run(x, y, np.random.default_rng(0))
    weights["dense1"]["kernel"][:] = 3e38
    with pytest.raises(InputError, match="4 of 4 losses are NaN or infinite"):
        way.run(x, y, np.random.default_rng(0))
