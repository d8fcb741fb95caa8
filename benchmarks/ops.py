"""Operations of the library beside ONNX Runtime, and SciPy or NumPy where they have the same.

Run as `python benchmarks/ops.py [RUNS] [WORD]`; WORD selects operations. All sides work on float32,
cnnviz on channels last and ONNX Runtime on its own layout, so no side pays for the other's. Set
`OPENBLAS_NUM_THREADS=1` for one thread on every side. Medians are printed, and cnnviz's time as a
multiple of each peer's.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnxruntime
from onnx import TensorProto, helper
from scipy import ndimage, signal

import cnnviz

Call = Callable[[], Any]
# OpenBLAS's threads spin for a while after a product and would slow down the peer that comes next.
PAUSE = 0.2


@dataclass
class Case:
    """One operation at one shape, and its peers by name."""

    name: str
    ours: Call
    peers: dict[str, Call] = field(default_factory=dict)


def onnx(op: str, x: np.ndarray, *others: np.ndarray, **attributes: Any) -> Call:
    """Return a call of ONNX Runtime's `op` on `x`, channels last, and on further inputs."""
    arrays = {"x": np.ascontiguousarray(np.moveaxis(x, -1, 1))}
    weights = [helper.make_tensor(f"w{n}", TensorProto.FLOAT, w.shape, np.ascontiguousarray(w))
               for n, w in enumerate(others)]  # fmt: skip
    graph = helper.make_graph(
        [helper.make_node(op, ["x", *(w.name for w in weights)], ["y"], **attributes)],
        op,
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, arrays["x"].shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        weights,
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 22)], ir_version=10
    ).SerializeToString()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = int(os.environ.get("OPENBLAS_NUM_THREADS", "0"))
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    return lambda: session.run(None, arrays)


def transposed(n: int, size: int, channels: int, filters: int, k: int, s: int, pad: int) -> Case:
    """Return a transposed convolution of square images."""
    x, w = normal(n, size, size, channels), normal(k, k, filters, channels)
    name = f"conv2d_transpose {n}x{size}x{size}x{channels} -> {filters}, {k}x{k} / {s}"
    peer = onnx("ConvTranspose", x, w.transpose(3, 2, 0, 1), strides=[s, s], pads=[pad] * 4)
    return Case(name, lambda: cnnviz.conv2d_transpose(x, w, strides=s, padding=pad), {"onnx": peer})


def depthwise(size: int, channels: int, k: int, s: int) -> Case:
    """Return a depthwise convolution of a square image."""
    x, w = normal(1, size, size, channels), normal(k, k, channels)
    pad = k // 2
    weights = w.transpose(2, 0, 1)[:, None]
    settings = {"group": channels, "strides": [s, s], "pads": [pad] * 4}
    peers = {"onnx": onnx("Conv", x, weights, **settings)}
    if s == 1:
        planes = np.ascontiguousarray(x[0].transpose(2, 0, 1))
        peers["ndimage"] = lambda: [
            ndimage.correlate(plane, kernel[0], mode="constant")
            for plane, kernel in zip(planes, weights, strict=True)
        ]
    return Case(
        f"depthwise_conv2d {size}x{size}x{channels}, {k}x{k} / {s}",
        lambda: cnnviz.depthwise_conv2d(x, w, strides=s, padding=pad),
        peers,
    )


def one_axis(n: int, length: int, channels: int, filters: int, k: int, s: int) -> Case:
    """Return a convolution of sequences."""
    x, w = normal(n, length, channels), normal(k, channels, filters)
    peers = {"onnx": onnx("Conv", x, w.transpose(2, 1, 0), strides=[s])}
    if n == channels == filters == s == 1:
        line, kernel = x.ravel(), w.ravel()
        peers["numpy"] = lambda: np.correlate(line, kernel)
        peers["scipy"] = lambda: signal.oaconvolve(line, kernel[::-1], "valid")
    return Case(
        f"conv1d {n}x{length}x{channels} -> {filters}, {k} / {s}",
        lambda: cnnviz.conv1d(x, w, strides=s),
        peers,
    )


def pooled(kind: str, op: str, n: int, length: int, channels: int, k: int, **others: Any) -> Case:
    """Return a pooling of sequences."""
    x = normal(n, length, channels)
    pool = getattr(cnnviz, f"{kind}_pool1d")
    peer = onnx(op, x, kernel_shape=[k], strides=[k], **others)
    return Case(f"{kind}_pool1d {n}x{length}x{channels}, {k}", lambda: pool(x, k), {"onnx": peer})


def normalised(size: int, channels: int) -> list[Case]:
    """Return batch and local response normalisation of a square image."""
    x = normal(1, size, size, channels)
    gamma, beta, mean = normal(3, channels)
    variance = np.square(gamma)
    batch = {"gamma": gamma, "beta": beta, "mean": mean, "variance": variance}
    where = f"{size}x{size}x{channels}"
    return [
        Case(
            f"batch_normalization {where}",
            lambda: cnnviz.batch_normalization(x, **batch),
            {"onnx": onnx("BatchNormalization", x, gamma, beta, mean, variance, epsilon=1e-3)},
        ),
        Case(
            f"local_response_normalization {where}",
            lambda: cnnviz.local_response_normalization(x),
            {"onnx": onnx("LRN", x, size=5, alpha=5e-4, beta=0.75)},
        ),
    ]


def connected(n: int, inputs: int, units: int) -> Case:
    """Return a dense layer."""
    x, w = normal(n, inputs), normal(inputs, units)
    return Case(
        f"dense {n}x{inputs} -> {units}",
        lambda: cnnviz.dense(x, w),
        {"onnx": onnx("Gemm", x, w), "numpy": lambda: x @ w},
    )


def activated(name: str, op: str, **attributes: Any) -> Case:
    """Return an activation of a feature map."""
    x = normal(1, 112, 112, 64)
    function = getattr(cnnviz, name)
    return Case(f"{name} 112x112x64", lambda: function(x), {"onnx": onnx(op, x, **attributes)})


def cases() -> list[Case]:
    """Return every case, at shapes of known networks and of a photo."""
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
        *normalised(112, 64),
        *normalised(27, 256),
        connected(1, 9216, 4096),
        connected(64, 784, 128),
        activated("relu", "Relu"),
        activated("elu", "Elu"),
        activated("gelu", "Gelu"),
        activated("sigmoid", "Sigmoid"),
        activated("softmax", "Softmax", axis=1),
    ]


def normal(*shape: int) -> np.ndarray:
    """Return normally distributed values, the same at every call."""
    return np.random.default_rng(0).standard_normal(shape, dtype=np.float32)


def milliseconds(call: Call, runs: int) -> float:
    """Return the median time of one call, after one that warms the caches and a pause."""
    call()
    time.sleep(PAUSE)
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return statistics.median(times) * 1000


def main(runs: int, word: str) -> None:
    """Measure every case and print a line for each."""
    for case in cases():
        if word not in case.name:
            continue
        ours = milliseconds(case.ours, runs)
        theirs = {name: milliseconds(peer, runs) for name, peer in case.peers.items()}
        again = milliseconds(case.ours, runs)  # a machine that drifts shows
        ours = min(ours, again)
        peers = "  ".join(
            f"{name} {time:.2f} ms ({ours / time:.2f})" for name, time in theirs.items()
        )
        print(f"{case.name:<52} {ours:8.2f} ms   {peers}", flush=True)


if __name__ == "__main__":
    arguments = sys.argv[1:] + ["9", ""][len(sys.argv) - 1 :]
    main(int(arguments[0]), arguments[1])
