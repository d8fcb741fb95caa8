"""AlexNet: as published, without its two groups, and as torchvision builds it."""

from __future__ import annotations

from cnnviz.contract import Layer
from cnnviz.graph import Graph, sequential
from cnnviz.layers.conv2d import Conv2D
from cnnviz.layers.dense import Dense, Flatten
from cnnviz.layers.normalization import LocalResponseNormalization
from cnnviz.layers.pooling import MaxPooling2D
from cnnviz.layers.regularization import Dropout
from cnnviz.model.zoo._parts import CAFFE, TORCHVISION


def alexnet() -> Graph:
    """AlexNet: conv2, conv4 and conv5 in two groups (Krizhevsky et al., 2012).

    "ImageNet Classification with Deep Convolutional Neural Networks", NIPS 25. The groups are the
    paper's two GPUs. 227x227, since the 224x224 of its text does not give its 55x55 outputs.
    Photos are prepared as for Caffe's version of it.
    """
    return _published("alexnet", groups=2)


def alexnet_ungrouped() -> Graph:
    """AlexNet ungrouped: each filter sees all channels (Krizhevsky et al., 2012)."""
    return _published("alexnet-ungrouped", groups=1)


def alexnet_torchvision() -> Graph:
    """AlexNet as torchvision builds it: no normalisation (Krizhevsky, 2014).

    "One weird trick for parallelizing convolutional neural networks", arXiv:1404.5997: one
    tower. The adaptive average pooling before the classifier is left out: at 224x224 it changes
    nothing.
    """
    layers: dict[str, Layer] = {
        "conv1": Conv2D(64, 11, strides=4, padding=2, activation="relu"),
        "pool1": MaxPooling2D(3, strides=2),
        "conv2": Conv2D(192, 5, padding=2, activation="relu"),
        "pool2": MaxPooling2D(3, strides=2),
        "conv3": Conv2D(384, 3, padding=1, activation="relu"),
        "conv4": Conv2D(256, 3, padding=1, activation="relu"),
        "conv5": Conv2D(256, 3, padding=1, activation="relu"),
        "pool5": MaxPooling2D(3, strides=2),
        "flatten": Flatten(),
        "drop6": Dropout(0.5),
        "fc6": Dense(4096, activation="relu"),
        "drop7": Dropout(0.5),
        "fc7": Dense(4096, activation="relu"),
        "fc8": Dense(1000),
    }
    return sequential("alexnet-torchvision", (224, 224, 3), layers, preprocess=TORCHVISION)


def _published(name: str, *, groups: int) -> Graph:
    layers: dict[str, Layer] = {
        "conv1": Conv2D(96, 11, strides=4, activation="relu"),
        "norm1": LocalResponseNormalization(5, alpha=1e-4, beta=0.75, bias=2.0),
        "pool1": MaxPooling2D(3, strides=2),
        "conv2": Conv2D(256, 5, padding=2, groups=groups, activation="relu"),
        "norm2": LocalResponseNormalization(5, alpha=1e-4, beta=0.75, bias=2.0),
        "pool2": MaxPooling2D(3, strides=2),
        "conv3": Conv2D(384, 3, padding=1, activation="relu"),
        "conv4": Conv2D(384, 3, padding=1, groups=groups, activation="relu"),
        "conv5": Conv2D(256, 3, padding=1, groups=groups, activation="relu"),
        "pool5": MaxPooling2D(3, strides=2),
        "flatten": Flatten(),
        "fc6": Dense(4096, activation="relu"),
        "drop6": Dropout(0.5),
        "fc7": Dense(4096, activation="relu"),
        "drop7": Dropout(0.5),
        "fc8": Dense(1000),
    }
    return sequential(name, (227, 227, 3), layers, preprocess=CAFFE)


def _checkpoint_names(graph: Graph) -> dict[str, str]:
    if graph.name != "alexnet-torchvision":
        return {}
    places = {"conv1": 0, "conv2": 3, "conv3": 6, "conv4": 8, "conv5": 10}
    dense = {"fc6": 1, "fc7": 4, "fc8": 6}
    return {node: f"features.{place}" for node, place in places.items()} | {
        node: f"classifier.{place}" for node, place in dense.items()
    }
