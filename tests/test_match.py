"""Weights find their places: by names or in order, whatever the order of their axes."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import stored
from safetensors.numpy import save_file

from cnnviz import InputError, RefusedError, SpecError, load_model
from cnnviz.files import byte_budget
from cnnviz.graph import Graph, Node, sequential
from cnnviz.layers import find
from cnnviz.model import flat
from cnnviz.model.initial import he_weights
from cnnviz.model.match import Loaded, read_weights

GRAPH = stored.network()
OURS, TORCH = stored.as_keras(GRAPH), stored.as_torch(GRAPH)


def written(path: Path, tensors: stored.Tensors, metadata: dict | None = None) -> Path:
    save_file({k: np.ascontiguousarray(v) for k, v in tensors.items()}, path, metadata)
    return path


def assert_ours(loaded: Loaded, graph: Graph = GRAPH) -> None:
    for node, name in stored.shapes(graph):
        values = loaded.weights[node][name]
        assert values.dtype == np.float32
        np.testing.assert_array_equal(values, OURS[f"{node}.{name}"], err_msg=f"{node}.{name}")


def renamed(tensors: stored.Tensors, change: Callable[[str], str]) -> stored.Tensors:
    return {change(name): values for name, values in tensors.items()}


@pytest.mark.parametrize(
    ("tensors", "how"),
    [
        (OURS, "hwio"),
        (stored.as_keras(GRAPH, named="{}/{}:0"), "hwio"),
        (stored.as_keras(GRAPH, named="{0}/{0}/{1}:0"), "hwio"),
        (TORCH, "oihw"),
        (renamed(TORCH, "module.{}".format), "oihw"),
        (renamed(TORCH, "encoder.backbone.{}".format), "oihw"),
        (TORCH | {f"module.{name}": 2 * values for name, values in TORCH.items()}, "oihw"),
        (renamed(TORCH, "model.state_dict.{}".format), "oihw"),
        (renamed(TORCH, "net.module.{}".format), "oihw"),
        (renamed(TORCH, "state_dict.{}".format) | {"epoch.x": np.ones(1)}, "oihw"),
        (TORCH | {"bn1.num_batches_tracked": np.array(7)}, "oihw"),
        (TORCH | {"aux1.fc.weight": np.ones((2, 2)), "aux1.fc.bias": np.ones(2)}, "oihw"),
    ],
)
def test_by_name(tmp_path, tensors, how):
    loaded = read_weights(written(tmp_path / "w.safetensors", tensors), GRAPH)
    assert_ours(loaded)
    assert loaded.notes[0] == f"weights: 17 arrays of w.safetensors by name, kernels as {how}"


def test_npz_and_the_library(tmp_path):
    np.savez(tmp_path / "w.npz", **TORCH)
    assert_ours(read_weights(tmp_path / "w.npz", GRAPH))
    model = load_model("Conv2D(2, 3)", input_shape=(5, 5, 1))
    assert model.is_random
    np.savez(tmp_path / "c.npz", **{"conv1.kernel": np.ones((3, 3, 1, 2)), "conv1.bias": [0, 1]})
    model = load_model("Conv2D(2, 3)", input_shape=(5, 5, 1), weights=tmp_path / "c.npz")
    assert not model.is_random
    np.testing.assert_array_equal(model.forward(np.ones((1, 5, 5, 1)))[0, 0, 0], [9, 10])


def test_in_order(tmp_path):
    np.savez(tmp_path / "w.npz", **{f"{i}": v for i, v in enumerate(TORCH.values())})
    loaded = read_weights(tmp_path / "w.npz", GRAPH, match="order")
    assert_ours(loaded)
    assert "17 arrays of w.npz in their order, kernels as oihw" in loaded.notes[0]


def test_never_in_order_unless_asked(tmp_path):
    np.savez(tmp_path / "w.npz", **{f"layer{i}": v for i, v in enumerate(TORCH.values())})
    with pytest.raises(InputError, match="no array is named as a layer of m; name the layers so"):
        read_weights(tmp_path / "w.npz", GRAPH)


def test_the_names_of_the_zoo(tmp_path):
    graph = load_model(
        "vgg11", input_shape=(32, 32, 3), settings=[f"fc{i}.units=8" for i in (6, 7)]
    ).graph
    from cnnviz.model import zoo

    names = zoo.checkpoint_names("vgg11")
    tensors = {}
    for (node, name), shape in stored.shapes(graph).items():
        order = (3, 2, 0, 1) if len(shape) == 4 else (1, 0) if len(shape) == 2 else (0,)
        tensors[f"{names[node]}.{stored.TORCH.get(name, name)}"] = np.ones(
            [shape[i] for i in order]
        )
    path = written(tmp_path / "w.safetensors", tensors)
    assert "by torchvision's names" in read_weights(path, graph).notes[0]
    with pytest.raises(InputError, match="no array is named as a layer"):
        read_weights(path, graph, match="name")


def test_the_rows_behind_a_flatten(tmp_path):
    branches = (
        Node("a", find("Conv2D")(2, 1, use_bias=False), ("input",)),
        Node("flat_a", find("Flatten")(), ("a",)),
        Node("flat_b", find("Flatten")(), ("input",)),
        Node("both", find("Concatenate")(), ("flat_a", "flat_b")),
        Node("bn", find("BatchNormalization")(), ("both",)),
        Node("relu", find("ReLU")(), ("bn",)),
        Node("fc", find("Dense")(1), ("relu",)),
        Node("end", find("Dense")(2), ("fc",)),
    )
    graph = Graph("m", branches, (2, 2, 3))
    order = [(h * 2 + w) * 2 + c for c in range(2) for h in range(2) for w in range(2)]
    order += [8 + (h * 2 + w) * 3 + c for c in range(3) for h in range(2) for w in range(2)]
    ours = stored.as_keras(graph)
    tensors = {
        "a.weight": np.moveaxis(ours["a.kernel"], (3, 2), (0, 1)),
        "fc.weight": ours["fc.kernel"][order].T,
        "fc.bias": ours["fc.bias"],
        "end.weight": ours["end.kernel"].T,
        "end.bias": ours["end.bias"],
    } | {
        f"bn.{stored.TORCH[n]}": ours[f"bn.{n}"][order]
        for n in ("gamma", "beta", "moving_mean", "moving_variance")
    }
    loaded = read_weights(written(tmp_path / "w.safetensors", tensors), graph)
    for node, name in stored.shapes(graph):
        np.testing.assert_array_equal(loaded.weights[node][name], ours[f"{node}.{name}"])


@pytest.mark.parametrize("between", ["GlobalAveragePooling2D", "GlobalMaxPooling2D"])
def test_no_rows_move_behind_global_pooling(tmp_path, between):
    graph = sequential("m", (4, 4, 3), {"pool": find(between)(), "fc": find("Dense")(2)})
    kernel = np.arange(6.0).reshape(2, 3)
    path = written(tmp_path / "w.safetensors", {"fc.weight": kernel, "fc.bias": np.ones(2)})
    np.testing.assert_array_equal(read_weights(path, graph).weights["fc"]["kernel"], kernel.T)


@pytest.mark.parametrize("file", [(1,), (6,), (6, 1)])
def test_slopes_behind_a_flatten(tmp_path, file):
    layers = {"flatten": find("Flatten")(), "prelu": find("PReLU")(), "fc": find("Dense")(2)}
    graph = sequential("m", (1, 2, 3), layers)
    slopes = np.arange(np.prod(file), dtype=np.float32).reshape(file)
    rest = {"fc.weight": np.ones((2, 6)), "fc.bias": np.ones(2)}
    path = written(tmp_path / "w.safetensors", {"prelu.weight": slopes} | rest)
    expected = [0] * 6 if file == (1,) else [0, 2, 4, 1, 3, 5]
    assert read_weights(path, graph).weights["prelu"]["alpha"].tolist() == expected


def test_rows_of_a_framework_with_channels_last_stay(tmp_path):
    layers = {"up": find("Conv2DTranspose")(3, 2), "flatten": find("Flatten")(),
              "fc": find("Dense")(5)}  # fmt: skip
    graph = sequential("m", (2, 2, 3), layers)
    ours = stored.as_keras(graph)
    kernel = np.moveaxis(ours["up.kernel"], 2, 0)  # (kh, kw, filters, C) to (filters, kh, kw, C)
    tensors = {"up.weight": kernel, "up.bias": ours["up.bias"],
               "fc.weight": ours["fc.kernel"].T, "fc.bias": ours["fc.bias"]}  # fmt: skip
    path = written(tmp_path / "w.safetensors", tensors, {"format": "mlx"})
    loaded = read_weights(path, graph)
    for node, name in stored.shapes(graph):
        np.testing.assert_array_equal(loaded.weights[node][name], ours[f"{node}.{name}"])
    assert len(loaded.notes) == 1


def test_names_tell_the_order_of_rows_where_there_are_no_kernels(tmp_path):
    layers = {"flatten": find("Flatten")(), "bn": find("BatchNormalization")()}
    graph, row = sequential("m", (1, 2, 2), layers), np.arange(1.0, 5)
    names = ("weight", "bias", "running_mean", "running_var")
    np.savez(tmp_path / "w.npz", **{f"bn.{name}": row for name in names})
    loaded = read_weights(tmp_path / "w.npz", graph)
    assert loaded.weights["bn"]["gamma"].tolist() == [1, 3, 2, 4]
    assert "the output is a flattened map, channels last" in loaded.notes[-1]


def test_a_flattened_map_that_is_added_to_another_row_is_noted(tmp_path):
    nodes = (
        Node("flatten", find("Flatten")(), ("input",)),
        Node("fc", find("Dense")(12, use_bias=False), ("flatten",)),
        Node("add", find("Add")(), ("fc", "flatten")),
        Node("end", find("Dense")(2, use_bias=False), ("add",)),
    )
    graph = Graph("m", nodes, (2, 2, 3))
    tensors = {"fc.weight": np.ones((12, 12)), "end.weight": np.ones((2, 12))}
    notes = read_weights(written(tmp_path / "w.safetensors", tensors), graph).notes
    assert any(text.startswith("add: Add joins a flattened map, channels last") for text in notes)
    alike = Graph("m", (*nodes[:1], Node("add", find("Add")(), ("flatten",) * 2)), (2, 2, 3))
    assert flat.moved(alike) == [
        "add: the output is a flattened map, channels last; PyTorch's would be channels first"
    ]


def test_layers_that_order_values_otherwise_are_noted(tmp_path):
    layers = {"reshape": find("Reshape")((4, 4, 2)), "fc": find("Conv2D")(2, 1, use_bias=False)}
    path = written(
        tmp_path / "w.safetensors", {"fc.weight": np.ones((2, 2, 1, 1))}, {"format": "pt"}
    )
    notes = read_weights(path, sequential("m", (32,), layers)).notes
    assert "reshape: Reshape orders values channels last" in notes[1]


SQUARE = sequential("m", (5, 5, 3), {"conv1": find("Conv2D")(3, 3, use_bias=False)})
CUBE = np.arange(81, dtype=np.float32).reshape(3, 3, 3, 3)


@pytest.mark.parametrize(
    ("name", "metadata", "layout", "axes"),
    [
        ("conv1.weight", None, None, "oihw"),
        ("conv1.kernel", None, None, "hwio"),
        ("conv1.weight", {"format": "tf"}, None, "hwio"),
        ("conv1.kernel", {"format": "pt"}, None, "oihw"),
        ("conv1.weight", {"layout": "ohwi"}, None, "ohwi"),
        ("conv1.weight", {"format": "mlx"}, None, "ohwi"),
        ("conv1.weight", {"format": "pt"}, "hwio", "hwio"),
    ],
)
def test_the_layout_where_shapes_do_not_tell(tmp_path, name, metadata, layout, axes):
    path = written(tmp_path / "w.safetensors", {name: CUBE}, metadata)
    kernel = read_weights(path, SQUARE, layout=layout).weights["conv1"]["kernel"]
    expected = CUBE.transpose([axes.index(letter) for letter in "hwio"])
    np.testing.assert_array_equal(kernel, expected)


def test_the_layout_that_cannot_be_told_is_asked_for(tmp_path):
    path = written(tmp_path / "w.safetensors", {"x": CUBE})
    with pytest.raises(SpecError, match="the layout of x cannot be told; give --layout hwio"):
        read_weights(path, SQUARE, match="order")
    assert read_weights(path, SQUARE, match="order", layout="oihw").weights


def test_named_kernels_need_no_weights(tmp_path):
    layers = {"edges": find("Conv2D")(kernels=["sobel-x", "edge"]), "fc": find("Conv2D")(2, 1)}
    graph = sequential("m", (5, 5, 1), layers)
    fc = {"fc.kernel": np.ones((1, 1, 2, 2)), "fc.bias": np.ones(2)}
    loaded = read_weights(written(tmp_path / "a.safetensors", fc), graph)
    np.testing.assert_array_equal(
        loaded.weights["edges"]["kernel"], he_weights(graph)["edges"]["kernel"]
    )
    assert loaded.notes[-1] == "as the spec says: edges.kernel, edges.bias"
    own = fc | {"edges.kernel": np.full((3, 3, 1, 2), 7.0), "edges.bias": np.ones(2)}
    trained = read_weights(written(tmp_path / "b.safetensors", own), graph).weights["edges"]
    assert (trained["kernel"] == 7).all()
    np.savez(tmp_path / "c.npz", k=fc["fc.kernel"], b=fc["fc.bias"])
    assert read_weights(tmp_path / "c.npz", graph, match="order", layout="hwio").weights


def test_what_is_left_in_the_file_is_noted(tmp_path):
    extra = TORCH | {"aux1.weight": np.ones(3), "bn1.num_batches_tracked": np.array(3)}
    notes = read_weights(written(tmp_path / "w.safetensors", extra), GRAPH).notes
    assert notes[-1] == "1 arrays of the file not used: aux1.weight"


def test_half_precision_is_widened(tmp_path):
    tensors = {name: values.astype(np.float16) for name, values in TORCH.items()}
    loaded = read_weights(written(tmp_path / "w.safetensors", tensors), GRAPH)
    assert loaded.weights["fc1"]["kernel"].dtype == np.float32
    np.testing.assert_allclose(loaded.weights["fc1"]["kernel"], OURS["fc1.kernel"], rtol=1e-3)


def test_one_slope_for_all_channels(tmp_path):
    tensors = TORCH | {"prelu.weight": np.array([0.25], np.float32)}
    loaded = read_weights(written(tmp_path / "w.safetensors", tensors), GRAPH)
    np.testing.assert_array_equal(loaded.weights["prelu"]["alpha"], np.full((1, 1, 12), 0.25))


@pytest.mark.parametrize("form", ["safetensors", "npz"])
def test_large_files_are_read_an_array_at_a_time(tmp_path, form):
    layers = {f"fc{i}": find("Dense")(1000, use_bias=False) for i in range(6)}
    tensors = {f"fc{i}.weight": np.ones((1000, 1000), np.float32) for i in range(6)}
    np.savez(tmp_path / "w.npz", **tensors)
    path = written(tmp_path / "w.safetensors", tensors).with_suffix(f".{form}")
    tracemalloc.start()
    read_weights(path, sequential("m", (1000,), layers))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert 6 * 4e6 < peak < 9 * 4e6


def test_the_budget_comes_first(tmp_path):
    path = written(tmp_path / "w.safetensors", OURS)
    with byte_budget(10_000), pytest.raises(RefusedError, match="the weights needs"):
        read_weights(path, GRAPH)


@pytest.mark.parametrize(("match", "layout"), [("names", None), ("auto", "hwoi")])
def test_unknown_words(tmp_path, match, layout):
    with pytest.raises(SpecError, match="is not one of"):
        read_weights(written(tmp_path / "w.safetensors", OURS), GRAPH, match=match, layout=layout)


def test_a_flattened_map_beside_a_row_that_is_none(tmp_path):
    nodes = (
        Node("flatten", find("Flatten")(), ("input",)),
        Node("row", find("Dense")(2, use_bias=False), ("flatten",)),
        Node("both", find("Concatenate")(), ("row", "flatten")),
        Node("end", find("Dense")(1, use_bias=False), ("both",)),
    )
    graph = Graph("m", nodes, (1, 2, 3))
    tensors = {"row.weight": np.ones((2, 6)), "end.weight": np.arange(8.0)[None]}
    loaded = read_weights(written(tmp_path / "w.safetensors", tensors), graph)
    assert loaded.weights["end"]["kernel"].ravel().tolist() == [0, 1, 2, 4, 6, 3, 5, 7]


@pytest.mark.parametrize("shape", [(1, 1, 6), (2, 3, 1), (6,)])
def test_a_map_of_one_place_or_channel_has_one_order(shape):
    layers = {"flatten": find("Flatten")(), "fc": find("Dense")(2)}
    assert flat.flattened(sequential("m", shape, layers)) == {}
