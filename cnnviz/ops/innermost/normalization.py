"""Batch normalisation with images innermost, where a channel lies in one run of memory."""

from __future__ import annotations

import numpy as np

from cnnviz.ops.checks import Array


def centred(x: Array) -> tuple[Array, Array, Array]:
    """Return `x`, `(C, ..., N)`, around the mean of each channel, and mean and variance, float64.

    >>> centred(np.array([[1.0, 5.0]]))
    (array([[-2.,  2.]]), array([3.]), array([4.]))
    """
    flat = x.reshape(len(x), -1)
    mean = flat.mean(axis=1)
    around = flat - mean[:, np.newaxis]
    squares = np.einsum("cm,cm->c", around, around)
    moments = mean.astype(np.float64), squares.astype(np.float64) / flat.shape[1]
    return around.reshape(x.shape), *moments


def scaled(around: Array, factor: Array, shift: Array | None) -> Array:
    """Return `factor · around + shift`, both of them `(C,)`."""
    flat = around.reshape(len(around), -1)
    y = flat * _column(factor, flat)
    if shift is not None:
        y += _column(shift, flat)
    return y.reshape(around.shape)


def gradients(
    gradient: Array, around: Array, factor: Array, power: Array, *, of_inputs: bool = True
) -> tuple[tuple[Array, ...], Array, Array]:
    """Return the gradients of `x` (none without `of_inputs`), of `gamma` and of `beta`.

    `around` is what `centred` returns, `power` `1 / (variance + epsilon)` and `factor` the root of
    it times `gamma`; see `normalization_training.batch_normalization_gradients`.
    """
    flat, upstream = (array.reshape(len(around), -1) for array in (around, gradient))
    of_beta = upstream.sum(axis=1)
    products = np.einsum("cm,cm->c", upstream, flat)
    of_gamma = (products * np.sqrt(power)).astype(of_beta.dtype)
    if not of_inputs:
        return (), of_gamma, of_beta
    made = flat * _column(factor * power * products / -flat.shape[1], flat)
    made -= _column(factor * of_beta / flat.shape[1], flat)
    made += upstream * _column(factor, flat)
    return (made.reshape(around.shape),), of_gamma, of_beta


def _column(values: Array, like: Array) -> Array:
    return values.astype(like.dtype)[:, np.newaxis]
