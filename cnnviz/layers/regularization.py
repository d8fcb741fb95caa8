"""Layers that work in training only, and the one that never does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cnnviz.contract import Layer
from cnnviz.geometry import Shape
from cnnviz.layers import checks

if TYPE_CHECKING:
    from cnnviz.contract import Array, Backward, Weights


@dataclass(frozen=True)
class Identity(Layer):
    """Pass the input on."""

    def output_shape(self, *in_shapes: Shape) -> Shape:
        """Return the input's shape."""
        return checks.one(in_shapes)

    def forward(self, weights: Weights, *xs: Array) -> tuple[Array, Backward | None]:
        """Return the input."""
        (x,) = xs
        return x, None


@dataclass(frozen=True)
class Dropout(Identity):
    """Set a `rate` of the values to 0 in training; pass all of them on otherwise."""

    rate: float

    def __post_init__(self) -> None:
        checks.canonical(self, rate=checks.number(self.rate, "rate", 0, 1))


@dataclass(frozen=True)
class SpatialDropout2D(Dropout):
    """Set a `rate` of the channels to 0 in training; pass all of them on otherwise."""

    def output_shape(self, *in_shapes: Shape) -> Shape:
        """Return the input's shape, `(H, W, C)`."""
        return checks.image(in_shapes)
