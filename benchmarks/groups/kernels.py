"""One kernel over a gray or a colour image: OpenCV's, SciPy's and the networks' ways."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from cases import ONNX, OPENCV, SCIPY, THREADS, TORCH, Call, Case, Goal, Maker
from peers import ort, pytorch

import cnnviz
from cnnviz.graph import sequential
from cnnviz.layers.conv2d import Conv2D

TITLE = "One kernel"
ROUNDS = 4
SIZES = {"12 MP": (3000, 4000), "2 MP": (1080, 1920), "0.3 MP": (480, 640)}
TINY = {"tiny": (60, 80)}
SEPARABLE = "OpenCV sepFilter2D"
# From so many products for a value, and values, on torch would need more memory than there is.
LARGE = 10**9
GOALS = {
    "3x3 full rank, 12 MP gray": {OPENCV: Goal(2.0, 1.3), SCIPY: Goal(0.35), TORCH: Goal(0.15)},
    "3x3 edge, 12 MP gray": {OPENCV: Goal(1.5)},
    "31x31 Gaussian, 12 MP gray": {OPENCV: Goal(0.6)},
    "31x31 full rank, 12 MP gray": {OPENCV: Goal(0.8)},
}


def kernels() -> dict[str, np.ndarray]:
    """Return kernels `(kh, kw)` by name, of rank 1 where they are Gaussian."""
    dice = np.random.default_rng(1)
    full = {f"{k}x{k} full rank": dice.normal(0, 1 / k, (k, k)) for k in (3, 7, 31)}
    bells = {f"{k}x{k} Gaussian": cnnviz.kernel(f"gaussian:{k}") for k in (7, 31)}
    found = full | bells | {"3x3 edge": cnnviz.kernel("edge")}
    return {name: kernel.astype(np.float32) for name, kernel in found.items()}


def image(*shape: int) -> np.ndarray:
    """Return float32 pixels from 0 to 255."""
    return np.random.default_rng(0).random(shape, np.float32) * 255


def cases(quick: bool) -> list[Case]:
    """Return every kernel on every size, gray and with three channels that are summed."""
    return [
        case(f"{kernel}, {size} {colour}", shape, channels, values)
        for size, shape in (TINY if quick else SIZES).items()
        for colour, channels in (("gray", 1), ("RGB", 3))
        for kernel, values in kernels().items()
    ]


def case(name: str, shape: tuple[int, int], channels: int, kernel: np.ndarray) -> Case:
    """Return a case: the border is padded with zeros, and the map has the size of the image."""
    flat = np.linalg.matrix_rank(kernel) == 1
    sides: dict[str, Maker] = {
        "cnnviz": lambda: ours(image(*shape, channels), kernel),
        OPENCV: lambda: opencv(image(*shape, channels), kernel),
    }
    if flat:
        sides[SEPARABLE] = lambda: opencv(image(*shape, channels), kernel, separable=True)
    sides[SCIPY] = lambda: scipy(image(*shape, channels), kernel)
    if shape[0] * shape[1] * kernel.size <= LARGE:
        sides[TORCH] = lambda: layer(pytorch.network, image(*shape, channels), kernel)
        sides[ONNX] = lambda: layer(ort.network, image(*shape, channels), kernel)
    return Case(name, sides, GOALS.get(name, {}))


def ours(x: np.ndarray, kernel: np.ndarray) -> Call:
    """A kernel without channels slides over each, and the results are summed."""
    return lambda: cnnviz.conv2d(x, kernel, padding="same")


def opencv(x: np.ndarray, kernel: np.ndarray, *, separable: bool = False) -> Call:
    """OpenCV; the sum of the channels comes first, which is the same and its fastest way."""
    import cv2

    cv2.setNumThreads(THREADS)
    zeros = cv2.BORDER_CONSTANT
    column, row = factors(kernel)
    plane, one = x[..., 0].copy(), np.ones((1, 3), np.float32)

    def run() -> np.ndarray:
        summed = plane if x.shape[2] == 1 else cv2.transform(x, one)
        if separable:
            return cv2.sepFilter2D(summed, -1, row, column, borderType=zeros)
        return cv2.filter2D(summed, -1, kernel, borderType=zeros)

    return run


def scipy(x: np.ndarray, kernel: np.ndarray) -> Call:
    """SciPy's fastest way: two passes for rank 1, Fourier transforms for what is large."""
    from scipy import ndimage, signal

    def slide(summed: np.ndarray) -> np.ndarray:
        if np.linalg.matrix_rank(kernel) == 1:
            column, row = factors(kernel)
            down = ndimage.correlate1d(summed, column, 0, mode="constant")
            return ndimage.correlate1d(down, row, 1, mode="constant")
        if kernel.size > 100:
            return signal.oaconvolve(summed, kernel[::-1, ::-1], "same")
        return ndimage.correlate(summed, kernel, mode="constant")

    plane = x[..., 0].copy()
    return lambda: slide(plane if x.shape[2] == 1 else x.sum(2))


def factors(kernel: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the column and the row whose product a kernel of rank 1 is."""
    left, sizes, right = np.linalg.svd(kernel)
    return left[:, 0] * sizes[0], right[0]


def layer(network: Callable[..., Call], x: np.ndarray, kernel: np.ndarray) -> Call:
    """A convolution layer of one filter, the kernel repeated for each channel."""
    k, channels = len(kernel), x.shape[2]
    conv = Conv2D(1, k, padding=k // 2, use_bias=False)
    weights = {"conv": {"kernel": np.repeat(kernel[:, :, None, None], channels, 2)}}
    return network(sequential("kernel", x.shape, {"conv": conv}), weights, x[None])
