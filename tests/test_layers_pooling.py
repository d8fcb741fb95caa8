"""Pooling layers run against ONNX Runtime, with drawn settings."""

from __future__ import annotations

from math import ceil

import numpy as np
import onnx_peer
import pytest
from drawn import assert_close, many, pairs, seeds, values
from hypothesis import given
from hypothesis import strategies as st

from cnnviz import layers

# Of each kind: the layer, its own settings, ONNX's operation and its attributes.
KINDS = {
    "max": ("MaxPooling", {}, "MaxPool", {}),
    "min": ("MinPooling", {}, "MaxPool", {}),
    "average": ("AveragePooling", {}, "AveragePool", {"count_include_pad": 0}),
    "average, padding counted": (
        "AveragePooling",
        {"count_include_pad": True},
        "AveragePool",
        {"count_include_pad": 1},
    ),
    "lp": ("LpPooling", {"p": 3}, "LpPool", {"p": 3}),
}


@st.composite
def pools(draw: st.DrawFn, rank: int) -> tuple[dict, dict, tuple[int, ...]]:
    """A layer's settings, ONNX's attributes for the same, and an input that both fit."""
    size = tuple(draw(st.integers(1, 4)) for _ in range(rank))
    space = tuple(draw(st.integers(k, 12)) for k in size)
    if draw(st.booleans()):
        strides = tuple(draw(st.integers(1, k)) for k in size)  # as far as ONNX Runtime goes
        settings = {"pool_size": size, "strides": strides, "padding": "same"}
        return settings, {"strides": strides, "auto_pad": "SAME_UPPER"}, space
    strides = draw(st.none() | st.tuples(*[st.integers(1, 4)] * rank))
    # ONNX Runtime takes less padding than kernel.
    pads = tuple((draw(st.integers(0, k - 1)), draw(st.integers(0, k - 1))) for k in size)
    ceil_mode = draw(st.booleans())
    settings = {"pool_size": size, "strides": strides, "padding": pads, "ceil_mode": ceil_mode}
    flat = [*(before for before, _ in pads), *(after for _, after in pads)]
    attributes = {"strides": strides or size, "pads": flat, "ceil_mode": int(ceil_mode)}
    return settings, attributes, space


@pytest.mark.parametrize(
    ("kind", "rank"),
    [(kind, 2) for kind in KINDS] + [(kind, 1) for kind in KINDS if kind not in ("min", "lp")],
)
@many(60)
@given(st.data(), seeds)
def test_windows_match_onnxruntime(kind: str, rank: int, data: st.DataObject, seed: int) -> None:
    name, own, op, attributes = KINDS[kind]
    settings, theirs, space = data.draw(pools(rank))
    x = values(seed, 2, *space, 3)
    layer = layers.find(f"{name}{rank}D")(**settings, **own)
    y, _ = layer.forward({}, x)
    assert y.shape[1:] == layer.output_shape(x.shape[1:])
    sign = -1 if kind == "min" else 1
    size = settings["pool_size"]
    ran = sign * onnx_peer.run(op, sign * x, kernel_shape=size, **theirs, **attributes)
    # Sums may cancel: the scale of a mean or a norm is that of what it is taken of.
    assert_close(y, ran, float(np.abs(x).max()))


@pytest.mark.parametrize("rank", [1, 2])
@pytest.mark.parametrize("keepdims", [True, False])
@pytest.mark.parametrize(
    ("name", "op"), [("Max", "GlobalMaxPool"), ("Average", "GlobalAveragePool")]
)
def test_global_pooling_matches_onnxruntime(name: str, op: str, keepdims: bool, rank: int) -> None:
    x = values(3, 2, *(5, 7)[:rank], 4)
    y, _ = layers.find(f"Global{name}Pooling{rank}D")(keepdims=keepdims).forward({}, x)
    ran = onnx_peer.run(op, x)
    assert_close(y, ran if keepdims else ran.reshape(2, 4), float(np.abs(x).max()))


def counted(n: int, k: int, s: int, before: int, after: int, ceil_mode: bool) -> int:
    """Count windows one by one: whole ones, and in ceil mode one that starts inside."""
    count, start = 0, -before
    while start + k <= n + after:
        count, start = count + 1, start + s
    reaches_the_end = start - s + k == n + after
    return count + (ceil_mode and not reaches_the_end and start < n)


@many(150)
@given(pairs(7, 16), pairs(1, 3), pairs(1, 3), pairs(0, 1), st.booleans())
def test_shapes_are_those_of_counting(size, kernel, strides, padding, ceil_mode) -> None:
    # PyTorch, whose rule this is, takes no more padding than half a window.
    padding = tuple(min(pad, k // 2) for pad, k in zip(padding, kernel, strict=True))
    layer = layers.find("MaxPooling2D")(kernel, strides, padding, ceil_mode=ceil_mode)
    rows = zip(size, kernel, strides, padding, strict=True)
    counts = [counted(n, k, s, pad, pad, ceil_mode) for n, k, s, pad in rows]
    assert layer.output_shape((*size, 3)) == (*counts, 3)


@pytest.mark.parametrize("size", range(1, 12))
@pytest.mark.parametrize("stride", [1, 2, 3])
def test_same_is_the_input_over_the_stride(size: int, stride: int) -> None:
    layer = layers.find("AveragePooling2D")(3, strides=stride, padding="same")
    assert layer.output_shape((size, 4, 1)) == (ceil(size / stride), ceil(4 / stride), 1)
