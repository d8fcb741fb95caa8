"""Pooling of feature maps."""

from __future__ import annotations

from typing import Any

import numpy as np
from cases import ONNX, TORCH, TORCH_LAST, Call, Case, Goal
from peers import ort, pytorch

import cnnviz
from cnnviz.contract import Layer
from cnnviz.graph import sequential
from cnnviz.layers.pooling import AveragePooling2D, GlobalAveragePooling2D, MaxPooling2D

TITLE = "Pooling"
LARGE = (224, 224, 64)
GOALS = {
    "max": {TORCH: Goal(0.4), TORCH_LAST: Goal(1.3)},
    "average": {TORCH: Goal(0.4), TORCH_LAST: Goal(2.0)},
}


def cases(quick: bool) -> list[Case]:
    """Return pools as networks have them; the issue's goals are those of the largest maps."""
    large = (16, 16, 8) if quick else LARGE
    size = f"({', '.join(map(str, large))})"
    found = []
    for k in (2, 3):
        pool = {"pool_size": k, "strides": 2}
        found += [
            case(f"max {k}x{k} / 2 on {size}", large, MaxPooling2D(k, strides=2), GOALS["max"],
                 lambda x, pool=pool: cnnviz.max_pool2d(x, **pool)),
            case(f"average {k}x{k} / 2 on {size}", large, AveragePooling2D(k, strides=2),
                 GOALS["average"], lambda x, pool=pool: cnnviz.average_pool2d(x, **pool)),
        ]  # fmt: skip
    block = (28, 28, 192)
    return [
        *found,
        case("max 3x3 / 1 on (28, 28, 192)", block, MaxPooling2D(3, strides=1, padding=1), {},
             lambda x: cnnviz.max_pool2d(x, 3, strides=1, padding=1)),
        case("global average of (7, 7, 2048)", (7, 7, 2048), GlobalAveragePooling2D(), {},
             cnnviz.global_average_pool2d),
    ]  # fmt: skip


def case(name: str, shape: tuple[int, ...], layer: Layer, goals: dict[str, Goal], op: Any) -> Case:
    """Return a case of the library's function beside the layer of others."""
    graph = sequential("pool", shape, {"pool": layer})

    def x() -> np.ndarray:
        return np.random.default_rng(0).standard_normal((1, *shape), dtype=np.float32)

    def own() -> Call:
        images = x()
        return lambda: op(images)

    sides = {
        "cnnviz": own,
        TORCH: lambda: pytorch.network(graph, {}, x()),
        TORCH_LAST: lambda: pytorch.network(graph, {}, x(), last=True),
        ONNX: lambda: ort.network(graph, {}, x()),
    }
    return Case(name, sides, goals)
