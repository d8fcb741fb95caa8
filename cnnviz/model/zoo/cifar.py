"""A small colour net of our own."""

from __future__ import annotations

from functools import partial

from cnnviz.contract import Layer
from cnnviz.graph import Graph, sequential
from cnnviz.layers.dense import Dense
from cnnviz.layers.pooling import GlobalAveragePooling2D, MaxPooling2D
from cnnviz.model.zoo._parts import UNIT, conv_bn_relu

_CLASSES = (
    *("airplane", "automobile", "bird", "cat", "deer"),
    *("dog", "frog", "horse", "ship", "truck"),
)


def cifar_net() -> Graph:
    """A small net of our own for CIFAR-10's photos (Krizhevsky, 2009).

    The data: "Learning Multiple Layers of Features from Tiny Images", 32x32 pixels, ten classes.
    The first kernels are 5x5, large enough to be looked at. Each pooling quarters the pixels and
    the next convolution doubles the filters, so that each costs the same, 4.7 million
    multiply-adds. Batch norm lets a few epochs do; averaging each map at the end leaves a dense
    layer of 2,570 parameters.
    """
    conv = partial(conv_bn_relu, epsilon=1e-3)
    layers: dict[str, Layer] = conv("conv1", 32, 5)
    for place, filters in enumerate((64, 128, 256), 2):
        layers[f"pool{place - 1}"] = MaxPooling2D(2)
        layers |= conv(f"conv{place}", filters, 3)
    layers |= {"pool4": GlobalAveragePooling2D(), "fc": Dense(10)}
    # Mean and standard deviation of the 50,000 photos to train on.
    colours = {"mean": (0.4914, 0.4822, 0.4465), "std": (0.247, 0.2435, 0.2616)}
    return sequential("cifar-net", (32, 32, 3), layers, preprocess=UNIT | colours, labels=_CLASSES)
