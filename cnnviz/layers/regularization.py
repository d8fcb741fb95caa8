"""Layers that work in training only, and the one that never does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cnnviz.contract import Layer
from cnnviz.geometry import Shape
from cnnviz.layers import checks
from cnnviz.layers._backward import backward_by

if TYPE_CHECKING:
    import numpy as np

    from cnnviz.contract import Array, Backward, Weights


@dataclass(frozen=True)
class Identity(Layer):
    """Pass the input on."""

    apart = True
    is_view = True

    def output_shape(self, *in_shapes: Shape) -> Shape:
        """Return the input's shape."""
        return checks.one(in_shapes)

    def forward(self, weights: Weights, *xs: Array) -> tuple[Array, Backward | None]:
        """Return the input."""
        (x,) = xs
        return x, backward_by(lambda gradient: gradient)


@dataclass(frozen=True)
class Dropout(Identity):
    """Set a `rate` of the values to 0 in training; pass all of them on otherwise."""

    apart = False  # what is dropped is drawn in one stream
    rate: float

    def __post_init__(self) -> None:
        checks.canonical(self, rate=checks.number(self.rate, "rate", 0, 1))

    def forward_training(
        self, weights: Weights, *xs: Array, generator: np.random.Generator, step: int | None = None
    ) -> tuple[Array, Backward, dict[str, Array]]:
        """Drop values, and divide the others by how many are left of one, so that means stay."""
        import numpy as np

        (x,) = xs
        kept = generator.random(self._drawn(x.shape), np.float32) >= self.rate
        scale = 1 / (1 - self.rate) if self.rate < 1 else 0.0

        def pass_on(values: Array) -> Array:
            passed = values * kept
            passed *= scale
            return passed

        return pass_on(x), backward_by(pass_on), {}

    def _drawn(self, shape: Shape) -> Shape:
        """Return the shape of what is drawn for a batch: a number for each value."""
        return shape


@dataclass(frozen=True)
class SpatialDropout2D(Dropout):
    """Set a `rate` of the channels to 0 in training; pass all of them on otherwise."""

    def output_shape(self, *in_shapes: Shape) -> Shape:
        """Return the input's shape, `(H, W, C)`."""
        return checks.image(in_shapes)

    def _drawn(self, shape: Shape) -> Shape:
        return (shape[0], 1, 1, shape[-1])
