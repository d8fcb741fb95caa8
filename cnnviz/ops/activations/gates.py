"""Activations that multiply a value with a gate between 0 and 1."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from cnnviz.errors import SpecError
from cnnviz.ops.activations.piecewise import hard_sigmoid
from cnnviz.ops.activations.sigmoids import TRANSCENDENT, sigmoid, sigmoid_into
from cnnviz.ops.activations.smooth import softplus
from cnnviz.ops.bands import each
from cnnviz.ops.checks import Array, axis_of, floats
from cnnviz.ops.scratch import scratch

# log(erfc(z) / t) + z² as a polynomial in t = 1 / (1 + z / 2), highest power first.
ERFC = (
    0.17087277,
    -0.82215223,
    1.48851587,
    -1.13520398,
    0.27886807,
    -0.18628806,
    0.09678418,
    0.37409196,
    1.00002368,
    -1.26551223,
)


def silu(x: ArrayLike) -> Array:
    """Return `x sigmoid(x)`, also called swish (Ramachandran et al., 2017)."""

    def work(values: Array, out: Array) -> None:
        sigmoid_into(values, out)
        out *= values

    return each(work, floats(x), TRANSCENDENT)


def silu_gradient(gradient: Array, x: Array, y: Array) -> Array:
    """Return the gradient of `x` from that of `y = silu(x)`."""
    gate = sigmoid(x)
    result: Array = gradient * (gate + y * (1 - gate))
    return result


def hard_silu(x: ArrayLike) -> Array:
    """Return `x hard_sigmoid(x)`, also called hard swish (MobileNetV3, 2019)."""
    x = floats(x)
    return x * hard_sigmoid(x)


def hard_silu_gradient(gradient: Array, x: Array, y: Array) -> Array:
    """Return the gradient of `x` from that of `y = hard_silu(x)`."""
    return gradient * (hard_sigmoid(x) + x * (np.abs(x) < 3) / 6)


def gelu(x: ArrayLike, *, approximate: bool = False) -> Array:
    """Return `x Φ(x)`, Φ the normal distribution (Hendrycks and Gimpel, 2016).

    `approximate` takes `x (1 + tanh(√(2/π) (x + 0.044715 x³))) / 2`, as the first GPT and BERT did.
    """
    x = floats(x)
    if approximate:
        with np.errstate(over="ignore"):  # infinity, of which the tanh is 1
            inner = 0.7978845608028654 * x * (1 + 0.044715 * np.square(x))
        result: Array = 0.5 * x * (1 + np.tanh(inner))
        return result
    if x.dtype == np.float32:
        return _gelu_in_single(x)
    from scipy.special import ndtr

    result = x * ndtr(x)
    return result


def _gelu_in_single(x: Array) -> Array:
    """Return `x Φ(x) = max(x, 0) - |x| Φ(-|x|)` to float32's digits, a band at a time.

    SciPy's Φ takes three times as long, and its import longer than most commands. By the Chebyshev
    fit to erfc of Press et al., "Numerical Recipes" (1992), section 6.2, which is exact to 1.2e-7.
    """
    return each(_gelu_into, x, 5 * TRANSCENDENT, 1 / 2)


def _gelu_into(x: Array, out: Array) -> None:
    size, t = scratch("gelu", (2, *x.shape), x.dtype)
    np.minimum(np.abs(x, out=size), 40, out=size)  # from where on Φ(-size) is 0 in float32
    np.multiply(size, 0.5**1.5, out=t)
    t += 1
    np.divide(1, t, out=t)
    np.multiply(t, ERFC[0], out=out)
    for coefficient in ERFC[1:-1]:
        out += coefficient
        out *= t
    out += ERFC[-1]
    t *= size
    np.square(size, out=size)
    size /= 2
    out -= size
    np.exp(out, out=out)
    out *= t
    out /= 2
    np.subtract(np.maximum(x, 0, out=t), out, out=out)


def gelu_gradient(gradient: Array, x: Array, y: Array, *, approximate: bool = False) -> Array:
    """Return the gradient of `x` from that of `y = gelu(x)`."""
    near = np.clip(x, -20, 20)  # beyond, the slope is 0 or 1; its terms would overflow
    square = near * near
    if approximate:
        inner = 0.7978845608028654 * near * (1 + 0.044715 * square)
        tanh = np.tanh(inner)
        slope = 0.7978845608028654 * (1 + 0.134145 * square)
        result: Array = gradient * (1 + tanh + near * (1 - tanh * tanh) * slope) / 2
        return result
    # Φ(x), which `gelu` in float32 does not come upon alone.
    normal = np.divide(y, x, out=np.full_like(x, 0.5), where=np.abs(x) > 1e-20)
    normal += near * np.exp(square / -2) * 0.3989422804014327
    normal *= gradient
    return normal


def mish(x: ArrayLike) -> Array:
    """Return `x tanh(softplus(x))` (Misra, 2019)."""
    x = floats(x)
    return x * np.tanh(softplus(x))


def mish_gradient(gradient: Array, x: Array, y: Array) -> Array:
    """Return the gradient of `x` from that of `y = mish(x)`."""
    gate = np.tanh(softplus(x))
    result: Array = gradient * (gate + x * (1 - gate * gate) * sigmoid(x))
    return result


def glu(x: ArrayLike, *, axis: int = -1) -> Array:
    """Return `a sigmoid(b)` of the two halves of `x` along `axis` (Dauphin et al., 2016).

    The axis is half as long after it, so that no layer or command takes it by name alone.

    Raises
    ------
    SpecError
        If the axis does not exist or is odd.

    >>> glu([3.0, 4.0, 0.0, 1000.0]).tolist()
    [1.5, 4.0]
    """
    x = floats(x)
    axis = axis_of(axis, x)
    if x.shape[axis] % 2:
        raise SpecError(f"glu: axis {axis} of {x.shape} does not split into two halves")
    value, gate = np.split(x, 2, axis=axis)
    return value * sigmoid(gate)


def glu_gradient(gradient: Array, x: Array, y: Array, *, axis: int = -1) -> Array:
    """Return the gradient of `x` from that of `y = glu(x)`."""
    value, gate = np.split(x, 2, axis=axis)
    opening = sigmoid(gate)
    gated = gradient * opening
    return np.concatenate([gated, gated * value * (1 - opening)], axis=axis)


ACTIVATIONS = (silu, hard_silu, gelu, mish)
ALIASES = {"swish": "silu", "hard_swish": "hard_silu", "hardswish": "hard_silu"}
