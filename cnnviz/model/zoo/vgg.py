"""The VGG family: blocks of 3x3 convolutions, each followed by a 2x2 max pool."""

from __future__ import annotations

from cnnviz.contract import Layer
from cnnviz.geometry import Shape
from cnnviz.graph import Graph, sequential
from cnnviz.layers.conv2d import Conv2D
from cnnviz.layers.dense import Dense, Flatten
from cnnviz.layers.pooling import MaxPooling2D
from cnnviz.layers.regularization import Dropout

_WIDTHS = (64, 128, 256, 512, 512)


def vgg16() -> Graph:
    """VGG-16: thirteen 3x3 convolutions in five blocks (Simonyan and Zisserman, 2014).

    "Very Deep Convolutional Networks for Large-Scale Image Recognition", arXiv:1409.1556,
    configuration D of table 1.
    """
    return _vgg("vgg16", (2, 2, 3, 3, 3))


def tiny_vgg() -> Graph:
    """Tiny VGG: two small blocks, sized for teaching (CNN Explainer, Wang et al., 2020).

    "CNN Explainer: Learning Convolutional Neural Networks with Interactive Visualization",
    arXiv:2004.15004.
    """
    layers = _blocks((2, 2), (10, 10), padding="valid")
    return sequential("tiny-vgg", (64, 64, 3), layers | {"flatten": Flatten(), "fc": Dense(10)})


def _vgg(name: str, depths: Shape) -> Graph:
    head = {
        "flatten": Flatten(),
        "fc6": Dense(4096, activation="relu"),
        "drop6": Dropout(0.5),
        "fc7": Dense(4096, activation="relu"),
        "drop7": Dropout(0.5),
        "fc8": Dense(1000),
    }
    return sequential(name, (224, 224, 3), _blocks(depths, _WIDTHS, padding="same") | head)


def _blocks(depths: Shape, widths: Shape, *, padding: str) -> dict[str, Layer]:
    layers: dict[str, Layer] = {}
    for block, (depth, filters) in enumerate(zip(depths, widths, strict=True), 1):
        for place in range(1, depth + 1):
            layers[f"conv{block}_{place}"] = Conv2D(filters, 3, padding=padding, activation="relu")
        layers[f"pool{block}"] = MaxPooling2D(2)
    return layers
