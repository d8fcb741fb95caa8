"""A loaded model: traces, predictions and batches, and what it refuses to say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import stored
from conftest import SAMPLES
from safetensors.numpy import load_file

from cnnviz import InputError, OutputError, RefusedError, SpecError, kernel, load_model, read_image
from cnnviz.files import byte_budget
from cnnviz.graph import Graph, Node
from cnnviz.layers import find
from cnnviz.model import Model
from cnnviz.model.executor import Sequential, peak_bytes
from cnnviz.model.initial import he_weights
from cnnviz.model.match import read_weights
from cnnviz.model.preprocess import Preprocess
from cnnviz.ops import conv2d

SPEC = (
    "Conv2D(kernels=['sobel-x', 'edge'], activation='relu') MaxPool2D(2) GlobalAveragePooling2D()"
)
IMAGE = np.random.default_rng(0).integers(0, 256, (9, 9, 1)).astype(np.float32)


def model(spec: str = SPEC, shape=(9, 9, 1)) -> Model:
    return load_model(spec, input_shape=shape)


def ending(spec: str, value: float = 0.0) -> np.ndarray:
    """Return the probabilities of a model of three classes, whose last values are 0, value, 1."""
    made = model(f"Flatten() {spec}", (3, 1, 1))
    weights = {"dense1": {"kernel": np.eye(3, dtype=np.float32), "bias": np.zeros(3)}}
    made = Model(made.graph, weights).preprocessed_by("none")
    return made.predict(np.array([[0.0], [value], [1.0]]))


def test_a_trace_holds_every_node_in_order():
    trace = model().trace(IMAGE)
    assert [values.shape for values in trace.values()] == [(7, 7, 2), (3, 3, 2), (2,)]
    assert list(trace)[:2] == ["conv1", "pool1"]
    kernels = np.stack([kernel("sobel-x"), kernel("edge")], axis=-1)[:, :, np.newaxis]
    expected = np.maximum(conv2d(IMAGE / 255, kernels), 0)
    np.testing.assert_allclose(trace["conv1"], expected, atol=1e-5)


def test_only_what_is_asked_for_is_kept():
    trace = model().trace(IMAGE, layers=["pool1", "input"])
    assert list(trace) == ["input", "pool1"]
    np.testing.assert_allclose(trace["input"], IMAGE / 255)
    with pytest.raises(SpecError, match="unknown layer 'pol1'; did you mean pool1"):
        model().trace(IMAGE, layers=["pol1"])


def test_a_batch_is_each_of_its_images():
    batch = np.random.default_rng(0).normal(size=(4, 9, 9, 1))
    whole = model().forward(batch)
    assert whole.shape == (4, 2)
    for one, values in zip(batch, whole, strict=True):
        np.testing.assert_allclose(model().forward(one[np.newaxis])[0], values, rtol=1e-5)


@pytest.mark.parametrize("shape", [(9, 9, 1), (1, 9, 9, 3), (1, 8, 9, 1), (0, 9, 9, 1), ()])
def test_batches_of_another_shape(shape):
    with pytest.raises(InputError, match="the model takes batches of 9x9x1"):
        model().forward(np.zeros(shape))


@pytest.mark.parametrize(
    "end", ["Dense(3)", "Dense(3, activation='softmax')", "Dense(3) Softmax()"]
)
def test_predictions_are_softmax_once(end):
    expected = np.exp([0, 2, 1]) / np.exp([0, 2, 1]).sum()
    np.testing.assert_allclose(ending(end, 2.0), expected, rtol=1e-5)


def test_log_softmax_becomes_probabilities():
    expected = np.exp([0, 2, 1]) / np.exp([0, 2, 1]).sum()
    np.testing.assert_allclose(
        ending("Dense(3) Activation('log_softmax')", 2.0), expected, rtol=1e-5
    )


@pytest.mark.parametrize(
    "end", ["Dense(3, activation='sigmoid')", "Dense(3) Activation('sigmoid')"]
)
def test_sigmoids_are_left(end):
    np.testing.assert_allclose(ending(end, 2.0), 1 / (1 + np.exp([0, -2, -1])), rtol=1e-5)


def test_a_model_without_weights_predicts_nothing():
    with pytest.raises(InputError, match="lenet5 has no weights; give --weights FILE"):
        load_model("lenet5", weights="random").predict(IMAGE)
    assert load_model("lenet5", weights="random").is_random
    assert not model().is_random


def test_a_model_that_ends_in_maps():
    with pytest.raises(SpecError, match="conv1: the model ends in maps 7x7x2, not in classes"):
        model("Conv2D(kernels=['edge', 'box'])").predict(IMAGE)
    row = model("Conv2D(kernels=['edge', 'box']) GlobalMaxPooling2D(keepdims=True)").predict(IMAGE)
    assert row.shape == (2,)


def test_what_overflows_is_refused_by_name_and_count():
    weights = {"conv1": {"kernel": np.full((3, 3, 1, 2), 3e38, np.float32), "bias": np.zeros(2)}}
    graph = model("Conv2D(2, 3) MaxPool2D(2)").graph
    with pytest.raises(InputError, match="conv1: 98 of 98 values are NaN or infinite"):
        Model(graph, weights).trace(np.full((9, 9, 1), 255))
    with pytest.raises(InputError, match="conv1: 98 of 98 values are NaN or infinite"):
        Model(graph, weights).forward(np.ones((1, 9, 9, 1)))


def test_what_overflows_halfway_is_refused_though_the_end_is_finite():
    weights = {"conv1": {"kernel": np.full((3, 3, 1, 2), 3e38, np.float32), "bias": np.zeros(2)}}
    graph = model("Conv2D(2, 3) GlobalAveragePooling2D() Activation('sigmoid')").graph
    for run in (Model(graph, weights).predict, lambda x: Model(graph, weights).forward(x[None])):
        with pytest.raises(InputError, match="conv1: 98 of 98 values are NaN or infinite"):
            run(np.full((9, 9, 1), 255))


def test_what_preprocessing_makes_infinite_is_refused():
    spec = {"scale": 1e30, "std": 1e-30}
    graph = replace(model("Conv2D(2, 3)").graph, preprocess=spec)
    with pytest.raises(InputError, match="input: 81 of 81 values are NaN or infinite"):
        Model(graph).trace(np.full((9, 9, 1), 255))
    far_apart = Preprocess((1, 1, 1), scale=1e-30, mean=1e30, std=1e30)
    assert np.isfinite(far_apart.undo(np.full((1, 1, 1), 3, np.float32))).all()


def test_weights_and_the_outputs_that_are_kept_are_within_the_budget():
    photo, vgg = read_image(SAMPLES / "cat.png"), load_model("vgg16")
    with byte_budget(2**24), pytest.raises(RefusedError, match=r"running vgg16 needs 552\.3 MiB"):
        vgg.trace(photo, layers=["conv1_1", "conv1_2"])
    with byte_budget(2**24), pytest.raises(RefusedError, match="138357544 weights needs"):
        he_weights(vgg.graph)


def test_a_fault_of_a_layer_names_its_node():
    graph = load_model("Conv2D(4, 3)", input_shape=(99, 99, 1)).graph
    weights = he_weights(graph)
    with byte_budget(100_000), pytest.raises(RefusedError, match=r"^conv1: "):
        Sequential(graph, weights).run(np.zeros((1, 99, 99, 1), np.float32), ["conv1"])


def diamond() -> Graph:
    nodes = (
        Node("a", find("ReLU")(), ("input",)),
        Node("b", find("ReLU")(), ("a",)),
        Node("c", find("ReLU")(), ("a",)),
        Node("sum", find("Add")(), ("b", "c")),
        Node("unread", find("ReLU")(), ("b",)),
        Node("twice", find("Add")(), ("sum", "sum")),
    )
    return Graph("diamond", nodes, (10,))


def test_branches_wait_for_each_other_and_what_nobody_takes_is_let_go():
    x = np.arange(10, dtype=np.float32)[np.newaxis]
    made = Sequential(diamond(), {}).run(x, ["twice"])
    assert list(made) == ["twice"]
    np.testing.assert_array_equal(made["twice"], 4 * x)
    assert peak_bytes(diamond(), ["twice"]) == 4 * 10 * 3
    assert peak_bytes(diamond(), ["a"]) == 4 * 10 * 2  # nothing below is run
    assert peak_bytes(diamond(), [n.name for n in diamond().nodes]) == 4 * 10 * 6


def test_weights_are_saved_and_load_again(tmp_path):
    graph = stored.network()
    weights = he_weights(graph)
    made, file = Model(graph, weights), tmp_path / "w.safetensors"
    made.save(file)
    assert load_file(file)["sep.pointwise_kernel"].shape == (1, 1, 12, 5)
    again = read_weights(file, graph).weights
    for node, own in weights.items():
        for name, values in own.items():
            np.testing.assert_array_equal(again[node][name], values)
    with pytest.raises(OutputError, match="exists"):
        made.save(file)
    made.save(file, overwrite=True)
    with pytest.raises(InputError, match="lenet5 has no weights to save"):
        load_model("lenet5", weights="random").save(tmp_path / "x.safetensors")


def test_random_weights_are_the_same_each_time():
    first, second = (
        load_model("lenet5", weights="random").trace(IMAGE)["output"] for _ in range(2)
    )
    np.testing.assert_array_equal(first, second)


def test_shapes_ask_for_no_preprocessing_that_an_image_does():
    gray = load_model("vgg16", input_shape=(224, 224, 1))
    assert gray.graph.shapes()["pool5"] == (7, 7, 512)
    with pytest.raises(SpecError, match="mean has 3 numbers, the model 1 channels"):
        gray.preprocessed_by()
