"""Many kernels over a colour image, as in the first layer of a network, and over a gray one."""

from __future__ import annotations

from functools import partial

import numpy as np
from cases import ONNX, OPENCV, THREADS, TORCH, TORCH_LAST, Call, Case, Goal
from peers import ort, pytorch

import cnnviz
from cnnviz.graph import sequential
from cnnviz.layers.conv2d import Conv2D
from groups.kernels import SIZES, TINY, image

TITLE = "16 and 64 kernels"
ROUNDS = 3
GOALS = {"16 kernels 3x3, 12 MP RGB": {TORCH: Goal(0.8)}}


def cases(quick: bool) -> list[Case]:
    """Return banks of 3x3 and 7x7 kernels."""
    return [
        case(f"{count} kernels {k}x{k}, {size} {colour}", shape, channels, k, count)
        for size, shape in (TINY if quick else SIZES).items()
        for colour, channels in (("gray", 1), ("RGB", 3))
        for k, count in ((3, 16), (3, 64), (7, 16))
        # 64 maps of 12 MP are 3 GB: `memory` has them.
        if quick or (size, count) != ("12 MP", 64)
    ]


def case(name: str, shape: tuple[int, int], channels: int, k: int, count: int) -> Case:
    """Return a case; every filter has its own weights for each channel."""

    def x() -> np.ndarray:
        return image(1, *shape, channels)

    weights = np.random.default_rng(1).normal(0, 1 / k, (k, k, channels, count))
    weights = weights.astype(np.float32)
    conv = Conv2D(count, k, padding=k // 2, use_bias=False)
    graph = sequential("bank", (*shape, channels), {"conv": conv})
    own = {"conv": {"kernel": weights}}
    sides = {
        "cnnviz": lambda: ours(x(), weights),
        TORCH: lambda: pytorch.network(graph, own, x()),
        TORCH_LAST: lambda: partial(pytorch.network, last=True)(graph, own, x()),
        ONNX: lambda: ort.network(graph, own, x()),
    }
    if channels == 1:
        sides[OPENCV] = lambda: opencv(x()[0, :, :, 0], weights[:, :, 0])
    return Case(name, sides, GOALS.get(name, {}))


def ours(x: np.ndarray, weights: np.ndarray) -> Call:
    return lambda: cnnviz.conv2d(x, weights, padding="same")


def opencv(plane: np.ndarray, kernels: np.ndarray) -> Call:
    """OpenCV has no banks: a map after another."""
    import cv2

    cv2.setNumThreads(THREADS)
    plane, each = plane.copy(), [kernels[..., f].copy() for f in range(kernels.shape[2])]
    return lambda: tuple(
        cv2.filter2D(plane, -1, kernel, borderType=cv2.BORDER_CONSTANT) for kernel in each
    )
