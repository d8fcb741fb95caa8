"""The VGG family: blocks of 3x3 convolutions, each followed by a 2x2 max pool."""

from __future__ import annotations

from cnnviz.contract import Layer
from cnnviz.geometry import Shape
from cnnviz.graph import Graph, sequential
from cnnviz.layers.conv2d import Conv2D
from cnnviz.layers.dense import Dense, Flatten
from cnnviz.layers.pooling import MaxPooling2D
from cnnviz.layers.regularization import Dropout
from cnnviz.model.zoo._parts import TORCHVISION, UNIT

_WIDTHS = (64, 128, 256, 512, 512)


def vgg11() -> Graph:
    """VGG-11: eight 3x3 convolutions in 5 blocks (Simonyan and Zisserman, 2014).

    Configuration A of table 1 of the paper; see `vgg16`.
    """
    return _vgg("vgg11", (1, 1, 2, 2, 2))


def vgg13() -> Graph:
    """VGG-13: ten 3x3 convolutions in 5 blocks (Simonyan and Zisserman, 2014).

    Configuration B of table 1 of the paper; see `vgg16`.
    """
    return _vgg("vgg13", (2, 2, 2, 2, 2))


def vgg16() -> Graph:
    """VGG-16: thirteen 3x3 convolutions in 5 blocks (Simonyan and Zisserman, 2014).

    "Very Deep Convolutional Networks for Large-Scale Image Recognition", arXiv:1409.1556,
    configuration D of table 1. Photos are prepared as for torchvision's weights, which fit as they
    are; those of the authors and Keras's want Caffe's way.
    """
    return _vgg("vgg16", (2, 2, 3, 3, 3))


def vgg19() -> Graph:
    """VGG-19: sixteen 3x3 convolutions in 5 blocks (Simonyan and Zisserman, 2014).

    Configuration E of table 1 of the paper; see `vgg16`.
    """
    return _vgg("vgg19", (2, 2, 4, 4, 4))


def tiny_vgg() -> Graph:
    """Tiny VGG: two small blocks for teaching (CNN Explainer, Wang et al., 2020).

    "CNN Explainer: Learning Convolutional Neural Networks with Interactive Visualization",
    arXiv:2004.15004. Its photos are scaled to 0..1.
    """
    layers = _blocks((2, 2), (10, 10), padding="valid") | {"flatten": Flatten(), "fc": Dense(10)}
    return sequential("tiny-vgg", (64, 64, 3), layers, preprocess=UNIT)


def _vgg(name: str, depths: Shape) -> Graph:
    head = {
        "flatten": Flatten(),
        "fc6": Dense(4096, activation="relu"),
        "drop6": Dropout(0.5),
        "fc7": Dense(4096, activation="relu"),
        "drop7": Dropout(0.5),
        "fc8": Dense(1000),
    }
    layers = _blocks(depths, _WIDTHS, padding="same") | head
    return sequential(name, (224, 224, 3), layers, preprocess=TORCHVISION)


def _blocks(depths: Shape, widths: Shape, *, padding: str) -> dict[str, Layer]:
    layers: dict[str, Layer] = {}
    for block, (depth, filters) in enumerate(zip(depths, widths, strict=True), 1):
        for place in range(1, depth + 1):
            layers[f"conv{block}_{place}"] = Conv2D(filters, 3, padding=padding, activation="relu")
        layers[f"pool{block}"] = MaxPooling2D(2)
    return layers


def _checkpoint_names(graph: Graph) -> dict[str, str]:
    if graph.name == "tiny-vgg":
        return {}
    names, place = {}, 0
    for node in graph.nodes:
        if isinstance(node.layer, Conv2D):
            names[node.name] = f"features.{place}"
        # torchvision counts the ReLU after a convolution, too.
        place += 2 if isinstance(node.layer, Conv2D) else 1
    return names | {"fc6": "classifier.0", "fc7": "classifier.3", "fc8": "classifier.6"}
