"""Activations over an axis: scores to probabilities."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from cnnviz.ops.checks import Array, axis_of, floats


def softmax(x: ArrayLike, *, axis: int = -1) -> Array:
    """Return `exp(x) / Σ exp(x)` over `axis`, shifted by its maximum.

    Raises
    ------
    SpecError
        If the axis does not exist.

    >>> softmax([[1000.0, 1000.0]]).tolist()
    [[0.5, 0.5]]
    """
    x = floats(x)
    axis = axis_of(axis, x)
    powers: Array = np.exp(x - x.max(axis=axis, keepdims=True))
    powers /= powers.sum(axis=axis, keepdims=True)
    return powers


def softmax_gradient(gradient: Array, x: Array, y: Array, *, axis: int = -1) -> Array:
    """Return the gradient of `x` from that of `y = softmax(x)`."""
    weighted = gradient * y
    weighted -= y * weighted.sum(axis=axis, keepdims=True)
    return weighted


def log_softmax(x: ArrayLike, *, axis: int = -1) -> Array:
    """Return `log(softmax(x))` over `axis`, also where the softmax is 0 in floating point.

    Raises
    ------
    SpecError
        If the axis does not exist.

    >>> log_softmax([0.0, -1000.0]).tolist()
    [0.0, -1000.0]
    """
    x = floats(x)
    axis = axis_of(axis, x)
    shifted: Array = x - x.max(axis=axis, keepdims=True)
    shifted -= np.log(np.exp(shifted).sum(axis=axis, keepdims=True))
    return shifted


def log_softmax_gradient(gradient: Array, x: Array, y: Array, *, axis: int = -1) -> Array:
    """Return the gradient of `x` from that of `y = log_softmax(x)`."""
    result: Array = gradient - np.exp(y) * gradient.sum(axis=axis, keepdims=True)
    return result


def sparsemax(x: ArrayLike, *, axis: int = -1) -> Array:
    """Return the probabilities nearest to `x` over `axis`: small scores get exactly 0.

    Raises
    ------
    SpecError
        If the axis does not exist.

    Notes
    -----
    Martins and Astudillo, "From Softmax to Sparsemax" (2016), algorithm 1.

    >>> sparsemax([1.0, 0.5, -1.0]).tolist()
    [0.75, 0.25, 0.0]
    """
    x = floats(x)
    axis = axis_of(axis, x)
    scores = np.moveaxis(x, axis, -1).astype(np.float64)
    scores = scores - scores.max(axis=-1, keepdims=True)
    falling = -np.sort(-scores, axis=-1)
    sums = falling.cumsum(axis=-1) - 1
    ranks = np.arange(1, falling.shape[-1] + 1)
    support = np.count_nonzero(falling * ranks > sums, axis=-1, keepdims=True)
    threshold = np.take_along_axis(sums, support - 1, axis=-1) / support
    result = np.maximum(scores - threshold, 0).astype(x.dtype)
    return np.moveaxis(result, -1, axis)


def sparsemax_gradient(gradient: Array, x: Array, y: Array, *, axis: int = -1) -> Array:
    """Return the gradient of `x` from that of `y = sparsemax(x)`.

    Where `y` is above 0, the gradient's distance from its mean over those places.
    """
    support = y > 0
    kept = gradient * support
    mean = kept.sum(axis=axis, keepdims=True) / support.sum(axis=axis, keepdims=True, dtype=y.dtype)
    result: Array = kept - support * mean
    return result


ACTIVATIONS = (softmax, log_softmax, sparsemax)
