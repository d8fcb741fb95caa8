"""The contract that every layer keeps; graphs and reports know layers only by it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from cnnviz.geometry import Shape, Window


@dataclass(frozen=True)
class Layer:
    """A layer's settings, without its weights and without a place in a graph.

    Shapes have no batch axis: `(H, W, C)` or `(units,)`. A subclass is a frozen dataclass whose
    fields are Keras's arguments in Keras's order; its class name is its name in specs.
    """

    aliases: ClassVar[tuple[str, ...]] = ()

    def output_shape(self, *in_shapes: Shape) -> Shape:
        """Return the shape of the output; raise `SpecError` if the input does not fit."""
        raise NotImplementedError

    def weight_shapes(self, *in_shapes: Shape) -> dict[str, Shape]:
        """Return the shapes of the trained weights by name; parameters are counted from these."""
        return {}

    def macs(self, *in_shapes: Shape) -> int:
        """Return the multiply-adds of one forward run on one example (no bias, no pooling)."""
        return 0

    def window(self, in_shape: Shape) -> Window | None:
        """Return the sliding window over the spatial axes, or None where nothing slides."""
        return None
