"""Layers that lay values out anew."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING

from cnnviz.contract import UNKNOWN, Layer, Unknown
from cnnviz.errors import SpecError
from cnnviz.geometry import Shape
from cnnviz.layers import checks
from cnnviz.layers._backward import backward_by

if TYPE_CHECKING:
    from cnnviz.contract import Array, Backward, Weights


@dataclass(frozen=True)
class Reshape(Layer):
    """Lay all values out in `target_shape`, channels fastest; one axis may be -1, for the rest.

    >>> Reshape((7, 7, -1)).output_shape((6272,))
    (7, 7, 128)
    """

    is_view = True

    target_shape: tuple[int, ...]

    def __post_init__(self) -> None:
        shape = self.target_shape
        if not isinstance(shape, list | tuple) or not 1 <= len(shape) <= 3:
            raise SpecError(f"target_shape {shape!a} is not 1 to 3 sizes", hint="write (7, 7, -1)")
        shape = tuple(checks.integer(n, "target_shape") for n in shape)
        if any(n < 1 and n != -1 for n in shape) or shape.count(-1) > 1:
            raise SpecError(
                f"target_shape {shape} is not of positive sizes", hint="one of them may be -1"
            )
        checks.canonical(self, target_shape=shape)

    def window(self, in_shape: Shape) -> Unknown | None:
        """Return unknown, unless only channels are split or joined."""
        return None if self.output_shape(in_shape)[:-1] == in_shape[:-1] else UNKNOWN

    def output_shape(self, *in_shapes: Shape) -> Shape:
        """Return `target_shape` with its -1 worked out."""
        shape = checks.one(in_shapes)
        values, stated = prod(shape), prod(n for n in self.target_shape if n > 0)
        fits = values % stated == 0 if -1 in self.target_shape else values == stated
        if not fits:
            raise SpecError(
                f"target_shape {self.target_shape} does not hold the {values} values of {shape}",
                hint="one axis may be -1",
            )
        return tuple(n if n > 0 else values // stated for n in self.target_shape)

    def forward(self, weights: Weights, *xs: Array) -> tuple[Array, Backward | None]:
        """Return a view of each example in the new shape."""
        (x,) = xs
        shape = x.shape
        y = x.reshape(len(x), *self.output_shape(shape[1:]))
        return y, backward_by(lambda gradient: gradient.reshape(shape))


@dataclass(frozen=True)
class Permute(Layer):
    """Put the axes in another order, counted from 1: `(2, 1, 3)` swaps rows and columns.

    >>> Permute((3, 1, 2)).output_shape((28, 30, 3))
    (3, 28, 30)
    """

    dims: tuple[int, ...]

    def __post_init__(self) -> None:
        dims = tuple(self.dims) if isinstance(self.dims, list | tuple) else (self.dims,)
        for axis in dims:
            checks.integer(axis, "dims")
        if not dims or sorted(dims) != list(range(1, len(dims) + 1)):
            raise SpecError(f"dims {self.dims!a} is not each axis once, from 1", hint="(2, 1, 3)")
        checks.canonical(self, dims=dims)

    def window(self, in_shape: Shape) -> Unknown | None:
        """Return unknown, unless the axes stay as they are."""
        return None if list(self.dims) == sorted(self.dims) else UNKNOWN

    def output_shape(self, *in_shapes: Shape) -> Shape:
        """Return the input's axes in their new order."""
        shape = checks.one(in_shapes)
        if len(shape) != len(self.dims):
            raise SpecError(f"dims {self.dims} does not order the {len(shape)} axes of {shape}")
        return tuple(shape[axis - 1] for axis in self.dims)

    def forward(self, weights: Weights, *xs: Array) -> tuple[Array, Backward | None]:
        """Return a view with the axes in their new order."""
        (x,) = xs
        order = (0, *self.dims)
        back = [order.index(axis) for axis in range(len(order))]
        return x.transpose(order), backward_by(lambda gradient: gradient.transpose(back))
