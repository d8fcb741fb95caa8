"""AlexNet."""

from __future__ import annotations

from cnnviz.graph import Graph, sequential
from cnnviz.layers.conv2d import Conv2D
from cnnviz.layers.dense import Dense, Flatten
from cnnviz.layers.pooling import MaxPooling2D
from cnnviz.layers.regularization import Dropout


def alexnet_torchvision() -> Graph:
    """AlexNet as torchvision builds it: one tower, no normalisation (Krizhevsky, 2014).

    "One weird trick for parallelizing convolutional neural networks", arXiv:1404.5997. The
    adaptive average pooling before the classifier is left out: at 224x224 it changes nothing.
    """
    return sequential(
        "alexnet-torchvision",
        (224, 224, 3),
        {
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
        },
    )
