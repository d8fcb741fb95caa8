"""Convolutions; where the padding is "valid" their multiply-adds are also counted one by one."""

from __future__ import annotations

from layer_cases.case import Case

CASES = [
    Case("Conv1D", {"filters": 4, "kernel_size": 3}, ((9, 2),), (7, 4), 28, 168),
    Case(
        "Conv1D",
        {"filters": 6, "kernel_size": 3, "strides": 2, "padding": "causal", "dilation_rate": 2},
        ((9, 2),), (5, 6), 42, 180,
    ),
    Case(
        "Conv1D",
        {"filters": 4, "kernel_size": 2, "padding": (0, 1), "groups": 2, "use_bias": False},
        ((9, 4),), (9, 4), 16, 144,
    ),
    Case("Conv2D", {"filters": 4, "kernel_size": 3}, ((5, 6, 2),), (3, 4, 4), 76, 864),
    Case(
        "Conv2D",
        {"filters": 4, "kernel_size": 1, "groups": 2, "use_bias": False, "activation": "relu"},
        ((5, 6, 2),), (5, 6, 4), 4, 120,
    ),
    Case(
        "Conv2D",
        {"filters": 3, "kernel_size": (3, 2), "strides": (2, 1), "padding": ((1, 0), (0, 2))},
        ((5, 6, 2),), (2, 7, 3), 39, 504,
    ),
    Case("Conv2D", {"kernels": ["sobel-x", "edge"]}, ((5, 6, 1),), (3, 4, 2), 20, 216),
    Case("DepthwiseConv2D", {"kernel_size": 3}, ((5, 6, 2),), (3, 4, 2), 20, 216),
    Case(
        "DepthwiseConv2D",
        {"kernel_size": (3, 2), "strides": 2, "padding": "same", "depth_multiplier": 3},
        ((5, 6, 2),), (3, 3, 6), 42, 324,
    ),
    Case(
        "SeparableConv2D",
        {"filters": 5, "kernel_size": 3},
        ((5, 6, 2),), (3, 4, 5), 33, 336,
    ),
    Case(
        "SeparableConv2D",
        {"filters": 4, "kernel_size": 2, "padding": "same", "depth_multiplier": 2,
         "use_bias": False, "activation": "tanh"},
        ((5, 6, 3),), (5, 6, 4), 48, 1440,
    ),
    Case(
        "Conv2DTranspose",
        {"filters": 4, "kernel_size": 3, "strides": 2, "padding": "same"},
        ((5, 6, 2),), (10, 12, 4), 76, 2160,
    ),
    Case(
        "Conv2DTranspose",
        {"filters": 4, "kernel_size": (1, 3), "strides": 2, "use_bias": False},
        ((5, 6, 2),), (10, 13, 4), 24, 720,
    ),
    Case(
        "Conv2DTranspose",
        {"filters": 1, "kernel_size": 4, "strides": 3, "padding": 1, "output_padding": (1, 0)},
        ((5, 6, 2),), (15, 17, 1), 33, 960,
    ),
    Case(
        "LocallyConnected1D",
        {"filters": 4, "kernel_size": 3, "strides": 2},
        ((9, 2),), (4, 4), 112, 96,
    ),
    Case(
        "LocallyConnected1D",
        {"filters": 4, "kernel_size": 3, "padding": "causal", "use_bias": False},
        ((9, 2),), (9, 4), 216, 216,
    ),
    Case(
        "LocallyConnected2D",
        {"filters": 4, "kernel_size": (3, 2)},
        ((5, 6, 2),), (3, 5, 4), 780, 720,
    ),
    Case(
        "LocallyConnected2D",
        {"filters": 2, "kernel_size": 3, "strides": 2, "padding": "same", "activation": "relu"},
        ((5, 6, 1),), (3, 3, 2), 180, 162,
    ),
    Case("Dense", {"units": 10}, ((84,),), (10,), 850, 840),
    Case("Dense", {"units": 10, "use_bias": False}, ((2, 3, 4),), (2, 3, 10), 40, 240),
    Case("Dense", {"units": 3, "activation": "softmax"}, ((2, 4),), (2, 3), 15, 24),
]  # fmt: skip
