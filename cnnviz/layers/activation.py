"""Nonlinearities as layers of their own: shapes pass unchanged."""

from __future__ import annotations

from dataclasses import dataclass

from cnnviz.contract import Layer
from cnnviz.errors import SpecError
from cnnviz.geometry import Shape
from cnnviz.layers import checks


@dataclass(frozen=True)
class _Elementwise(Layer):
    def output_shape(self, *in_shapes: Shape) -> Shape:
        """Return the input's shape."""
        return checks.one(in_shapes)


@dataclass(frozen=True)
class Activation(_Elementwise):
    """Apply the activation of that name.

    >>> Activation("tanh").output_shape((5, 5, 16))
    (5, 5, 16)
    """

    activation: str

    def __post_init__(self) -> None:
        if self.activation is None:
            raise SpecError("activation is missing", hint="use linear for none")
        checks.canonical(self, activation=checks.activation(self.activation))


@dataclass(frozen=True)
class ReLU(_Elementwise):
    """Cut off below `threshold`: `negative_slope` below it, at most `max_value`."""

    max_value: float | None = None
    negative_slope: float = 0.0
    threshold: float = 0.0

    def __post_init__(self) -> None:
        if self.max_value is not None:
            checks.number(self.max_value, "max_value", 0)
        checks.number(self.negative_slope, "negative_slope", 0)
        checks.number(self.threshold, "threshold", 0)


@dataclass(frozen=True)
class Softmax(_Elementwise):
    """Turn values along `axis` into positive ones that sum to 1."""

    axis: int = -1

    def __post_init__(self) -> None:
        if not isinstance(self.axis, int) or isinstance(self.axis, bool):
            raise SpecError(f"axis {self.axis!a} is not an integer")

    def output_shape(self, *in_shapes: Shape) -> Shape:
        """Return the input's shape."""
        shape = checks.one(in_shapes)
        # A shape has no batch axis here, so positive axes count from 1, as in Keras.
        if self.axis not in (*range(1, len(shape) + 1), *range(-len(shape), 0)):
            raise SpecError(f"axis {self.axis} is not an axis of {shape}", hint="use -1")
        return shape
