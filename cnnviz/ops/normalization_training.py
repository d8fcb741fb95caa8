"""Batch normalisation as training runs it: statistics of the batch, and gradients."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from cnnviz.ops.checks import Array
from cnnviz.ops.threads import spread

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
    mean = _sums(source, lambda cells: (source[cells],))[0] / len(source)
    line = _line(mean, source)

    def squares(cells: slice) -> tuple[Array]:
        centred = source[cells] - line[: cells.stop - cells.start]
        centred *= centred
        return (centred,)

    return mean, _sums(source, squares)[0] / len(source)


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

    def products(cells: slice) -> tuple[Array, Array]:
        part = source[cells] - centre[: cells.stop - cells.start]
        part *= upstream[cells]
        return part, upstream[cells]

    scaled, of_beta = _sums(source, products)
    weights = ((scaled * np.sqrt(power)).astype(x.dtype), of_beta.astype(x.dtype))
    if not of_inputs:
        return (), *weights
    out = np.empty(gradient.shape, gradient.dtype)
    made, factors = out.reshape(source.shape), _line(factor, source)
    count = len(source)
    slopes, offsets = _line(scaled * power / count, source), _line(of_beta / count, source)

    def pass_on(cells: slice) -> None:
        lined = slice(0, cells.stop - cells.start)
        if of_batch:
            shared = source[cells] - centre[lined]
            shared *= slopes[lined]
            shared += offsets[lined]
            np.subtract(upstream[cells], shared, out=shared)
            np.multiply(shared, factors[lined], out=made[cells])
        else:
            np.multiply(upstream[cells], factors[lined], out=made[cells])

    spread(pass_on, count, len(centre))
    return (out,), *weights


def _line(values: Array, source: Array) -> Array:
    """Return a value a channel repeated over a band of `source`, so that loops over it are long."""
    repeats = min(max(1, BAND // source.shape[1]), len(source))
    return np.tile(np.asarray(values).astype(source.dtype), (repeats, 1))


def _sums(source: Array, values: Callable[[slice], tuple[Array, ...]]) -> list[Array]:
    """Return the sum of each channel of each array of `values`, given for bands of `source`.

    They are float64; products with ones round less than adding one row after another.
    """
    ones = _line(np.ones(1), source)[:, 0]
    bands = spread(
        lambda cells: [ones[: len(v)] @ v for v in values(cells)], len(source), len(ones)
    )
    return [np.sum(each, axis=0, dtype=np.float64) for each in zip(*bands, strict=True)]
