"""The way back through layers without weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cnnviz.contract import Array, Backward
    from cnnviz.geometry import Shape


def backward_by(*ways: Callable[[Array], Array]) -> Backward:
    """Return the backward of a layer whose inputs' gradients are these functions of its output's.

    None of them runs unless its result is asked for.
    """

    def backward(
        gradient: Array, *, of_inputs: bool = True
    ) -> tuple[tuple[Array, ...], dict[str, Array]]:
        return tuple(way(gradient) for way in ways) if of_inputs else (), {}

    return backward


def summed_to(gradient: Array, shape: Shape) -> Array:
    """Return the gradient of an array of `shape` from that of its repetition along axes of 1.

    `shape` may have fewer axes than `gradient`: repeated are those in front.
    """
    lead = gradient.ndim - len(shape)
    repeated = [lead + axis for axis, n in enumerate(shape) if n == 1]
    total: Array = gradient.sum(axis=(*range(lead), *repeated), keepdims=True)
    return total.reshape(shape)
