"""Smooth versions of `relu`."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from cnnviz.ops.activations.piecewise import relu_gradient, sparse_sigmoid
from cnnviz.ops.activations.sigmoids import sigmoid
from cnnviz.ops.checks import Array, floats, number


def softplus(x: ArrayLike) -> Array:
    """Return `log(1 + exp(x))`, without overflow."""
    x = floats(x)
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def softplus_gradient(gradient: Array, x: Array, y: Array) -> Array:
    """Return the gradient of `x` from that of `y = softplus(x)`."""
    return gradient * sigmoid(x)


def squareplus(x: ArrayLike, *, b: float = 4.0) -> Array:
    """Return `(x + √(x² + b)) / 2` (Barron, 2021).

    >>> squareplus([-3.0, 0.0], b=16).tolist()
    [1.0, 2.0]
    """
    x = floats(x)
    b = number(b, "b", 0)
    above: Array = np.maximum(x, 0)
    if b == 0:
        return above
    # Added to it is (√(x² + b) - |x|) / 2, without the difference that cancels.
    with np.errstate(over="ignore"):  # of so large an x nothing but x is left
        size = np.abs(x) + np.sqrt(np.square(x) + b)
    result: Array = above + b / 2 / size
    return result


def squareplus_gradient(gradient: Array, x: Array, y: Array, *, b: float = 4.0) -> Array:
    """Return the gradient of `x` from that of `y = squareplus(x)`."""
    if b == 0:
        return relu_gradient(gradient, x, y)
    result: Array = gradient * (y / np.hypot(x, x.dtype.type(b**0.5)))
    return result


def sparse_plus(x: ArrayLike) -> Array:
    """Return 0 below -1, `x` above 1, `(x + 1)² / 4` between."""
    x = floats(x)
    result: Array = np.maximum(x, np.square(np.clip(x, -1, 1) + 1) / 4)
    return result


def sparse_plus_gradient(gradient: Array, x: Array, y: Array) -> Array:
    """Return the gradient of `x` from that of `y = sparse_plus(x)`."""
    return gradient * sparse_sigmoid(x)


ACTIVATIONS = (softplus, squareplus, sparse_plus)
