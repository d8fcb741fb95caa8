"""Other operations of the library, at shapes of known networks: beside ONNX Runtime and SciPy."""

from __future__ import annotations

from typing import Any

import numpy as np
from cases import ONNX, SCIPY, Call, Case, Maker
from peers.ort import operation

import cnnviz

TITLE = "Other operations"
ROUNDS = 3


def cases(quick: bool) -> list[Case]:
    """Return every operation that no other group has."""
    if quick:
        return [transposed(1, 8, 16, 4, 2, 2, 0), *activations(8)]
    return [
        transposed(1, 28, 256, 128, 2, 2, 0),  # U-Net
        transposed(8, 4, 512, 256, 4, 2, 1),  # DCGAN
        transposed(1, 56, 128, 64, 4, 2, 1),
        transposed(1, 112, 64, 3, 4, 2, 1),
        transposed(1, 480, 3, 3, 3, 2, 1),
        transposed(1, 240, 1, 1, 4, 2, 1),
        depthwise(112, 32, 3, 1),  # MobileNet
        depthwise(112, 64, 3, 2),
        depthwise(14, 512, 3, 1),
        depthwise(56, 96, 7, 1),  # ConvNeXt
        depthwise(480, 3, 5, 1),
        one_axis(1, 1_000_000, 1, 1, 31, 1),
        one_axis(1, 16_000, 1, 64, 80, 4),
        one_axis(8, 1024, 64, 128, 3, 1),
        pooled("max", "MaxPool", 8, 4096, 64, 2),
        pooled("average", "AveragePool", 1, 1_000_000, 1, 4),
        *(normalised(*shape) for shape in ((112, 64), (27, 256))),
        *(responses(*shape) for shape in ((112, 64), (27, 256))),
        connected(1, 9216, 4096),
        connected(64, 784, 128),
        *activations(112),
    ]


def normal(*shape: int) -> np.ndarray:
    """Return normally distributed values, the same at every call."""
    return np.random.default_rng(0).standard_normal(shape, dtype=np.float32)


def case(name: str, own: Call, op: str, *arrays: np.ndarray, **attributes: Any) -> Case:
    """Return a call of ours beside ONNX Runtime's operator on the same arrays."""
    return Case(name, {"cnnviz": lambda: own, ONNX: lambda: operation(op, *arrays, **attributes)})


def transposed(n: int, size: int, channels: int, filters: int, k: int, s: int, pad: int) -> Case:
    """Return a transposed convolution of square images."""
    x, w = normal(n, size, size, channels), normal(k, k, filters, channels)
    name = f"conv2d_transpose {n}x{size}x{size}x{channels} to {filters}, {k}x{k} / {s}"
    own = lambda: cnnviz.conv2d_transpose(x, w, strides=s, padding=pad)  # noqa: E731
    kernels = w.transpose(3, 2, 0, 1)
    return case(name, own, "ConvTranspose", x, kernels, strides=[s, s], pads=[pad] * 4)


def depthwise(size: int, channels: int, k: int, s: int) -> Case:
    """Return a depthwise convolution of a square image."""
    x, w = normal(1, size, size, channels), normal(k, k, channels)
    name = f"depthwise_conv2d {size}x{size}x{channels}, {k}x{k} / {s}"
    own = lambda: cnnviz.depthwise_conv2d(x, w, strides=s, padding=k // 2)  # noqa: E731
    kernels = w.transpose(2, 0, 1)[:, None]
    settings = {"group": channels, "strides": [s, s], "pads": [k // 2] * 4}
    return case(name, own, "Conv", x, kernels, **settings)


def one_axis(n: int, length: int, channels: int, filters: int, k: int, s: int) -> Case:
    """Return a convolution of sequences; of a single one with one filter beside SciPy too."""
    x, w = normal(n, length, channels), normal(k, channels, filters)
    own = lambda: cnnviz.conv1d(x, w, strides=s)  # noqa: E731
    name = f"conv1d {n}x{length}x{channels} to {filters}, {k} / {s}"
    made = case(name, own, "Conv", x, w.transpose(2, 1, 0), strides=[s])
    if n == channels == filters == s == 1:
        made.sides[SCIPY] = lambda: overlapped(x.ravel(), w.ravel())
    return made


def overlapped(line: np.ndarray, kernel: np.ndarray) -> Call:
    from scipy import signal

    return lambda: signal.oaconvolve(line, kernel[::-1], "valid")


def pooled(kind: str, op: str, n: int, length: int, channels: int, k: int) -> Case:
    """Return a pooling of sequences."""
    x, pool = normal(n, length, channels), getattr(cnnviz, f"{kind}_pool1d")
    name = f"{kind}_pool1d {n}x{length}x{channels}, {k}"
    return case(name, lambda: pool(x, k), op, x, kernel_shape=[k], strides=[k])


def normalised(size: int, channels: int) -> Case:
    """Return batch normalisation of a square image."""
    x = normal(1, size, size, channels)
    gamma, beta, mean = normal(3, channels)
    variance = np.square(gamma)
    own = {"gamma": gamma, "beta": beta, "mean": mean, "variance": variance}
    return case(
        f"batch_normalization {size}x{size}x{channels}",
        lambda: cnnviz.batch_normalization(x, **own),
        "BatchNormalization", x, gamma, beta, mean, variance, epsilon=1e-3,
    )  # fmt: skip


def responses(size: int, channels: int) -> Case:
    """Return local response normalisation of a square image."""
    x = normal(1, size, size, channels)
    name = f"local_response_normalization {size}x{size}x{channels}"
    own = lambda: cnnviz.local_response_normalization(x)  # noqa: E731
    return case(name, own, "LRN", x, size=5, alpha=5e-4, beta=0.75)


def connected(n: int, inputs: int, units: int) -> Case:
    """Return a dense layer, whose weights the library's function takes as they are stored."""
    x, w = normal(n, inputs), normal(inputs, units)
    made = case(f"dense {n}x{inputs} to {units}", lambda: cnnviz.dense(x, w), "Gemm", x, w)
    made.sides["NumPy"] = lambda: lambda: x @ w
    return made


def activations(size: int) -> list[Case]:
    """Return activations of a feature map."""
    x = normal(1, size, size, 64)
    kinds: dict[str, tuple[str, dict[str, Any]]] = {
        "relu": ("Relu", {}),
        "elu": ("Elu", {}),
        "gelu": ("Gelu", {}),
        "sigmoid": ("Sigmoid", {}),
        "softmax": ("Softmax", {"axis": 1}),
    }

    def own(name: str) -> Maker:
        function = getattr(cnnviz, name)
        return lambda: lambda: function(x)

    return [
        Case(f"{name} {size}x{size}x64",
             {"cnnviz": own(name), ONNX: lambda op=op, more=more: operation(op, x, **more)})
        for name, (op, more) in kinds.items()
    ]  # fmt: skip
