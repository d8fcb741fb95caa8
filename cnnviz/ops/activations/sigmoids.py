"""S-shaped activations and what is made of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from cnnviz.ops.bands import each
from cnnviz.ops.checks import Array, floats

# What an exponential or a hyperbolic tangent costs, in passes over values out of the cache.
TRANSCENDENT = 6


def sigmoid(x: ArrayLike) -> Array:
    """Return `1 / (1 + exp(-x))`.

    >>> sigmoid([-1000.0, 0.0, 1000.0]).tolist()
    [0.0, 0.5, 1.0]
    """
    return each(sigmoid_into, floats(x), TRANSCENDENT)


def sigmoid_into(x: Array, out: Array) -> None:
    """Write the sigmoid of `x` to `out`."""
    np.negative(x, out=out)
    with np.errstate(over="ignore"):  # infinity, of which the result is 0
        np.exp(out, out=out)
    out += 1
    np.divide(1, out, out=out)


def sigmoid_gradient(gradient: Array, x: Array, y: Array) -> Array:
    """Return the gradient of `x` from that of `y = sigmoid(x)`."""
    result: Array = gradient * y * (1 - y)
    return result


def log_sigmoid(x: ArrayLike) -> Array:
    """Return `log(sigmoid(x))`, also where the sigmoid is 0 in floating point.

    >>> log_sigmoid([-1000.0]).tolist()
    [-1000.0]
    """
    x = floats(x)
    result: Array = np.minimum(x, 0) - np.log1p(np.exp(-np.abs(x)))
    return result


def log_sigmoid_gradient(gradient: Array, x: Array, y: Array) -> Array:
    """Return the gradient of `x` from that of `y = log_sigmoid(x)`."""
    return gradient * sigmoid(-x)


def tanh(x: ArrayLike) -> Array:
    """Return the hyperbolic tangent."""
    return each(lambda values, out: np.tanh(values, out=out), floats(x), TRANSCENDENT)


def tanh_gradient(gradient: Array, x: Array, y: Array) -> Array:
    """Return the gradient of `x` from that of `y = tanh(x)`."""
    result: Array = y * y
    np.subtract(1, result, out=result)
    result *= gradient
    return result


def tanh_shrink(x: ArrayLike) -> Array:
    """Return `x - tanh(x)`."""
    x = floats(x)
    result: Array = x - np.tanh(x)
    return result


def tanh_shrink_gradient(gradient: Array, x: Array, y: Array) -> Array:
    """Return the gradient of `x` from that of `y = tanh_shrink(x)`."""
    return gradient * np.square(np.tanh(x))


def softsign(x: ArrayLike) -> Array:
    """Return `x / (1 + |x|)` (Turian et al., 2009)."""
    x = floats(x)
    result: Array = x / (1 + np.abs(x))
    return result


def softsign_gradient(gradient: Array, x: Array, y: Array) -> Array:
    """Return the gradient of `x` from that of `y = softsign(x)`."""
    return gradient * np.square(1 / (1 + np.abs(x)))


ACTIVATIONS = (sigmoid, log_sigmoid, tanh, tanh_shrink, softsign)
