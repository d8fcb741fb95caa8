"""Padding as a layer of its own."""

from __future__ import annotations

from dataclasses import dataclass

from cnnviz.contract import Layer
from cnnviz.errors import SpecError
from cnnviz.geometry import Padding, Shape, Window, pads
from cnnviz.layers import checks


@dataclass(frozen=True)
class ZeroPadding2D(Layer):
    """Put zeros around an image: `n`, `(h, w)` or `((top, bottom), (left, right))`.

    >>> ZeroPadding2D(3).output_shape((224, 224, 3))
    (230, 230, 3)
    """

    padding: Padding = 1

    def __post_init__(self) -> None:
        padding = pads(self.padding)
        if isinstance(padding, str):
            raise SpecError(f"padding {padding!r} is not a number", hint="use 1 or (1, 1)")
        checks.canonical(self, padding=padding)

    def window(self, in_shape: Shape) -> Window:
        """Return a window of one cell that visits the zeros too."""
        return Window.of(1, padding=self.padding)

    def output_shape(self, *in_shapes: Shape) -> Shape:
        """Return the padded shape."""
        shape = checks.image(in_shapes)
        *space, channels = shape
        return (*self.window(shape).output_shape(space), channels)
