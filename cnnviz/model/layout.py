"""How a layer's weights are stored in each layout, and the way to ours.

A layout (see `cnnviz.arrays.layouts`) settles more than convolutions: a dense layer is `(in,
units)` in `hwio` and `(units, in)` in the others, a transposed convolution `(kh, kw, filters, C)`,
`(C, filters, kh, kw)` and `(filters, kh, kw, C)`.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from cnnviz.contract import Layer
from cnnviz.geometry import Shape

if TYPE_CHECKING:
    from cnnviz.contract import Array


def stored_shape(layer: Layer, weight: str, shape: Shape, layout: str) -> Shape:
    """Return the shape that a weight of `shape` has in a file of that layout.

    >>> from cnnviz.layers import find
    >>> stored_shape(find("Conv2D")(64, 7), "kernel", (7, 7, 3, 64), "oihw")
    (64, 3, 7, 7)
    """
    if layout == "hwio" or not _is_kernel(layer, weight):
        return shape
    *space, taken, made = _plain(layer, weight, shape)
    if layout == "oihw":
        return (made, taken, *space)
    return (taken, *space, made) if _is_transposed(layer) else (made, *space, taken)


def fits(layer: Layer, weight: str, shape: Shape, layout: str, got: Shape) -> bool:
    """Tell whether an array of the shape `got` can be that weight; axes of 1 of a vector aside."""
    if got == stored_shape(layer, weight, shape, layout):
        return True
    vectors = [_squeezed(shape)] + [()] * (weight == "alpha")
    return not _is_kernel(layer, weight) and bool(got) and _squeezed(got) in vectors


def as_ours(values: Array, layer: Layer, weight: str, shape: Shape, layout: str) -> Array:
    """Return an array that fits, as stored, in our order of axes: a view where that can be."""
    import numpy as np

    if not _is_kernel(layer, weight):
        # PyTorch's PReLU may have one slope for all.
        return values.reshape(shape) if values.size > 1 else np.full(shape, values.reshape(-1)[0])
    if layout == "oihw":
        values = np.moveaxis(values, (0, 1), (-1, -2))
    elif layout == "ohwi":
        values = np.moveaxis(values, 0, -2 if _is_transposed(layer) else -1)
    return values.reshape(shape)


def _is_kernel(layer: Layer, weight: str) -> bool:
    """Whether a weight has axes to be ordered; only Keras stores locally connected ones."""
    return "kernel" in weight and not type(layer).__name__.startswith("LocallyConnected")


def _is_transposed(layer: Layer) -> bool:
    """Whether the last two axes of its kernel are output and input channels, not the reverse."""
    return type(layer).__name__.endswith("Transpose")


def _plain(layer: Layer, weight: str, shape: Shape) -> Shape:
    """Return a depthwise kernel `(kh, kw, C, m)` as others store it: C m filters of one channel."""
    if "depthwise" not in f"{type(layer).__name__}.{weight}".lower():
        return shape
    return (*shape[:-2], 1, prod(shape[-2:]))


def _squeezed(shape: Shape) -> Shape:
    return tuple(n for n in shape if n != 1)
