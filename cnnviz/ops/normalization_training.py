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
    source = x.reshape(-1, x.shape[-1])
    (total,) = _sums(source, source.__getitem__)
    mean = total / len(source)
    line = _line(mean, source)

    def squares(cells: slice) -> Array:
        centred = source[cells] - line[: cells.stop - cells.start]
        centred *= centred
        return centred

    (total,) = _sums(source, squares)
    return mean, total / len(source)


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
    upstream, source = (array.reshape(-1, x.shape[-1]) for array in (gradient, x))
    power = 1 / (np.asarray(variance, np.float64) + epsilon)
    factor = np.sqrt(power) * (1.0 if gamma is None else gamma)
    centre = _line(mean, source)

    def products(cells: slice) -> Array:
        part = source[cells] - centre[: cells.stop - cells.start]
        part *= upstream[cells]
        return part

    scaled, of_beta = _sums(source, products, upstream.__getitem__)
    weights = ((scaled * np.sqrt(power)).astype(x.dtype), of_beta.astype(x.dtype))
    if not of_inputs:
        return (), *weights
    out = np.empty(gradient.shape, gradient.dtype)
    made, factors = out.reshape(source.shape), _line(factor, source)
    count = len(source)
    slopes, offsets = _line(scaled * power / count, source), _line(of_beta / count, source)

    for cells in _bands(source):
        part, lined = made[cells], slice(0, cells.stop - cells.start)
        if of_batch:
            np.subtract(source[cells], centre[lined], out=part)
            part *= slopes[lined]
            part += offsets[lined]
            np.subtract(upstream[cells], part, out=part)
            part *= factors[lined]
        else:
            np.multiply(upstream[cells], factors[lined], out=part)
    return (out,), *weights


def _bands(source: Array) -> Iterator[slice]:
    """Yield the bands of positions that are worked on at a time."""
    step = min(max(1, BAND // source.shape[1]), len(source))
    for first in range(0, len(source), step):
        yield slice(first, min(first + step, len(source)))


def _line(values: Array, source: Array) -> Array:
    """Return a value a channel repeated over a band, so that the loops over it are long."""
    return np.tile(np.asarray(values).astype(source.dtype), (next(_bands(source)).stop, 1))


def _sums(source: Array, *values: Callable[[slice], Array]) -> list[Array]:
    """Return the sums of each channel of what each function gives for the bands, float64."""
    totals = [np.zeros(source.shape[1]) for _ in values]
    ones = _line(np.ones(1), source)[:, 0]
    for cells in _bands(source):
        for total, value in zip(totals, values, strict=True):
            total += ones[: cells.stop - cells.start] @ value(cells)
    return totals
