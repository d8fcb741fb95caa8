"""Padding as a layer of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from cnnviz.contract import Layer
from cnnviz.errors import SpecError
from cnnviz.geometry import Padding, Shape, Window, pads
from cnnviz.layers import checks

if TYPE_CHECKING:
    from cnnviz.contract import Array, Backward, Weights


@dataclass(frozen=True)
class _ZeroPadding(Layer):
    rank: ClassVar[int]

    padding: Padding = 1

    def __post_init__(self) -> None:
        padding = pads(self.padding, rank=self.rank)
        if isinstance(padding, str):
            use = "1 or (0, 1)" if self.rank == 1 else "1 or (1, 1)"
            raise SpecError(f"padding {padding!r} is not a number", hint=f"use {use}")
        checks.canonical(self, padding=padding)

    def window(self, in_shape: Shape) -> Window:
        """Return a window of one cell that visits the zeros too."""
        return Window.of(1, padding=self.padding, rank=self.rank)

    def output_shape(self, *in_shapes: Shape) -> Shape:
        """Return the padded shape."""
        shape = checks.spatial(in_shapes, self.rank)
        *space, channels = shape
        return (*self.window(shape).output_shape(space), channels)

    def _backward(self, x: Array) -> Backward:
        """Return the way back: what is between the zeros."""
        space = x.shape[1:-1]
        axes = self.window(x.shape[1:]).on(space)
        inside = [slice(axis.before, axis.before + axis.size) for axis in axes]
        return lambda gradient, *, of_inputs=True: (
            ((gradient[:, *inside],) if of_inputs else ()),
            {},
        )


@dataclass(frozen=True)
class ZeroPadding1D(_ZeroPadding):
    """Put zeros around a sequence: `n` or `(before, after)`.

    >>> ZeroPadding1D((4, 0)).output_shape((100, 8))
    (104, 8)
    """

    rank = 1

    def forward(self, weights: Weights, *xs: Array) -> tuple[Array, Backward | None]:
        """Pad."""
        from cnnviz.ops import pad2d

        (x,) = xs
        (axis,) = self.window(x.shape[1:]).on(x.shape[1:2])
        # A sequence is an image one cell wide.
        y = pad2d(x[:, :, None], ((axis.before, axis.after), (0, 0)))[:, :, 0]
        return y, self._backward(x)


@dataclass(frozen=True)
class ZeroPadding2D(_ZeroPadding):
    """Put zeros around an image: `n`, `(h, w)` or `((top, bottom), (left, right))`.

    >>> ZeroPadding2D(3).output_shape((224, 224, 3))
    (230, 230, 3)
    """

    rank = 2

    def forward(self, weights: Weights, *xs: Array) -> tuple[Array, Backward | None]:
        """Pad."""
        from cnnviz.ops import pad2d

        (x,) = xs
        return pad2d(x, self.padding), self._backward(x)
