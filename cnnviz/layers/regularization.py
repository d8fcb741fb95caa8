"""Layers that work in training only."""

from __future__ import annotations

from dataclasses import dataclass

from cnnviz.contract import Layer
from cnnviz.geometry import Shape
from cnnviz.layers import checks


@dataclass(frozen=True)
class Dropout(Layer):
    """Set a `rate` of the values to 0 in training; pass all of them on otherwise."""

    rate: float

    def __post_init__(self) -> None:
        checks.canonical(self, rate=checks.number(self.rate, "rate", 0, 1))

    def output_shape(self, *in_shapes: Shape) -> Shape:
        """Return the input's shape."""
        return checks.one(in_shapes)
