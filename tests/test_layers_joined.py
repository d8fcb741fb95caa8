"""Merging and reshaping layers against ONNX Runtime, channels last on our side."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import onnx_peer
import pytest
from drawn import assert_close, many, seeds, values
from hypothesis import given
from hypothesis import strategies as st

from cnnviz import layers

JOINS = {
    "Add": "Add",
    "Subtract": "Sub",
    "Multiply": "Mul",
    "Maximum": "Max",
    "Minimum": "Min",
    "Average": "Mean",
}


def run(name: str, *xs: np.ndarray, **settings) -> np.ndarray:
    layer = layers.find(name)(**settings)
    y, _ = layer.forward({}, *xs)
    assert y.shape[1:] == layer.output_shape(*(x.shape[1:] for x in xs))
    assert y.dtype == np.float32
    return y


def channels_first(x: np.ndarray) -> np.ndarray:
    return np.moveaxis(x, -1, 1)


@pytest.mark.parametrize("name", JOINS)
@many(30)
@given(seeds, st.lists(st.tuples(*[st.booleans()] * 3), min_size=2, max_size=2))
def test_joins_match_onnxruntime(name: str, seed: int, single: list) -> None:
    """Two inputs, any axis of either of which may be 1."""
    whole = (4, 3, 5)
    xs = [
        values(seed + n, 2, *(1 if one else size for one, size in zip(ones, whole, strict=True)))
        for n, ones in enumerate(single)
    ]
    theirs = onnx_peer.run(JOINS[name], xs[0], channels_first(xs[1]))
    assert_close(run(name, *xs), theirs, 1)


@pytest.mark.parametrize("name", ["Add", "Multiply", "Maximum", "Minimum", "Average"])
def test_joins_of_several(name: str) -> None:
    xs = [values(n, 2, 4, 3, 5) for n in range(4)]
    stack = np.stack(xs).astype(np.float64)
    theirs = {
        "Add": stack.sum(0), "Multiply": stack.prod(0), "Maximum": stack.max(0),
        "Minimum": stack.min(0), "Average": stack.mean(0),
    }[name]  # fmt: skip
    assert_close(run(name, *xs), theirs)
    assert_close(run(name, *xs[:3]), run(name, xs[2], xs[1], xs[0]))


def test_a_row_of_channels_counts_for_every_place() -> None:
    x, gate = values(0, 2, 4, 3, 5), values(1, 2, 5)
    for pair in ((x, gate), (gate, x)):
        y = run("Multiply", *pair)
        for n in (0, 1):
            assert_close(y[n], x[n] * gate[n])


@pytest.mark.parametrize("axis", [1, 2, 3, -1, -2, -3])
def test_concatenation_matches_onnxruntime(axis: int) -> None:
    place = axis if axis > 0 else axis + 4
    shape, xs = [2, 4, 3, 5], []
    for seed, length in enumerate((2, 1, 6)):
        shape[place] = length
        xs.append(values(seed, *shape))
    theirs = onnx_peer.run(
        "Concat", xs[0], *map(channels_first, xs[1:]), axis={1: 2, 2: 3, 3: 1}[place]
    )
    np.testing.assert_array_equal(run("Concatenate", *xs, axis=axis), theirs)


@pytest.mark.parametrize("dims", list(permutations((1, 2, 3))))
def test_permute_matches_onnxruntime(dims: tuple[int, int, int]) -> None:
    x = values(0, 2, 4, 3, 5)
    # Our axes 1, 2, 3 are ONNX's 2, 3, 1: the output's too.
    there = {1: 2, 2: 3, 3: 1}
    rows, columns, channels = (there[axis] for axis in dims)
    theirs = onnx_peer.run("Transpose", x, perm=[0, channels, rows, columns])
    np.testing.assert_array_equal(run("Permute", x, dims=dims), theirs)


def test_reshape_and_flatten_count_channels_fastest() -> None:
    x = np.arange(2 * 3 * 4 * 5, dtype=np.float32).reshape(2, 3, 4, 5)
    flat = run("Flatten", x)
    for row in range(3):
        for column in range(4):
            for channel in range(5):
                place = (row * 4 + column) * 5 + channel
                np.testing.assert_array_equal(flat[:, place], x[:, row, column, channel])
    np.testing.assert_array_equal(run("Reshape", flat, target_shape=(3, -1, 5)), x)
    turned = run("Reshape", x, target_shape=(5, 4, 3))
    assert turned[0, 0, 1].tolist() == [3, 4, 5]
