"""How cost grows: one thing at a time from small to large, the others as they are."""

from __future__ import annotations

import numpy as np
from cases import ONNX, OPENCV, TORCH_LAST, Case
from peers import ort, ours, pytorch

import cnnviz
from cnnviz.graph import sequential
from cnnviz.layers.conv2d import Conv2D
from groups import banks, kernels

TITLE = "How cost grows"
ROUNDS = 3
PIXELS = (0.01, 0.03, 0.1, 0.3, 1, 3, 12)  # in millions
COUNTS = (1, 2, 4, 8, 16, 32, 64, 128)
CHANNELS = (1, 3, 8, 16, 32, 64, 128, 256, 512)
SIZES = (3, 5, 7, 11, 15, 21, 31, 45, 63)


def cases(quick: bool) -> list[Case]:
    """Return the four curves, kernel size once of full rank and once of rank 1."""
    few = 1 if quick else None
    return [
        *(pixels(n) for n in PIXELS[:few]),
        *(count(n, 8 if quick else 512) for n in COUNTS[:few]),
        *(channels(n) for n in CHANNELS[:few]),
        *(size(k, rank, 64 if quick else 1024) for rank in ("full rank", "Gaussian")
          for k in SIZES[:few]),
    ]  # fmt: skip


def pixels(millions: float) -> Case:
    """One 3x3 kernel of full rank on a gray image of 4 : 3."""
    height = round((millions * 1e6 * 3 / 4) ** 0.5)
    kernel = kernels.kernels()["3x3 full rank"]
    return _one(f"{millions:g} MP gray, 3x3", (height, height * 4 // 3), kernel,
                ("pixels", millions))  # fmt: skip


def size(k: int, rank: str, side: int) -> Case:
    """One kernel on a gray image of a megapixel."""
    kernel = np.random.default_rng(1).normal(0, 1 / k, (k, k))
    if rank == "Gaussian":
        kernel = cnnviz.kernel(f"gaussian:{k}")
    name = f"{k}x{k} {rank}, 1 MP gray"
    return _one(name, (side, side), kernel.astype(np.float32), (f"kernel size, {rank}", k))


def _one(name: str, shape: tuple[int, int], kernel: np.ndarray, curve: tuple[str, float]) -> Case:
    sides = {
        "cnnviz": lambda: kernels.ours(kernels.image(*shape, 1), kernel),
        OPENCV: lambda: kernels.opencv(kernels.image(*shape, 1), kernel),
    }
    return Case(name, sides, curve=curve)


def count(number: int, side: int) -> Case:
    """Kernels 3x3 on an RGB image of 512x512."""
    made = banks.case(f"{number} kernels 3x3, {side}x{side} RGB", (side, side), 3, 3, number)
    sides = {side: made.sides[side] for side in ("cnnviz", TORCH_LAST, ONNX)}
    return Case(made.name, sides, curve=("kernels", number))


def channels(number: int) -> Case:
    """A layer of 64 filters 3x3 on feature maps of 56x56."""
    shape = (56, 56, number)
    weights = np.random.default_rng(1).normal(0, 0.1, (3, 3, number, 64)).astype(np.float32)
    graph = sequential("layer", shape, {"conv": Conv2D(64, 3, padding=1, use_bias=False)})
    own = {"conv": {"kernel": weights}}
    x = np.random.default_rng(0).standard_normal((1, *shape), dtype=np.float32)
    sides = {
        "cnnviz": lambda: ours.network(graph, own, x),
        TORCH_LAST: lambda: pytorch.network(graph, own, x, last=True),
        ONNX: lambda: ort.network(graph, own, x),
    }
    return Case(f"{number} channels, 64 kernels 3x3 on 56x56", sides, curve=("channels", number))
