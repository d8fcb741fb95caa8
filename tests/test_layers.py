"""One contract test for every layer class, and their shapes against independent runs."""

from __future__ import annotations

from itertools import product
from math import ceil, prod

import numpy as np
import onnx
import onnxruntime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper

from cnnviz import layers
from cnnviz.contract import Layer
from cnnviz.errors import SpecError
from cnnviz.layers.checks import COMMON_ACTIVATIONS
from cnnviz.ops.activations import activations

# Every class has a case here: arguments, input shape, output shape, parameters, multiply-adds.
CASES = [
    ("Activation", {"activation": "relu"}, (5, 4, 3), (5, 4, 3), 0, 0),
    ("AveragePooling2D", {"pool_size": (2, 1)}, (7, 6, 3), (3, 6, 3), 0, 0),
    ("Conv2D", {"filters": 4, "kernel_size": 3}, (5, 6, 2), (3, 4, 4), 76, 864),
    (
        "Conv2D",
        {"filters": 4, "kernel_size": 1, "groups": 2, "use_bias": False},
        (5, 6, 2),
        (5, 6, 4),
        4,
        120,
    ),
    ("Conv2D", {"kernels": ["sobel-x", "edge"]}, (5, 6, 1), (3, 4, 2), 20, 216),
    ("Dense", {"units": 10}, (84,), (10,), 850, 840),
    ("Dense", {"units": 10, "use_bias": False}, (2, 3, 4), (2, 3, 10), 40, 240),
    ("Dropout", {"rate": 0.5}, (3,), (3,), 0, 0),
    ("Flatten", {}, (7, 7, 512), (25088,), 0, 0),
    ("GlobalAveragePooling2D", {}, (7, 7, 12), (12,), 0, 0),
    ("GlobalMaxPooling2D", {"keepdims": True}, (7, 5, 12), (1, 1, 12), 0, 0),
    ("MaxPooling2D", {"pool_size": 3, "strides": 2}, (55, 55, 96), (27, 27, 96), 0, 0),
    ("ReLU", {"max_value": 6}, (2, 2, 1), (2, 2, 1), 0, 0),
    ("Softmax", {}, (10,), (10,), 0, 0),
    ("ReLU", {"negative_slope": 0.5, "threshold": 1}, (3,), (3,), 0, 0),
    ("LeakyReLU", {}, (2, 2, 1), (2, 2, 1), 0, 0),
    ("PReLU", {"shared_axes": [1, 2]}, (4, 5, 3), (4, 5, 3), 3, 0),
    ("ELU", {}, (2, 2, 1), (2, 2, 1), 0, 0),
    ("GELU", {"approximate": True}, (2, 2, 1), (2, 2, 1), 0, 0),
    ("SiLU", {}, (2, 2, 1), (2, 2, 1), 0, 0),
    ("HardSwish", {}, (2, 2, 1), (2, 2, 1), 0, 0),
    ("Sigmoid", {}, (2, 2, 1), (2, 2, 1), 0, 0),
    ("Tanh", {}, (2, 2, 1), (2, 2, 1), 0, 0),
    ("Identity", {}, (2, 2, 1), (2, 2, 1), 0, 0),
    ("SpatialDropout2D", {"rate": 0.5}, (2, 2, 1), (2, 2, 1), 0, 0),
    ("BatchNormalization", {}, (4, 5, 3), (4, 5, 3), 6, 0),
    ("LocalResponseNormalization", {}, (4, 5, 3), (4, 5, 3), 0, 0),
    ("MinPooling2D", {}, (5, 4, 3), (2, 2, 3), 0, 0),
    ("LpPooling2D", {"p": 3}, (5, 4, 3), (2, 2, 3), 0, 0),
    ("MaxPooling1D", {}, (5, 3), (2, 3), 0, 0),
    ("AveragePooling1D", {}, (5, 3), (2, 3), 0, 0),
    ("GlobalMaxPooling1D", {}, (5, 3), (3,), 0, 0),
    ("GlobalAveragePooling1D", {}, (5, 3), (3,), 0, 0),
    ("ZeroPadding2D", {"padding": ((1, 0), (2, 3))}, (4, 4, 2), (5, 9, 2), 0, 0),
]


