"""GoogLeNet: inception blocks look at the same place with kernels of several sizes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from cnnviz.contract import Layer
from cnnviz.graph import INPUT, Graph, Node, chain
from cnnviz.layers.conv2d import Conv2D
from cnnviz.layers.dense import Dense, Flatten
from cnnviz.layers.merging import Concatenate
from cnnviz.layers.normalization import BatchNormalization, LocalResponseNormalization
from cnnviz.layers.pooling import AveragePooling2D, GlobalAveragePooling2D, MaxPooling2D
from cnnviz.layers.regularization import Dropout
from cnnviz.model.zoo._parts import CAFFE, TORCHVISION, conv_bn_relu

# Named layers that convolve: (name, filters, kernel_size, strides).
_Convolve = Callable[..., dict[str, Layer]]


class _Widths(NamedTuple):
    """The filters of an inception block's branches."""

    one: int
    three_reduce: int
    three: int
    five_reduce: int
    five: int
    pool: int


# Table 1 of the paper; a number of pixels is that of the max pool which comes next.
_BLOCKS: dict[str, _Widths | int] = {
    "inception_3a": _Widths(64, 96, 128, 16, 32, 32),
    "inception_3b": _Widths(128, 128, 192, 32, 96, 64),
    "pool3": 3,
    "inception_4a": _Widths(192, 96, 208, 16, 48, 64),
    "inception_4b": _Widths(160, 112, 224, 24, 64, 64),
    "inception_4c": _Widths(128, 128, 256, 24, 64, 64),
    "inception_4d": _Widths(112, 144, 288, 32, 64, 64),
    "inception_4e": _Widths(256, 160, 320, 32, 128, 128),
    "pool4": 3,
    "inception_5a": _Widths(256, 160, 320, 32, 128, 128),
    "inception_5b": _Widths(384, 192, 384, 48, 128, 128),
}
# torchvision's names of the branches.
_BRANCHES = {
    "1x1": "branch1",
    "3x3_reduce": "branch2.0",
    "3x3": "branch2.1",
    "5x5_reduce": "branch3.0",
    "5x5": "branch3.1",
    "pool_proj": "branch4.1",
}
_STEM = {"conv1": "conv1", "conv2/3x3_reduce": "conv2", "conv2/3x3": "conv3"}


def googlenet() -> Graph:
    """GoogLeNet: nine inception blocks, one dense layer (Szegedy et al., 2014).

    "Going Deeper with Convolutions", arXiv:1409.4842, table 1, without the auxiliary classifiers,
    which only help training. What the paper leaves open is Caffe's: names, pooling that rounds up,
    response normalisation (alpha 1e-4 over the window of 5), and how photos are prepared.
    """
    norm = partial(LocalResponseNormalization, 5, alpha=2e-5, beta=0.75, bias=1.0)
    stem = (
        _conv("conv1", 64, 7, 2)
        | {"pool1": _pool(3), "norm1": norm()}
        | _conv("conv2/3x3_reduce", 64, 1)
        | _conv("conv2/3x3", 192, 3)
        | {"norm2": norm(), "pool2": _pool(3)}
    )
    head: dict[str, Layer] = {
        "pool5": AveragePooling2D(7, strides=1),
        "dropout": Dropout(0.4),
        "flatten": Flatten(),
        "fc": Dense(1000),
    }
    nodes = _nodes(stem, _BLOCKS, head, _conv, five=5)
    return Graph("googlenet", nodes, (224, 224, 3), CAFFE)


def googlenet_torchvision() -> Graph:
    """GoogLeNet as torchvision builds it: batch norm (Szegedy et al., 2014).

    The branch that is called 5x5 has 3x3 kernels, kept for the sake of trained weights
    (github.com/pytorch/vision/issues/906), and pool4 is 2x2. torchvision's weights want photos on
    a scale of -1 to 1: its `transform_input` turns ImageNet's mean and deviation into 0.5.
    """
    conv = partial(conv_bn_relu, epsilon=1e-3)
    stem = (
        conv("conv1", 64, 7, 2)
        | {"pool1": _pool(3)}
        | conv("conv2/3x3_reduce", 64, 1)
        | conv("conv2/3x3", 192, 3)
        | {"pool2": _pool(3)}
    )
    head: dict[str, Layer] = {
        "pool5": GlobalAveragePooling2D(),
        "dropout": Dropout(0.2),
        "fc": Dense(1000),
    }
    nodes = _nodes(stem, _BLOCKS | {"pool4": 2}, head, conv, five=3)
    prepared = TORCHVISION | {"mean": (0.5, 0.5, 0.5), "std": (0.5, 0.5, 0.5)}
    return Graph("googlenet-torchvision", nodes, (224, 224, 3), prepared)


def _nodes(
    stem: dict[str, Layer],
    blocks: dict[str, _Widths | int],
    head: dict[str, Layer],
    conv: _Convolve,
    *,
    five: int,
) -> tuple[Node, ...]:
    nodes = chain(INPUT, stem)
    for name, block in blocks.items():
        above = nodes[-1].name
        if isinstance(block, int):
            nodes += chain(above, {name: _pool(block)})
        else:
            nodes += _inception(name, above, block, conv, five)
    return nodes + chain(nodes[-1].name, head)


def _inception(
    name: str, above: str, widths: _Widths, conv: _Convolve, five: int
) -> tuple[Node, ...]:
    """Return the four branches, and the concatenation of their channels."""
    pool = {f"{name}/pool": MaxPooling2D(3, strides=1, padding=1)}
    branches = [
        conv(f"{name}/1x1", widths.one, 1),
        conv(f"{name}/3x3_reduce", widths.three_reduce, 1) | conv(f"{name}/3x3", widths.three, 3),
        conv(f"{name}/5x5_reduce", widths.five_reduce, 1) | conv(f"{name}/5x5", widths.five, five),
        pool | conv(f"{name}/pool_proj", widths.pool, 1),
    ]
    ends = tuple(list(branch)[-1] for branch in branches)
    nodes = tuple(node for branch in branches for node in chain(above, branch))
    return (*nodes, Node(f"{name}/output", Concatenate(), ends))


def _conv(name: str, filters: int, kernel_size: int, strides: int = 1) -> dict[str, Layer]:
    padding = kernel_size // 2 or "valid"
    return {name: Conv2D(filters, kernel_size, strides, padding, activation="relu")}


def _pool(pool_size: int) -> MaxPooling2D:
    return MaxPooling2D(pool_size, strides=2, ceil_mode=True)


def _checkpoint_names(graph: Graph) -> dict[str, str]:
    if graph.name != "googlenet-torchvision":
        return {}
    names = {"fc": "fc"}
    for node in graph.nodes:
        own = node.name.removesuffix("_bn")
        block, _, branch = own.rpartition("/")
        prefix = _STEM.get(own) or f"{block.replace('_', '')}.{_BRANCHES.get(branch)}"
        if isinstance(node.layer, Conv2D):
            names[node.name] = f"{prefix}.conv"
        elif isinstance(node.layer, BatchNormalization):
            names[node.name] = f"{prefix}.bn"
    return names
