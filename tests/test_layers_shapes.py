"""Shapes and multiply-adds of convolution and pooling against independent runs and counts."""

from __future__ import annotations

from itertools import product
from math import ceil

import numpy as np
import onnx
import onnxruntime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper

from cnnviz import layers
from cnnviz.contract import Layer


def counted(layer: Layer, shape: tuple[int, ...]) -> int:
    """Return the multiply-adds of a convolution, one by one."""
    height, width, channels = shape
    (kh, kw), (sh, sw), (dh, dw) = layer.kernel_size, layer.strides, layer.dilation_rate
    count = 0
    for row in range(0, height - dh * (kh - 1), sh):
        for column in range(0, width - dw * (kw - 1), sw):
            for group in range(layer.groups):
                inside = product(range(kh), range(kw), range(channels // layer.groups))
                for (i, j, _), _ in product(inside, range(layer.filters // layer.groups)):
                    assert row + i * dh < height
                    assert column + j * dw < width
                    assert group < channels
                    count += 1
    return count


@pytest.mark.parametrize("stride", [1, (2, 3)])
@pytest.mark.parametrize("dilation", [1, (2, 1)])
@pytest.mark.parametrize("groups", [1, 2])
def test_macs_are_those_of_the_loops(stride, dilation, groups) -> None:
    layer = layers.find("Conv2D")(4, (3, 2), strides=stride, dilation_rate=dilation, groups=groups)
    assert layer.macs((9, 8, 4)) == counted(layer, (9, 8, 4))


def onnx_shape(op: str, shape: tuple[int, int, int], weights: tuple | None, **attributes) -> tuple:
    """Return the shape that ONNX Runtime computes, channels last."""
    height, width, channels = shape
    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, (1, channels, height, width))]
    constants = []
    if weights is not None:
        values = np.zeros(weights, np.float32)
        constants = [onnx.numpy_helper.from_array(values, "w")]
    node = helper.make_node(op, ["x", "w"][: 1 + len(constants)], ["y"], **attributes)
    output = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    graph = helper.make_graph([node], "g", inputs, [output], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    result = session.run(None, {"x": np.zeros((1, channels, height, width), np.float32)})[0].shape
    return (*result[2:], result[1])


pair = st.tuples(st.integers(1, 3), st.integers(1, 3))
sides = st.tuples(*[st.integers(0, 2)] * 4)
space = st.tuples(st.integers(7, 16), st.integers(7, 16))


@settings(max_examples=120, deadline=None, derandomize=True)
@given(space, pair, pair, pair, st.one_of(st.just("same"), sides), st.integers(1, 2))
def test_convolution_shapes_are_those_of_onnx_runtime(size, k, s, d, padding, groups) -> None:
    d = (1, 1) if padding == "same" else d  # as far as ONNX Runtime goes
    padded = padding if padding == "same" else ((padding[0], padding[2]), (padding[1], padding[3]))
    layer = layers.find("Conv2D")(
        2 * groups, k, strides=s, padding=padded, dilation_rate=d, groups=groups
    )
    pads = {"auto_pad": "SAME_UPPER"} if padding == "same" else {"pads": padding}
    shape = (*size, 2 * groups)
    weights = layer.weight_shapes(shape)["kernel"]
    ran = onnx_shape(
        "Conv",
        shape,
        (weights[3], weights[2], *weights[:2]),
        strides=s,
        dilations=d,
        group=groups,
        **pads,
    )
    assert layer.output_shape(shape) == ran


def windows(n: int, k: int, s: int, before: int, after: int, ceil_mode: bool) -> int:
    """Count pooling windows one by one: whole ones, and in ceil mode one that starts inside."""
    count, start = 0, -before
    while start + k <= n + after:
        count, start = count + 1, start + s
    reaches_the_end = start - s + k == n + after
    return count + (ceil_mode and not reaches_the_end and start < n)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(space, pair, pair, st.tuples(st.integers(0, 1), st.integers(0, 1)), st.booleans())
def test_pooling_shapes_are_those_of_counting(size, k, s, padding, ceil_mode) -> None:
    # PyTorch, whose rule this is, takes no more padding than half a window.
    padding = tuple(min(pad, each // 2) for pad, each in zip(padding, k, strict=True))
    layer = layers.find("MaxPooling2D")(k, s, padding, ceil_mode=ceil_mode)
    counts = [
        windows(n, *each, pad, pad, ceil_mode)
        for n, pad, *each in zip(size, padding, k, s, strict=True)
    ]
    assert layer.output_shape((*size, 3)) == (*counts, 3)
    if not ceil_mode and padding == (0, 0):
        ran = onnx_shape("MaxPool", (*size, 3), None, kernel_shape=k, strides=s)
        assert layer.output_shape((*size, 3)) == ran


@pytest.mark.parametrize("size", range(1, 12))
@pytest.mark.parametrize("stride", [1, 2, 3])
def test_same_is_the_input_over_the_stride(size: int, stride: int) -> None:
    layer = layers.find("AveragePooling2D")(3, strides=stride, padding="same")
    assert layer.output_shape((size, 4, 1)) == (ceil(size / stride), ceil(4 / stride), 1)
