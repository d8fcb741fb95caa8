"""Cutting off the rim."""

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
class _Cropping(Layer):
    rank: ClassVar[int]

    cropping: Padding

    def __post_init__(self) -> None:
        if isinstance(self.cropping, str):
            use = "1 or (0, 1)" if self.rank == 1 else "1 or ((0, 1), (0, 1))"
            raise SpecError(f"cropping {self.cropping!a} is not a number", hint=f"use {use}")
        checks.canonical(self, cropping=self._pairs)

    @property
    def _pairs(self) -> tuple[tuple[int, int], ...]:
        pairs = pads(self.cropping, rank=self.rank, name="cropping")
        assert not isinstance(pairs, str)
        return pairs

    def window(self, in_shape: Shape) -> Window:
        """Return a window of one cell that begins inside: its padding is negative."""
        one = (1,) * self.rank
        inside = tuple((-before, -after) for before, after in self._pairs)
        return Window(one, one, inside, one)

    def output_shape(self, *in_shapes: Shape) -> Shape:
        """Return what is left."""
        *space, channels = checks.spatial(in_shapes, self.rank)
        left = []
        for n, (before, after) in zip(space, self._pairs, strict=True):
            left.append(n - before - after)
            if left[-1] < 1:
                raise SpecError(
                    f"cropping {before}+{after} leaves nothing of {n} cells",
                    hint="crop less",
                )
        return (*left, channels)

    def forward(self, weights: Weights, *xs: Array) -> tuple[Array, Backward | None]:
        """Return the middle, a view."""
        (x,) = xs
        shape = self.output_shape(x.shape[1:])
        starts = (before for before, _ in self._pairs)
        kept = [slice(a, a + n) for a, n in zip(starts, shape, strict=False)]
        whole = x.shape

        def backward(
            gradient: Array, *, of_inputs: bool = True
        ) -> tuple[tuple[Array, ...], dict[str, Array]]:
            import numpy as np

            if not of_inputs:
                return (), {}
            out = np.zeros(whole, gradient.dtype)
            out[:, *kept] = gradient
            return (out,), {}

        return x[:, *kept], backward


@dataclass(frozen=True)
class Cropping1D(_Cropping):
    """Cut off the ends of a sequence: `n` or `(before, after)`.

    >>> Cropping1D((2, 3)).output_shape((100, 8))
    (95, 8)
    """

    rank = 1
    cropping: Padding = 1


@dataclass(frozen=True)
class Cropping2D(_Cropping):
    """Cut off the rim of an image: `n`, `(h, w)` or `((top, bottom), (left, right))`.

    >>> Cropping2D(((2, 2), (4, 4))).output_shape((28, 28, 3))
    (24, 20, 3)
    """

    rank = 2
    cropping: Padding = 0
