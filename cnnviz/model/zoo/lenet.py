"""LeNet-5."""

from __future__ import annotations

from cnnviz.contract import Layer
from cnnviz.graph import Graph, sequential
from cnnviz.layers.conv2d import Conv2D
from cnnviz.layers.dense import Dense, Flatten
from cnnviz.layers.pooling import AveragePooling2D
from cnnviz.model.zoo._parts import UNIT


def lenet5() -> Graph:
    """LeNet-5: handwritten digits, the first widely used CNN (LeCun et al., 1998).

    "Gradient-Based Learning Applied to Document Recognition", Proc. IEEE 86(11), figure 2, as it
    is built today: 28x28 digits padded by the first layer, plain average pooling, every map of
    C3 connected to all of S2, and a dense output in place of radial basis functions.
    """
    layers: dict[str, Layer] = {
        "c1": Conv2D(6, 5, padding="same", activation="tanh"),
        "s2": AveragePooling2D(2),
        "c3": Conv2D(16, 5, activation="tanh"),
        "s4": AveragePooling2D(2),
        "flatten": Flatten(),
        "c5": Dense(120, activation="tanh"),
        "f6": Dense(84, activation="tanh"),
        "output": Dense(10),
    }
    return sequential("lenet5", (28, 28, 1), layers, preprocess=UNIT)
