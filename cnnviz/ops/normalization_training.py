"""Batch normalisation as training runs it: statistics of the batch, and gradients."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from cnnviz.ops.checks import Array

# Values worked on at a time, so that partial results stay in the cache.
BAND = 2**15


def batch_moments(x: Array) -> tuple[Array, Array]:
    """Return the mean and the variance of each channel of a batch, float64 `(C,)`.

    The variance is the mean of squares, not `n / (n - 1)` of it, as in the paper and in Keras;
    around the mean, whose square may be far larger.

    >>> batch_moments(np.array([[1.0], [5.0]]))
    (array([3.]), array([4.]))
    """
    source, count = x.reshape(-1), x.size // x.shape[-1]
    mean = _sums(x, lambda cells: source[cells]) / count

    def squares(cells: slice) -> Array:
        centred = source[cells] - line[: cells.stop - cells.start]
        centred *= centred
        return centred

    line = _line(mean, x)
    return mean, _sums(x, squares) / count


def batch_normalization_gradients(
    gradient: Array,
    x: Array,
    *,
    gamma: Array | None,
    mean: Array,
    variance: Array,
    epsilon: float,
    of_batch: bool = False,
    of_inputs: bool = True,
) -> tuple[tuple[Array, ...], Array, Array]:
    """Return the gradients of `x` (none without `of_inputs`), of `gamma` and of `beta`.

    Parameters
    ----------
    gradient : ndarray
        That of `batch_normalization(x, ...)`.
    x, gamma, mean, variance, epsilon
        As given to it.
    of_batch : bool
        Whether mean and variance are `batch_moments(x)`, and so depend on `x`.

    Notes
    -----
    Ioffe and Szegedy, "Batch Normalization" (2015), section 3. With n values in a channel and
    `centred = x - mean`, the gradient of `x` is `gamma / √(variance + epsilon)` times
    `gradient - Σ gradient / n - centred Σ (gradient centred) / (n (variance + epsilon))`, of which
    only the first remains where the moments are constants.
    """
    upstream, source = gradient.reshape(-1), x.reshape(-1)
    power = 1 / (np.asarray(variance, np.float64) + epsilon)
    factor = np.sqrt(power) * (1.0 if gamma is None else gamma)
    centre = _line(mean, x)

    def products(cells: slice) -> Array:
        part = source[cells] - centre[: cells.stop - cells.start]
        part *= upstream[cells]
        return part

    of_beta = _sums(x, lambda cells: upstream[cells])
    scaled = _sums(x, products)
    weights = ((scaled * np.sqrt(power)).astype(x.dtype), of_beta.astype(x.dtype))
    if not of_inputs:
        return (), *weights
    out = np.empty(gradient.shape, gradient.dtype)
    made, factors = out.reshape(-1), _line(factor, x)
    if not of_batch:
        for cells in _bands(x):
            np.multiply(upstream[cells], factors[: cells.stop - cells.start], out=made[cells])
        return (out,), *weights
    count = x.size // x.shape[-1]
    slopes, offsets = _line(scaled * power / count, x), _line(of_beta / count, x)
    for cells in _bands(x):
        part, lined = made[cells], slice(0, cells.stop - cells.start)
        shared = source[cells] - centre[lined]
        shared *= slopes[lined]
        shared += offsets[lined]
        np.subtract(upstream[cells], shared, out=part)
        part *= factors[lined]
    return (out,), *weights


def _repeats(x: Array) -> int:
    """Return how many positions are in a band."""
    channels: int = x.shape[-1]
    return min(max(1, BAND // channels), x.size // channels)


def _line(values: Array, x: Array) -> Array:
    """Return a value a channel repeated over a band, so that the loops over it are long."""
    return np.tile(np.asarray(values).astype(x.dtype), _repeats(x))


def _bands(x: Array) -> Iterator[slice]:
    """Yield the bands of the values of `x`, each of whole positions."""
    step = x.shape[-1] * _repeats(x)
    for first in range(0, x.size, step):
        yield slice(first, min(first + step, x.size))


def _sums(x: Array, values: Callable[[slice], Array]) -> Array:
    """Return the sum of each channel of what `values` gives for the bands of `x`, float64."""
    total = np.zeros(x.shape[-1])
    ones = np.ones(_repeats(x), x.dtype)
    for cells in _bands(x):
        part = values(cells).reshape(-1, x.shape[-1])
        total += ones[: len(part)] @ part
    return total
