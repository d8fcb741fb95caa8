"""Settings and inputs that a layer refuses, each with the value in its message."""

from __future__ import annotations

import numpy as np
import pytest

from cnnviz import layers
from cnnviz.errors import SpecError
from cnnviz.layers.checks import COMMON_ACTIVATIONS
from cnnviz.ops.activations import activations

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
    ("Dropout", {"rate": float("nan")}, "rate nan is not a number from 0 to 1"),
    ("Activation", {"activation": "rellu"}, "did you mean relu"),
    ("Activation", {"activation": None}, "activation is missing; use linear for none"),
    ("ReLU", {"negative_slope": -1}, "negative_slope -1 is not a number of at least 0"),
    ("ReLU", {"max_value": float("inf")}, "max_value inf is not a number"),
    ("LeakyReLU", {"negative_slope": None}, "negative_slope None is not a number"),
    ("PReLU", {"shared_axes": [1.5]}, "shared_axes 1.5 is not an integer"),
    ("ELU", {"alpha": 10**400}, "is not a number"),
    ("GELU", {"approximate": 1}, "approximate 1 is not true or false"),
    ("Softmax", {"axis": 0.5}, "axis 0.5"),
    ("Concatenate", {"axis": True}, "axis True is not an integer"),
    ("BatchNormalization", {"epsilon": -1}, "epsilon -1 is not a number of at least 0"),
    ("BatchNormalization", {"momentum": 2}, "momentum 2 is not a number from 0 to 1"),
    ("BatchNormalization", {"scale": "yes"}, "scale 'yes' is not true or false"),
    ("LocalResponseNormalization", {"size": 0}, "size 0 is not a positive integer"),
    ("LocalResponseNormalization", {"bias": 0}, "bias 0 would divide"),
    ("LpPooling2D", {"p": 0}, "p 0 is not above 0"),
    ("LpPooling2D", {"p": 65}, "p 65 is not a number from 0 to 64"),
    ("MaxPooling1D", {"pool_size": (2, 2)}, "pool_size (2, 2)"),
    ("AveragePooling2D", {"count_include_pad": None}, "count_include_pad None"),
    ("GlobalMaxPooling1D", {"keepdims": 1}, "keepdims 1 is not true or false"),
    ("Reshape", {"target_shape": 5}, "target_shape 5 is not 1 to 3 sizes; write (7, 7, -1)"),
    ("Reshape", {"target_shape": (-1, -1)}, "one of them may be -1"),
    ("Reshape", {"target_shape": (4, 0)}, "target_shape (4, 0) is not of positive sizes"),
    ("Reshape", {"target_shape": ("4",)}, "target_shape '4' is not an integer"),
    ("Permute", {"dims": (0, 1, 2)}, "dims (0, 1, 2) is not each axis once, from 1"),
    ("Permute", {"dims": (1, 1)}, "dims (1, 1) is not each axis once"),
    ("Permute", {"dims": ()}, "dims () is not each axis once"),
    ("Rescaling", {"scale": "1/255"}, "scale '1/255' is not a number"),
    ("Rescaling", {"scale": [1, None]}, "scale None is not a number"),
    ("Rescaling", {"scale": []}, "scale [] is not a number"),
    ("Normalization", {"mean": 1}, "variance is missing; give both"),
    ("Normalization", {"variance": 1}, "mean is missing; give both"),
    ("Normalization", {"mean": 0, "variance": [1, -1]}, "variance -1.0 is not a number of at"),
    ("Normalization", {"axis": "last"}, "axis 'last' is not an integer"),
    ("ZeroPadding2D", {"padding": "same"}, "padding 'same'"),
]


