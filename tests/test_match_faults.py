"""Files that do not fit a model: every difference is listed, and nothing of them is taken."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import stored
from safetensors.numpy import save_file

from cnnviz import InputError, load_model
from cnnviz.model.match import read_weights

GRAPH = stored.network()
TORCH = stored.as_torch(GRAPH)
SIZES = {name: "x".join(map(str, values.shape)) for name, values in TORCH.items()}
# What each is called in messages.
OWN = dict(zip(TORCH, (".".join(key) for key in stored.shapes(GRAPH)), strict=True))


def faults(folder: Path, tensors: stored.Tensors, **settings) -> list[str]:
    """Return the details of the error that a file of these tensors is."""
    path = folder / "w.safetensors"
    save_file({k: np.asarray(v, order="C") for k, v in tensors.items()}, path)
    with pytest.raises(InputError) as caught:
        read_weights(path, GRAPH, **settings)
    assert caught.value.code == 1
    assert caught.value.path == str(path)
    return list(caught.value.details)


def without(*names: str) -> stored.Tensors:
    return {name: values for name, values in TORCH.items() if name not in names}


@pytest.mark.parametrize("name", TORCH)
def test_one_is_missing(tmp_path, name):
    expected = f"{OWN[name]}: expected {SIZES[name]}, not in the file"
    assert faults(tmp_path, without(name)) == [expected]


@pytest.mark.parametrize("name", TORCH)
def test_one_has_a_row_too_many(tmp_path, name):
    shape = (TORCH[name].shape[0] + 1, *TORCH[name].shape[1:])
    expected = f"{OWN[name]}: expected {SIZES[name]}, got {'x'.join(map(str, shape))} ({name})"
    assert faults(tmp_path, TORCH | {name: np.ones(shape, np.float32)}) == [expected]


@pytest.mark.parametrize(
    "name", [n for n, v in TORCH.items() if v.ndim > 1 and n != "prelu.weight"]
)
def test_one_has_its_axes_in_another_order(tmp_path, name):
    turned = np.moveaxis(TORCH[name], 0, -1)
    assert turned.shape != TORCH[name].shape
    (line,) = faults(tmp_path, TORCH | {name: turned})
    assert line.startswith(f"{OWN[name]}: expected {SIZES[name]}, got ")


@pytest.mark.parametrize("name", TORCH)
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite(tmp_path, name, value):
    broken = TORCH[name].copy()
    broken.flat[-2:] = value
    assert faults(tmp_path, TORCH | {name: broken}) == [
        f"{name}: 2 of {broken.size} values are NaN or infinite"
    ]


def test_doubles_beyond_single_precision(tmp_path):
    broken = np.full(7, 1e300)
    assert faults(tmp_path, TORCH | {"fc1.bias": broken}) == [
        "fc1.bias: 7 of 7 values are NaN or infinite"
    ]


def test_every_difference_has_its_line(tmp_path):
    tensors = without("conv1.bias", "fc2.weight") | {
        "bn1.weight": np.ones(5, np.float32),
        "dw.bias": np.ones(12, np.float32),
        "fc1.weight": np.ones((7, 3), np.float32),
    }
    assert faults(tmp_path, tensors) == [
        "conv1.bias: expected 6, not in the file",
        "bn1.gamma: expected 6, got 5 (bn1.weight)",
        f"fc1.kernel: expected {SIZES['fc1.weight']}, got 7x3 (fc1.weight)",
        "fc2.kernel: expected 4x7, not in the file",
        "dw.bias: in the file, but dw has no such weight",
    ]


def test_a_network_of_another_kind(tmp_path):
    tensors = {"features.0.weight": np.ones((8, 3, 3, 3)), "features.0.bias": np.ones(8)}
    wanted, there = faults(tmp_path, tensors)
    assert wanted.startswith("the model's: conv1.kernel, conv1.bias, bn1.gamma")
    assert there == "the file's: features.0.bias, features.0.weight"


def test_too_few_and_too_many_in_order(tmp_path):
    few = {f"{i:02}": v for i, v in enumerate(list(TORCH.values())[:-1])}
    assert faults(tmp_path, few, match="order") == ["fc2.bias: expected 4, not in the file"]
    last = np.ones(3, np.float32)
    many = {f"{i:02}": v for i, v in enumerate([*TORCH.values(), last])}
    assert faults(tmp_path, many, match="order") == [
        "17: in the file, but no weight is left for it"
    ]


def test_two_that_are_swapped_in_order(tmp_path):
    names = list(TORCH)
    names[0], names[1] = names[1], names[0]
    path = tmp_path / "w.npz"
    np.savez(path, **{name: TORCH[name] for name in names})
    with pytest.raises(InputError) as caught:
        read_weights(path, GRAPH, match="order")
    assert caught.value.details == (
        "conv1.kernel: expected 6x1x3x3, got 6 (conv1.bias)",
        "conv1.bias: expected 6, got 6x1x3x3 (conv1.weight)",
    )


def test_a_single_number_for_a_weight(tmp_path):
    (line,) = faults(tmp_path, TORCH | {"fc2.bias": np.array(1.0)})
    assert line == "fc2.bias: expected 4, got a single number (fc2.bias)"


def test_truth_values(tmp_path):
    np.savez(tmp_path / "w.npz", **TORCH | {"fc2.bias": np.ones(4, bool)})
    with pytest.raises(InputError) as caught:
        read_weights(tmp_path / "w.npz", GRAPH)
    assert caught.value.details == ("fc2.bias: expected numbers, got bool",)


def test_names_out_of_a_file_cannot_change_the_terminal(tmp_path):
    name = "conv1.\x1b[31m.weight\n"
    lines = faults(tmp_path, {name: np.ones(3)})
    assert lines[1] == "the file's: conv1.\\x1b[31m.weight\\n"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "holds no numbers"),
        (b"GIF89a", "'GIF89a' is not a number"),
        (b"PK\x03\x04", "corrupt .npz"),
        (b"1 2 3", "no array is named"),
    ],
)
def test_files_that_hold_no_weights(tmp_path, content, words):
    (tmp_path / "w").write_bytes(content)
    with pytest.raises(InputError, match=words):
        read_weights(tmp_path / "w", GRAPH)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match=r"w\.pth: cannot be read"):
        load_model("lenet5", weights=tmp_path / "w.pth")


def test_one_bias_for_all_filters(tmp_path):
    expected = "conv1.bias: expected 6, got 1 (conv1.bias)"
    assert faults(tmp_path, TORCH | {"conv1.bias": np.ones(1, np.float32)}) == [expected]
