"""Residual networks: each block adds to what it was given."""

from __future__ import annotations

import re
from functools import partial

from cnnviz.contract import Layer
from cnnviz.geometry import Shape
from cnnviz.graph import INPUT, Graph, Node, chain
from cnnviz.layers.activation import ReLU
from cnnviz.layers.conv2d import Conv2D
from cnnviz.layers.dense import Dense
from cnnviz.layers.merging import Add
from cnnviz.layers.normalization import BatchNormalization
from cnnviz.layers.pooling import GlobalAveragePooling2D, MaxPooling2D
from cnnviz.model.zoo import _parts

_conv_bn = partial(_parts.conv_bn, epsilon=1e-5)
_conv_bn_relu = partial(_parts.conv_bn_relu, epsilon=1e-5)


def resnet18() -> Graph:
    """ResNet-18: eight residual blocks of two 3x3 convolutions (He et al., 2015).

    The 18-layer column of table 1 of the paper, as torchvision builds it; see `resnet50`.
    """
    return _resnet("resnet18", (2, 2, 2, 2), bottleneck=False)


def resnet34() -> Graph:
    """ResNet-34: sixteen residual blocks of two 3x3 convolutions (He et al., 2015).

    The 34-layer column of table 1 of the paper, as torchvision builds it; see `resnet50`.
    """
    return _resnet("resnet34", (3, 4, 6, 3), bottleneck=False)


def resnet50() -> Graph:
    """ResNet-50: sixteen bottleneck blocks, 1x1, 3x3, 1x1 (He et al., 2015).

    "Deep Residual Learning for Image Recognition", arXiv:1512.03385, table 1, as torchvision
    builds it: shortcuts that change the shape are 1x1 convolutions, and a block halves the image
    in its 3x3 convolution, where the paper does in the first 1x1.
    """
    return _resnet("resnet50", (3, 4, 6, 3), bottleneck=True)


def _resnet(name: str, depths: Shape, *, bottleneck: bool) -> Graph:
    nodes = chain(INPUT, _conv_bn_relu("conv1", 64, 7, 2) | {"pool1": MaxPooling2D(3, 2, 1)})
    for stage, depth in enumerate(depths):
        for place in range(1, depth + 1):
            first = place == 1
            nodes += _block(
                f"conv{stage + 2}_{place}",
                nodes[-1].name,
                64 * 2**stage,
                2 if first and stage else 1,
                bottleneck=bottleneck,
                project=first and (bottleneck or stage > 0),
            )
    head: dict[str, Layer] = {"pool5": GlobalAveragePooling2D(), "fc": Dense(1000)}
    nodes += chain(nodes[-1].name, head)
    return Graph(name, nodes, (224, 224, 3), _parts.TORCHVISION)


def _block(
    name: str, above: str, width: int, strides: int, *, bottleneck: bool, project: bool
) -> tuple[Node, ...]:
    """Return the convolutions of a block, the shortcut past them, and their sum."""
    if bottleneck:
        filters = 4 * width
        layers = (
            _conv_bn_relu(f"{name}/conv1", width, 1)
            | _conv_bn_relu(f"{name}/conv2", width, 3, strides)
            | _conv_bn(f"{name}/conv3", filters, 1)
        )
    else:
        filters = width
        layers = _conv_bn_relu(f"{name}/conv1", width, 3, strides)
        layers |= _conv_bn(f"{name}/conv2", filters, 3)
    nodes, past = chain(above, layers), above
    end = nodes[-1].name
    if project:
        nodes += chain(above, _conv_bn(f"{name}/shortcut", filters, 1, strides))
        past = nodes[-1].name
    return (
        *nodes,
        Node(f"{name}/add", Add(), (end, past)),
        Node(f"{name}/relu", ReLU(), (f"{name}/add",)),
    )


def _checkpoint_names(graph: Graph) -> dict[str, str]:
    """Return, for `conv3_1/conv2_bn`, `layer2.0.bn2`."""
    names = {}
    for node in graph.nodes:
        if isinstance(node.layer, Conv2D | BatchNormalization | Dense):
            block, _, own = node.name.rpartition("/")
            own = re.sub(r"conv(\d)_bn", r"bn\1", own)
            own = {"shortcut": "downsample.0", "shortcut_bn": "downsample.1"}.get(own, own)
            stage, _, place = block.removeprefix("conv").partition("_")
            at = f"layer{int(stage) - 1}.{int(place) - 1}." if block else ""
            names[node.name] = f"{at}{own}"
    return names