@pytest.mark.parametrize(("name", "arguments", "message"), WRONG)
def test_wrong_settings_name_the_value(name: str, arguments: dict, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        layers.find(name)(**arguments)
    assert message in str(caught.value)


IMAGE = (9, 8, 3)
UNFIT = [
    ("Conv2D", (8, 3), [(120,)], "takes an input (H, W, C), not (120,)"),
    ("Conv2D", (8, 7), [(4, 4, 1)], "kernel_size 7 does not fit in 4x4"),
    ("MaxPooling2D", (), [(120,)], "takes an input (H, W, C), not (120,)"),
    ("MaxPooling1D", (), [IMAGE], "takes an input (L, C), not (9, 8, 3)"),
    ("GlobalAveragePooling1D", (), [IMAGE], "takes an input (L, C), not (9, 8, 3)"),
    ("SpatialDropout2D", (0.5,), [(120,)], "takes an input (H, W, C), not (120,)"),
    ("MaxPooling2D", (2, None, 2), [IMAGE], "padding 2+2 has room for a window of 2"),
    ("AveragePooling1D", (2, 1, (0, 2)), [(5, 1)], "padding 0+2 has room for a window of 2"),
    ("Softmax", (2,), [(10,)], "axis 2 is not an axis of (10,)"),
    ("Softmax", (0,), [(10,)], "axis 0 is not an axis of (10,)"),
    ("BatchNormalization", (1,), [IMAGE], "axis 1 of (9, 8, 3) is not the last one; use -1"),
    ("Normalization", (4,), [IMAGE], "axis 4 is not an axis of (9, 8, 3)"),
    ("Normalization", (-1, (1, 2), (1, 2)), [IMAGE], "mean has 2 values for 3 channels"),
    ("Rescaling", (1, (1, 2)), [IMAGE], "offset has 2 values for 3 channels"),
    ("Reshape", ((7, -1),), [IMAGE], "does not hold the 216 values of (9, 8, 3)"),
    ("Reshape", ((9, 8),), [IMAGE], "target_shape (9, 8) does not hold the 216 values"),
    ("Permute", ((2, 1),), [IMAGE], "dims (2, 1) does not order the 3 axes of (9, 8, 3)"),
    ("Add", (), [IMAGE, (9, 8, 2)], "inputs (9, 8, 3) and (9, 8, 2) differ"),
    ("Multiply", (), [IMAGE, (9, 1, 1), (4, 1, 1)], "(4, 1, 1) differ; only axes of 1"),
    ("Subtract", (), [IMAGE] * 3, "takes two inputs, not 3"),
    ("Concatenate", (), [IMAGE, IMAGE, (9, 7, 3)], "input 3 (9, 7, 3) does not fit beside"),
    ("Concatenate", (1,), [IMAGE, (9, 8)], "input 2 (9, 8) does not fit beside (9, 8, 3)"),
]


@pytest.mark.parametrize(("name", "arguments", "taken", "message"), UNFIT)
def test_inputs_that_do_not_fit(name: str, arguments: tuple, taken: list, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        layers.find(name)(*arguments).output_shape(*taken)
    assert message in str(caught.value)


def test_groups_that_do_not_divide_the_input() -> None:
    with pytest.raises(SpecError, match="groups 2 does not divide 3 input channels"):
        layers.find("Conv2D")(8, 3, groups=2).output_shape(IMAGE)


def test_prelu_needs_axes_that_exist() -> None:
    with pytest.raises(SpecError, match="axis 3 is not an axis"):
        layers.find("PReLU")(shared_axes=(3,)).output_shape((9, 8))


def test_a_window_that_pools_padding_is_refused_only_where_it_has_no_value() -> None:
    for name, settings in (("LpPooling2D", {}), ("AveragePooling2D", {"count_include_pad": True})):
        layer = layers.find(name)(2, padding=2, **settings)
        y, _ = layer.forward({}, np.ones((1, 4, 4, 1), np.float32))
        assert y.shape[1:] == layer.output_shape((4, 4, 1))
        assert y[0, 0, 0, 0] == 0


def test_common_activations_are_activations() -> None:
    assert set(COMMON_ACTIVATIONS) <= set(activations())
