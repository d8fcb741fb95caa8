"""Batch and local response normalisation, channels last."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from cnnviz.errors import SpecError
from cnnviz.ops.checks import Array, check_finite, number, real_array, result_type
from cnnviz.ops.conv.checks import positive

# Values worked on at a time, so that partial results stay in the cache.
BAND = 2**15


def batch_normalization(
    x: ArrayLike,
    *,
    gamma: ArrayLike | None,
    beta: ArrayLike | None,
    mean: ArrayLike,
    variance: ArrayLike,
    epsilon: float = 1e-3,
) -> Array:
    """Return `gamma (x - mean) / √(variance + epsilon) + beta` for each channel.

    Parameters
    ----------
    x : array_like
        Of any rank, `C` channels last.
    gamma, beta : (C,) or None
        Trained scale and offset; None for 1 and 0 (Keras's `scale=False`, `center=False`).
    mean, variance : (C,)
        The running statistics that training kept.
    epsilon : float
        Keras's default is 0.001, PyTorch's 0.00001.

    Returns
    -------
    ndarray
        Of the shape of `x`; float64 if `x` is, otherwise float32.

    Raises
    ------
    SpecError
        If a parameter does not have one number a channel, or a variance is negative.
    InputError
        If a parameter holds NaN or infinity.

    Notes
    -----
    Ioffe and Szegedy, "Batch Normalization" (2015), algorithm 2. The mean is subtracted first: one
    multiplication and one addition would be faster, and lose the digits that they share.

    Examples
    --------
    >>> batch_normalization([1, 5], gamma=[2, 2], beta=[0, 1], mean=[1, 3], variance=[4, 4],
    ...                     epsilon=0).tolist()
    [0.0, 3.0]
    """
    values = _channels_last(x)
    channels = values.shape[-1]
    epsilon = number(epsilon, "epsilon", 0)
    spread = _parameter(variance, "variance", channels)
    if spread.min() < 0 or spread.min() + epsilon == 0:
        raise SpecError(
            f"variance {spread.min():g} with epsilon {epsilon:g}", hint="give it above 0"
        )
    factor = 1 / np.sqrt(spread + epsilon)
    if gamma is not None:
        factor *= _parameter(gamma, "gamma", channels)
    centre = _parameter(mean, "mean", channels)
    offset = np.zeros(channels) if beta is None else _parameter(beta, "beta", channels)

    out = np.empty(values.shape, values.dtype)
    repeats = min(max(1, BAND // channels), values.size // channels)
    lines = [np.tile(line.astype(out.dtype), repeats) for line in (centre, factor, offset)]
    source, result = values.reshape(-1), out.reshape(-1)
    step = channels * repeats
    with np.errstate(all="ignore"):
        for first in range(0, len(source), step):
            part = result[first : first + step]
            centres, factors, offsets = (line[: len(part)] for line in lines)
            np.subtract(source[first : first + step], centres, out=part)
            part *= factors
            part += offsets
    return out


def local_response_normalization(
    x: ArrayLike, *, size: int = 5, alpha: float = 1e-4, beta: float = 0.75, bias: float = 1.0
) -> Array:
    """Return `x / (bias + alpha Σ x²)^beta`, the sum over `size` neighbouring channels.

    Parameters
    ----------
    x : array_like
        Of any rank, channels last.
    size : int
        Channels in a sum, cut off at the first and the last one. Of an even number one more lies
        after the channel than before it (ONNX's rule).
    alpha, beta, bias : float
        As in the paper, which has bias 2. Caffe, PyTorch and ONNX divide `alpha` by `size`;
        TensorFlow does not, and gives `size` as `2 depth_radius + 1`.

    Returns
    -------
    ndarray
        Of the shape of `x`; float64 if `x` is, otherwise float32.

    Raises
    ------
    SpecError
        If a setting is out of range.

    Notes
    -----
    Krizhevsky, Sutskever and Hinton, "ImageNet Classification with Deep Convolutional Neural
    Networks" (2012), section 3.3.

    Examples
    --------
    >>> local_response_normalization([1, 0, 1], size=3, alpha=1, beta=1).tolist()
    [0.5, 0.0, 0.5]
    """
    values = _channels_last(x)
    size = positive(size, "size")
    alpha, beta = number(alpha, "alpha", 0), number(beta, "beta", 0)
    bias = number(bias, "bias", 0)
    if bias == 0:
        raise SpecError("bias 0 would divide dark channels by 0", hint="give it above 0")
    channels = values.shape[-1]
    before, after = (min(n, channels - 1) for n in ((size - 1) // 2, size // 2))

    out = np.empty(values.shape, values.dtype)
    source, result = values.reshape(-1, channels), out.reshape(-1, channels)
    step = max(1, BAND // (channels + before + after))
    with np.errstate(all="ignore"):
        for first in range(0, len(source), step):
            part = source[first : first + step]
            scale = _channel_sums(part, before, after)
            scale *= alpha
            scale += bias
            factor = _inverse_power(scale, beta)[:, :channels]
            np.multiply(part, factor, out=result[first : first + step])
    return out


def local_response_gradient(
    gradient: Array, x: Array, *, size: int, alpha: float, beta: float, bias: float
) -> Array:
    """Return the gradient of `x` from that of `local_response_normalization(x, ...)`.

    With `scale = bias + alpha Σ x²` it is `gradient scale^-beta`, less `2 alpha beta x` times the
    sum of `gradient x scale^(-beta - 1)` over the channels in whose sum `x` is.
    """
    channels = x.shape[-1]
    before, after = (min(n, channels - 1) for n in ((size - 1) // 2, size // 2))
    out = np.empty(x.shape, gradient.dtype)
    source, upstream, result = (each.reshape(-1, channels) for each in (x, gradient, out))
    step = max(1, BAND // (channels + before + after))
    for first in range(0, len(source), step):
        part, incoming = source[first : first + step], upstream[first : first + step]
        scale = bias + alpha * _channel_sums(part, before, after)[:, :channels]
        passed = incoming * _inverse_power(scale, beta)
        shared = _channel_sums(passed * part / scale, after, before, np.positive)[:, :channels]
        passed -= 2 * alpha * beta * part * shared
        result[first : first + step] = passed
    return out


def _channel_sums(values: Array, before: int, after: int, of: np.ufunc = np.square) -> Array:
    """Return the sum of squares of channels `c - before … c + after`, for `(M, C)` values.

    Or of another function of them. The last `before + after` columns of the result mean nothing:
    zeros between the rows make one long row of all, on which sums of 1, 2, 4, … cells are added.
    """
    rows, channels = values.shape
    size = before + after + 1
    cells = np.zeros((rows, channels + size - 1), values.dtype)
    of(values, out=cells[:, before : before + channels])
    total = np.zeros_like(cells)
    target = total.reshape(-1)[: cells.size - size + 1]
    power, width, done = cells.reshape(-1), 1, 0
    while done < size:
        if size & width:
            target += power[done:][: len(target)]
            done += width
        if done < size:
            power = power[width:] + power[:-width]
            width *= 2
    return total


def _inverse_power(scale: Array, beta: float) -> Array:
    """Return `scale ** -beta`; by square roots, much faster, for the exponents in use."""
    if beta not in (0.5, 0.75):
        return np.power(scale, -beta)
    root: Array = 1 / np.sqrt(scale)
    if beta == 0.75:
        root *= np.sqrt(root)
    return root


def _channels_last(x: ArrayLike) -> Array:
    values = real_array(x, "the input")
    if values.ndim < 1 or values.size == 0:
        raise SpecError(f"the input has no channels {values.shape}")
    return values.astype(result_type(values), copy=False)


def _parameter(values: ArrayLike, name: str, channels: int) -> Array:
    array = real_array(values, name)
    if array.shape != (channels,):
        raise SpecError(f"{name} {array.shape} does not have one number for {channels} channels")
    check_finite(array, name)
    return array.astype(np.float64)