@pytest.mark.parametrize(("name", "arguments", "taken", "made", "params", "macs"), CASES)
def test_contract(
    name: str, arguments: dict, taken: tuple, made: tuple, params: int, macs: int
) -> None:
    layer = layers.find(name)(**arguments)
    assert layer.output_shape(taken) == made
    assert sum(map(prod, layer.weight_shapes(taken).values())) == params
    assert layer.macs(taken) == macs
    assert layers.find(name)(**vars(layer)) == layer  # its settings make it again
    assert hash(layer) == hash(layers.find(name)(**vars(layer)))
    window = layer.window(taken)
    if window is not None and len(made) == 3:
        assert window.output_shape(taken[:-1]) == made[:-1]
    with pytest.raises(SpecError, match="takes one input"):
        layer.output_shape(taken, taken)


def test_every_layer_has_a_case_and_a_description() -> None:
    merging = {"Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate"}
    assert {name for name, *_ in CASES} | merging == set(layers.names())
    assert all(layers.find(name).__doc__ for name in layers.names())


def test_aliases_mean_their_layer() -> None:
    assert layers.find("MaxPool2D") is layers.find("MaxPool2d") is layers.find("MaxPooling2D")
    assert layers.find("AvgPool2D") is layers.find("AveragePooling2D")
    assert "MaxPool2D" not in layers.names()


def test_an_unknown_layer_brings_the_nearest() -> None:
    with pytest.raises(SpecError, match="did you mean Conv2D"):
        layers.find("Conv2d")


def test_common_activations_are_activations() -> None:
    assert set(COMMON_ACTIVATIONS) <= set(activations())


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


WRONG = [
    ("Conv2D", {"filters": 0, "kernel_size": 3}, "filters 0 is not a positive integer"),
    ("Conv2D", {"filters": 8}, "kernel_size is missing"),
    ("Conv2D", {"filters": 8, "kernel_size": 0}, "kernel_size 0"),
    ("Conv2D", {"filters": 8, "kernel_size": 3, "strides": -1}, "strides -1"),
    ("Conv2D", {"filters": 8, "kernel_size": 3, "padding": "half"}, "padding 'half'"),
    ("Conv2D", {"filters": 8, "kernel_size": 3, "groups": 3}, "groups 3 does not divide"),
    ("Conv2D", {"filters": 8, "kernel_size": 3, "activation": "rellu"}, "did you mean relu"),
    ("Conv2D", {"filters": 8, "kernel_size": 3, "use_bias": 1}, "use_bias 1"),
    ("Conv2D", {"filters": 3, "kernels": ["edge"]}, "filters 3 is not the number of kernels, 1"),
    ("Conv2D", {"kernels": ["edge", "gaussian:5"]}, "differ in size: 3x3, 5x5"),
    ("Conv2D", {"kernels": ["edg"]}, "edg"),
    ("Conv2D", {"kernels": ["file:x.npy"]}, "file"),
    ("MaxPooling2D", {"pool_size": True}, "pool_size True"),
    ("MaxPooling2D", {"ceil_mode": "yes"}, "ceil_mode 'yes'"),
    ("Dense", {"units": 2.5}, "units 2.5"),
    ("Dropout", {"rate": 1.5}, "rate 1.5 is not a number from 0 to 1"),
    ("ReLU", {"negative_slope": -1}, "negative_slope -1"),
    ("Softmax", {"axis": 0.5}, "axis 0.5"),
    ("ZeroPadding2D", {"padding": "same"}, "padding 'same'"),
]


@pytest.mark.parametrize(("name", "arguments", "message"), WRONG)
def test_wrong_settings_name_the_value(name: str, arguments: dict, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        layers.find(name)(**arguments)
    assert message in str(caught.value)


def test_inputs_that_do_not_fit() -> None:
    with pytest.raises(SpecError, match=r"takes an input \(H, W, C\), not \(120,\)"):
        layers.find("Conv2D")(8, 3).output_shape((120,))
    with pytest.raises(SpecError, match="kernel_size 7 does not fit in 4x4"):
        layers.find("Conv2D")(8, 7).output_shape((4, 4, 1))
    with pytest.raises(SpecError, match="groups 2 does not divide 3 input channels"):
        layers.find("Conv2D")(8, 3, groups=2).output_shape((9, 9, 3))
    with pytest.raises(SpecError, match="axis 2 is not an axis"):
        layers.find("Softmax")(2).output_shape((10,))
