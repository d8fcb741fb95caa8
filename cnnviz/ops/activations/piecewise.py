"""Activations made of straight lines.

Sums of clipped parts rather than `np.where`, ten times slower on values of mixed signs.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from cnnviz.calls import Do, now
from cnnviz.errors import SpecError
from cnnviz.ops.checks import Array, check_finite, floats, number, real_array

_ZEROS = np.zeros(2**14, np.float32)


def linear(x: ArrayLike) -> Array:
    """Return `x`."""
    return floats(x)


def linear_gradient(gradient: Array, x: Array, y: Array) -> Array:
    """Return the gradient of `x` from that of `y = linear(x)`: the same."""
    return gradient


def relu(
    x: ArrayLike,
    *,
    negative_slope: float = 0.0,
    max_value: float | None = None,
    threshold: float = 0.0,
) -> Array:
    """Return `x` above `threshold`, at most `max_value`; `negative_slope (x - threshold)` below.

    >>> relu([-2.0, 3.0]).tolist()
    [0.0, 3.0]
    >>> relu([-2.0, 0.5, 9.0], negative_slope=0.5, max_value=6, threshold=1).tolist()
    [-1.5, -0.25, 6.0]
    """
    x = floats(x)
    slope, threshold = number(negative_slope, "negative_slope"), number(threshold, "threshold")
    above = np.maximum(x, 0) if threshold == 0 else np.where(x > threshold, x, x.dtype.type(0))
    if max_value is not None:
        above = np.minimum(above, number(max_value, "max_value", 0))
    return above + slope * np.minimum(x - threshold, 0) if slope else above


def rectify(x: Array, do: Do = now) -> None:
    """Set what is negative to 0, in place.

    >>> x = np.array([-2.0, 3.0])
    >>> rectify(x)
    >>> x.tolist()
    [0.0, 3.0]
    """
    line = x.shape[-1]
    if x.flags.c_contiguous and x.dtype == np.float32 and line <= len(_ZEROS):
        # The larger of two arrays is found in less than half the time of the larger than a number.
        lines = x.reshape(-1, line)
        do(np.maximum, lines, _ZEROS[:line], out=lines)
    else:
        do(np.maximum, x, 0, out=x)


def relu_gradient(
    gradient: Array,
    x: Array,
    y: Array,
    *,
    negative_slope: float = 0.0,
    max_value: float | None = None,
    threshold: float = 0.0,
) -> Array:
    """Return the gradient of `x` from that of `y = relu(x)`; at a kink the smaller side's.

    Of the settings' defaults `x` is not read, which may be overwritten by then.
    """
    if not negative_slope and max_value is None and not threshold:
        return gradient * (y > 0)
    passed = x > threshold
    slopes = passed if max_value is None else passed & (x < max_value)
    if negative_slope:
        result: Array = gradient * (slopes + x.dtype.type(negative_slope) * ~passed)
        return result
    return gradient * slopes


def relu6(x: ArrayLike) -> Array:
    """Return `min(max(x, 0), 6)` (Krizhevsky, "Convolutional Deep Belief Networks", 2010)."""
    return np.clip(floats(x), 0, 6)


def relu6_gradient(gradient: Array, x: Array, y: Array) -> Array:
    """Return the gradient of `x` from that of `y = relu6(x)`."""
    return gradient * ((y > 0) & (y < 6))


def leaky_relu(x: ArrayLike, *, negative_slope: float = 0.2) -> Array:
    """Return `x` above 0 and `negative_slope x` below (Maas et al., 2013); the slope is Keras's.

    >>> leaky_relu([-2.0, 3.0], negative_slope=0.5).tolist()
    [-1.0, 3.0]
    """
    return prelu(x, alpha=number(negative_slope, "negative_slope"))


def leaky_relu_gradient(
    gradient: Array, x: Array, y: Array, *, negative_slope: float = 0.2
) -> Array:
    """Return the gradient of `x` from that of `y = leaky_relu(x)`."""
    return prelu_gradient(gradient, x, y, alpha=negative_slope)


def prelu(x: ArrayLike, *, alpha: ArrayLike) -> Array:
    """Return `x` above 0 and `alpha x` below, with trained slopes (He et al., 2015).

    Parameters
    ----------
    x : array_like
        Of any shape.
    alpha : array_like
        One slope, one a channel `(C,)`, or any shape that NumPy broadcasts to that of `x`.

    Raises
    ------
    SpecError
        If the shape of `alpha` does not fit.
    InputError
        If it holds NaN or infinity.

    >>> prelu([[-2.0, -2.0], [3.0, 3.0]], alpha=[0.5, 0.25]).tolist()
    [[-1.0, -0.5], [3.0, 3.0]]
    """
    x = floats(x)
    slopes = real_array(alpha, "alpha")
    check_finite(slopes, "alpha")
    slopes = slopes.astype(x.dtype)
    try:
        fits = np.broadcast_shapes(x.shape, slopes.shape) == x.shape
    except ValueError:
        fits = False
    if not fits:
        raise SpecError(f"alpha {slopes.shape} does not fit an input {x.shape}")
    result: Array = np.maximum(x, 0) + slopes * np.minimum(x, 0)
    return result


def prelu_gradient(gradient: Array, x: Array, y: Array, *, alpha: ArrayLike) -> Array:
    """Return the gradient of `x` from that of `y = prelu(x)`; that of `alpha` is with the layer."""
    above = x > 0
    slopes: Array = above + np.asarray(alpha, x.dtype) * ~above
    slopes *= gradient
    return slopes


def threshold(x: ArrayLike, *, threshold: float, default_value: float) -> Array:
    """Return `x` where it is above `threshold`, elsewhere `default_value`.

    >>> threshold([-1.0, 2.0, 5.0], threshold=2, default_value=-9).tolist()
    [-9.0, -9.0, 5.0]
    """
    x = floats(x)
    other = x.dtype.type(number(default_value, "default_value"))
    result: Array = np.where(x > number(threshold, "threshold"), x, other)
    return result


def threshold_gradient(
    gradient: Array, x: Array, y: Array, *, threshold: float, default_value: float
) -> Array:
    """Return the gradient of `x` from that of `y = threshold(x)`."""
    return gradient * (x > threshold)


def hard_sigmoid(x: ArrayLike) -> Array:
    """Return `relu6(x + 3) / 6`."""
    return relu6(floats(x) + 3) / 6


def hard_sigmoid_gradient(gradient: Array, x: Array, y: Array) -> Array:
    """Return the gradient of `x` from that of `y = hard_sigmoid(x)`."""
    return gradient * (np.abs(x) < 3) / 6


def hard_tanh(x: ArrayLike) -> Array:
    """Return `x` between -1 and 1, and those beyond."""
    return np.clip(floats(x), -1, 1)


def hard_tanh_gradient(gradient: Array, x: Array, y: Array) -> Array:
    """Return the gradient of `x` from that of `y = hard_tanh(x)`."""
    return gradient * (np.abs(x) < 1)


def sparse_sigmoid(x: ArrayLike) -> Array:
    """Return 0 below -1, 1 above 1, `(x + 1) / 2` between."""
    return np.clip((floats(x) + 1) / 2, 0, 1)


def sparse_sigmoid_gradient(gradient: Array, x: Array, y: Array) -> Array:
    """Return the gradient of `x` from that of `y = sparse_sigmoid(x)`."""
    return gradient * (np.abs(x) < 1) / 2


def hard_shrink(x: ArrayLike, *, threshold: float = 0.5) -> Array:
    """Return `x` where its size is above `threshold`, elsewhere 0.

    >>> hard_shrink([-2.0, 0.5, 1.0]).tolist()
    [-2.0, 0.0, 1.0]
    """
    x = floats(x)
    return x * (np.abs(x) > number(threshold, "threshold", 0))


def hard_shrink_gradient(gradient: Array, x: Array, y: Array, *, threshold: float = 0.5) -> Array:
    """Return the gradient of `x` from that of `y = hard_shrink(x)`."""
    return gradient * (np.abs(x) > threshold)


def soft_shrink(x: ArrayLike, *, threshold: float = 0.5) -> Array:
    """Return `x` moved towards 0 by `threshold`, 0 where that is reached.

    >>> soft_shrink([-2.0, 0.5, 1.0]).tolist()
    [-1.5, 0.0, 0.5]
    """
    x = floats(x)
    limit = number(threshold, "threshold", 0)
    result: Array = x - np.clip(x, -limit, limit)
    return result


def soft_shrink_gradient(gradient: Array, x: Array, y: Array, *, threshold: float = 0.5) -> Array:
    """Return the gradient of `x` from that of `y = soft_shrink(x)`."""
    return gradient * (np.abs(x) > threshold)


ACTIVATIONS = (
    linear,
    relu,
    relu6,
    leaky_relu,
    hard_sigmoid,
    hard_tanh,
    sparse_sigmoid,
    hard_shrink,
    soft_shrink,
)
ALIASES = {"identity": "linear", "hardsigmoid": "hard_sigmoid", "hardtanh": "hard_tanh"}
