"""Whole forwards of one image, with random weights."""

from __future__ import annotations

import numpy as np
from cases import BETTER, ONNX, TORCH, TORCH_LAST, Case, Goal, Maker
from peers import ort, ours, pytorch

from cnnviz.graph import Graph
from cnnviz.model import zoo
from cnnviz.model.initial import he_weights

TITLE = "Whole networks, one image"
# AlexNet and GoogLeNet are as published, with response normalisation; torchvision's have none.
NETWORKS = ("alexnet", "alexnet-torchvision", "vgg16", "googlenet", "googlenet-torchvision")
_ALEXNET = {ONNX: Goal(1.5, 1.2), BETTER: Goal(1.3)}
GOALS = {
    "alexnet": _ALEXNET,
    "alexnet-torchvision": _ALEXNET,
    "vgg16": {ONNX: Goal(1.0, 0.8), BETTER: Goal(0.85)},
    "googlenet": {ONNX: Goal(1.1, 0.9), BETTER: Goal(0.7)},
}


def cases(quick: bool) -> list[Case]:
    """Return a case for each network, and at more images for the smallest."""
    if quick:
        return [Case("lenet5", sides(zoo.build("lenet5")))]
    alone = [Case(name, sides(zoo.build(name)), GOALS.get(name, {})) for name in NETWORKS]
    return [*alone, Case("googlenet, 8 images", sides(zoo.build("googlenet"), 8))]


def sides(graph: Graph, images: int = 1) -> dict[str, Maker]:
    """Return a network on every side: the same weights and images."""

    def x() -> np.ndarray:
        dice = np.random.default_rng(0)
        return dice.standard_normal((images, *graph.input_shape), dtype=np.float32)

    return {
        "cnnviz": lambda: ours.network(graph, he_weights(graph), x()),
        ONNX: lambda: ort.network(graph, he_weights(graph), x()),
        TORCH: lambda: pytorch.network(graph, he_weights(graph), x()),
        TORCH_LAST: lambda: pytorch.network(graph, he_weights(graph), x(), last=True),
    }
