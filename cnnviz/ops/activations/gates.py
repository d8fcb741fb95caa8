"""Activations that multiply a value with a gate between 0 and 1."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from cnnviz.errors import SpecError
from cnnviz.ops.activations.piecewise import hard_sigmoid
from cnnviz.ops.activations.sigmoids import sigmoid
from cnnviz.ops.activations.smooth import softplus
from cnnviz.ops.checks import Array, axis_of, floats


def silu(x: ArrayLike) -> Array:
    """Return `x sigmoid(x)`, also called swish (Ramachandran et al., 2017)."""
    x = floats(x)
    return x * sigmoid(x)


def hard_silu(x: ArrayLike) -> Array:
    """Return `x hard_sigmoid(x)`, also called hard swish (MobileNetV3, 2019)."""
    x = floats(x)
    return x * hard_sigmoid(x)


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
    from scipy.special import ndtr

    result = x * ndtr(x)
    return result


def mish(x: ArrayLike) -> Array:
    """Return `x tanh(softplus(x))` (Misra, 2019)."""
    x = floats(x)
    return x * np.tanh(softplus(x))


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


ACTIVATIONS = (silu, hard_silu, gelu, mish)
ALIASES = {"swish": "silu", "hard_swish": "hard_silu"}
