"""What several families share: preparing photos, and convolution with batch normalisation."""

from __future__ import annotations

from typing import Any

from cnnviz.contract import Layer
from cnnviz.layers.activation import ReLU
from cnnviz.layers.conv2d import Conv2D
from cnnviz.layers.normalization import BatchNormalization

# Colours from 0 to 1, on a picture that just covers the input.
UNIT: dict[str, Any] = {"filter": "bilinear", "antialias": True, "scale": "1/255"}
# How torchvision prepares photos for the weights that it offers: the shorter side to 256 pixels,
# the middle as large as the input, and ImageNet's mean and standard deviation.
TORCHVISION = {
    "resize": 256,
    **UNIT,
    "mean": (0.485, 0.456, 0.406),
    "std": (0.229, 0.224, 0.225),
}
# How Caffe's versions of the papers' models do: blue first, less ImageNet's mean colour, and the
# scale left at 0 to 255.
CAFFE = {
    "resize": 256,
    "filter": "bilinear",
    "antialias": True,
    "channels": "bgr",
    "mean": (104.0, 117.0, 123.0),
}


def conv_bn(
    name: str, filters: int, kernel_size: int, strides: int = 1, *, epsilon: float
) -> dict[str, Layer]:
    """Return `NAME`, `NAME_bn`: a convolution padded by half its kernel, without biases."""
    padding = kernel_size // 2 or "valid"
    # Normalising would subtract a bias again.
    convolution = Conv2D(filters, kernel_size, strides, padding, use_bias=False)
    return {name: convolution, f"{name}_bn": BatchNormalization(epsilon=epsilon)}


def conv_bn_relu(
    name: str, filters: int, kernel_size: int, strides: int = 1, *, epsilon: float
) -> dict[str, Layer]:
    """Return `NAME`, `NAME_bn`, `NAME_relu`."""
    layers = conv_bn(name, filters, kernel_size, strides, epsilon=epsilon)
    return layers | {f"{name}_relu": ReLU()}
