"""Activations that are the identity above 0 and an exponential below, and the exponential."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from cnnviz.errors import SpecError
from cnnviz.ops.activations.piecewise import prelu_gradient
from cnnviz.ops.checks import Array, floats, number


def exponential(x: ArrayLike) -> Array:
    """Return `exp(x)`; infinite where that overflows."""
    with np.errstate(over="ignore"):
        return np.exp(floats(x))


def exponential_gradient(gradient: Array, x: Array, y: Array) -> Array:
    """Return the gradient of `x` from that of `y = exponential(x)`."""
    return gradient * y


def elu(x: ArrayLike, *, alpha: float = 1.0) -> Array:
    """Return `x` above 0 and `alpha (exp(x) - 1)` below (Clevert et al., 2015)."""
    x = floats(x)
    return np.maximum(x, 0) + number(alpha, "alpha") * np.expm1(np.minimum(x, 0))


def elu_gradient(gradient: Array, x: Array, y: Array, *, alpha: float = 1.0) -> Array:
    """Return the gradient of `x` from that of `y = elu(x)`."""
    return prelu_gradient(gradient, x, y, alpha=alpha) * np.exp(np.minimum(x, 0))


def celu(x: ArrayLike, *, alpha: float = 1.0) -> Array:
    """Return `x` above 0 and `alpha (exp(x / alpha) - 1)` below (Barron, 2017)."""
    x = floats(x)
    alpha = number(alpha, "alpha", 0)
    if alpha == 0:
        raise SpecError("alpha 0 would divide by 0", hint="relu is the limit")
    return np.maximum(x, 0) + alpha * np.expm1(np.minimum(x, 0) / alpha)


def celu_gradient(gradient: Array, x: Array, y: Array, *, alpha: float = 1.0) -> Array:
    """Return the gradient of `x` from that of `y = celu(x)`."""
    return gradient * np.exp(np.minimum(x, 0) / alpha)


def selu(x: ArrayLike) -> Array:
    """Return the self-normalising `elu` (Klambauer et al., 2017)."""
    return 1.0507009873554805 * elu(x, alpha=1.6732632423543772)


def selu_gradient(gradient: Array, x: Array, y: Array) -> Array:
    """Return the gradient of `x` from that of `y = selu(x)`."""
    return 1.0507009873554805 * elu_gradient(gradient, x, y, alpha=1.6732632423543772)


ACTIVATIONS = (exponential, elu, celu, selu)
