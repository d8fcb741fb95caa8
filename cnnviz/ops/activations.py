"""Activations by their Keras names: plain functions of an array, looked up by `activation`."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from cnnviz.errors import unknown_name
from cnnviz.ops.checks import Array, real_array, result_type

Activation = Callable[[ArrayLike], Array]


def activation(name: str) -> Activation:
    """Return the activation of a Keras name.

    Parameters
    ----------
    name : str
        One of `activations()`, in any case; `swish` and `hard_swish` mean `silu` and `hard_silu`.

    Returns
    -------
    callable
        Takes an array of any shape, returns float64 for float64 and float32 for the rest.

    Raises
    ------
    SpecError
        If there is none of that name, with the nearest ones.

    >>> activation("relu6")([-1.0, 3.0, 7.0]).tolist()
    [0.0, 3.0, 6.0]
    """
    key = name.lower()
    key = _ALIASES.get(key, key)
    if key not in _FUNCTIONS:
        raise unknown_name("activation", name, (*_FUNCTIONS, *_ALIASES))
    return _FUNCTIONS[key]


def activations() -> tuple[str, ...]:
    """Return the names of the activations, sorted."""
    return tuple(sorted(_FUNCTIONS))


def linear(x: ArrayLike) -> Array:
    """Return `x`."""
    return _floats(x)


def relu(x: ArrayLike) -> Array:
    """Return `max(x, 0)`.

    >>> relu([-2.0, 3.0]).tolist()
    [0.0, 3.0]
    """
    return np.maximum(_floats(x), 0)


def relu6(x: ArrayLike) -> Array:
    """Return `min(max(x, 0), 6)` (Krizhevsky, "Convolutional Deep Belief Networks", 2010)."""
    return np.clip(_floats(x), 0, 6)


def leaky_relu(x: ArrayLike) -> Array:
    """Return `x` above 0 and `0.2 x` below, Keras's slope."""
    x = _floats(x)
    return np.maximum(x, x * 0.2)


def elu(x: ArrayLike) -> Array:
    """Return `x` above 0 and `exp(x) - 1` below (Clevert et al., 2015)."""
    x = _floats(x)
    return np.where(x > 0, x, np.expm1(np.minimum(x, 0)))


def selu(x: ArrayLike) -> Array:
    """Return the self-normalising `elu` (Klambauer et al., 2017)."""
    x = _floats(x)
    negative = 1.6732632423543772 * np.expm1(np.minimum(x, 0))
    return 1.0507009873554805 * np.where(x > 0, x, negative)


def gelu(x: ArrayLike) -> Array:
    """Return `x Φ(x)` with the exact normal distribution (Hendrycks and Gimpel, 2016)."""
    from scipy.special import ndtr

    x = _floats(x)
    result: Array = x * ndtr(x)
    return result


def silu(x: ArrayLike) -> Array:
    """Return `x sigmoid(x)`, also called swish."""
    x = _floats(x)
    return x * sigmoid(x)


def sigmoid(x: ArrayLike) -> Array:
    """Return `1 / (1 + exp(-x))`, without overflow on either side.

    >>> sigmoid([-1000.0, 0.0, 1000.0]).tolist()
    [0.0, 0.5, 1.0]
    """
    x = _floats(x)
    small = np.exp(-np.abs(x))
    result: Array = np.where(x >= 0, x.dtype.type(1), small) / (1 + small)
    return result


def hard_sigmoid(x: ArrayLike) -> Array:
    """Return `relu6(x + 3) / 6`."""
    return relu6(_floats(x) + 3) / 6


def hard_silu(x: ArrayLike) -> Array:
    """Return `x hard_sigmoid(x)`, also called hard swish (MobileNetV3, 2019)."""
    x = _floats(x)
    return x * hard_sigmoid(x)


def softplus(x: ArrayLike) -> Array:
    """Return `log(1 + exp(x))`, without overflow."""
    x = _floats(x)
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def softsign(x: ArrayLike) -> Array:
    """Return `x / (1 + |x|)`."""
    x = _floats(x)
    result: Array = x / (1 + np.abs(x))
    return result


def tanh(x: ArrayLike) -> Array:
    """Return the hyperbolic tangent."""
    return np.tanh(_floats(x))


def exponential(x: ArrayLike) -> Array:
    """Return `exp(x)`; infinite where that overflows."""
    with np.errstate(over="ignore"):
        return np.exp(_floats(x))


def softmax(x: ArrayLike) -> Array:
    """Return `exp(x) / Σ exp(x)` over the last axis, shifted by its maximum.

    >>> softmax([[1000.0, 1000.0]]).tolist()
    [[0.5, 0.5]]
    """
    x = _floats(x)
    powers = np.exp(x - x.max(axis=-1, keepdims=True))
    result: Array = powers / powers.sum(axis=-1, keepdims=True)
    return result


def _floats(x: ArrayLike) -> Array:
    array = real_array(x, "the input")
    return array.astype(result_type(array), copy=False)


_FUNCTIONS: dict[str, Activation] = {
    function.__name__: function
    for function in (
        linear,
        relu,
        relu6,
        leaky_relu,
        elu,
        selu,
        gelu,
        silu,
        sigmoid,
        hard_sigmoid,
        hard_silu,
        softplus,
        softsign,
        tanh,
        exponential,
        softmax,
    )
}
_ALIASES = {"swish": "silu", "hard_swish": "hard_silu"}
