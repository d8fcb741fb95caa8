"""Batch and local response normalisation, channels last."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike

from cnnviz.calls import Do, now
from cnnviz.errors import SpecError
from cnnviz.ops.bands import SHARED, cut, run
from cnnviz.ops.checks import Array, check_finite, number, real_array, result_type
from cnnviz.ops.conv.checks import positive
from cnnviz.ops.scratch import scratch

# Of the values of a band: there are three arrays as large.
PORTION = 1 / 2
# What a response costs, in passes over values out of the cache.
PASSES = 6


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
    Ioffe and Szegedy, "Batch Normalization" (2015), algorithm 2. The mean is subtracted first: a
    multiplication before it would lose the digits that they share.

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

    return scale_channels(values, centre, factor, offset)


def scale_channels(
    x: Array, centre: Array, factor: Array, offset: Array, *, out: Array | None = None
) -> Array:
    """Return `factor (x - centre) + offset` of each channel, the three of them float64 `(C,)`.

    It is written to `out`, which may be a slice of the channels of a wider array, or `x` itself.
    """
    channels = x.shape[-1]
    out = np.empty(x.shape, x.dtype) if out is None else out
    source, result = x.reshape(-1, channels), out.reshape(-1, channels)
    # On one core: what is read and written keeps two threads waiting for memory as long.
    bands = cut(len(source), channels, 0, PORTION)
    # A result in one run of memory is one long line for each band, and so are the numbers.
    shape, places = ((-1,), bands[0].stop) if out.flags.c_contiguous else ((-1, channels), 1)
    with np.errstate(all="ignore"):
        lines = [np.tile(line.astype(x.dtype), places) for line in (centre, factor, offset)]
        for part in bands:
            values, made = source[part].reshape(shape), result[part].reshape(shape)
            low, by, added = (line[: made.shape[-1]] for line in lines)
            np.subtract(values, low, out=made)
            made *= by
            made += added
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
    return respond(values, size, alpha, beta, bias)


def respond(
    x: Array,
    size: int,
    alpha: float,
    beta: float,
    bias: float,
    *,
    out: Array | None = None,
    do: Do = now,
    together: bool = False,
) -> Array:
    """Return `local_response_normalization(x, ...)`; `out` as in `scale_channels`.

    What is written down by `do` is as in `reduce_windows`.
    """
    channels = x.shape[-1]
    before, after = _reach(size, channels)
    out = np.empty(x.shape, x.dtype) if out is None else out
    source, result = x.reshape(-1, channels), out.reshape(-1, channels)

    def work(cells: slice) -> None:
        part = source[cells]
        scale = _channel_sums(part, before, after, do=do)
        do(np.multiply, scale, alpha, out=scale)
        do(np.add, scale, bias, out=scale)
        power = _power(scale, beta, do)[:, :channels]
        do(np.divide, part, power, out=result[cells])

    with np.errstate(all="ignore"):
        passes = PASSES * x.size
        size = passes if do is now else SHARED * together
        bands = cut(len(source), channels + before + after, size, PORTION)
        run(work, bands, passes if do is now else 0)
    return out


def local_response_gradient(
    gradient: Array, x: Array, *, size: int, alpha: float, beta: float, bias: float
) -> Array:
    """Return the gradient of `x` from that of `local_response_normalization(x, ...)`.

    With `scale = bias + alpha Σ x²` it is `gradient scale^-beta`, less `2 alpha beta x` times the
    sum of `gradient x scale^(-beta - 1)` over the channels in whose sum `x` is.
    """
    channels = x.shape[-1]
    before, after = _reach(size, channels)
    out = np.empty(x.shape, gradient.dtype)
    source, upstream, result = (each.reshape(-1, channels) for each in (x, gradient, out))

    def work(cells: slice) -> None:
        part, incoming = source[cells], upstream[cells]
        scale = bias + alpha * _channel_sums(part, before, after)[:, :channels]
        passed = incoming / _power(scale.copy(), beta)
        shared = _channel_sums(passed * part / scale, after, before, np.positive)[:, :channels]
        passed -= 2 * alpha * beta * part * shared
        result[cells] = passed

    passes = 2 * PASSES * x.size
    run(work, cut(len(source), channels + before + after, passes, PORTION), passes)
    return out


def _reach(size: int, channels: int) -> tuple[int, int]:
    """Return how many channels before and behind a channel are in its sum."""
    before, after = (min(n, channels - 1) for n in ((size - 1) // 2, size // 2))
    return before, after


def _channel_sums(
    values: Array, before: int, after: int, of: np.ufunc = np.square, do: Do = now
) -> Array:
    """Return the sum of squares of channels `c - before … c + after`, for `(M, C)` values.

    Or of another function of them, in memory for the next call too. The last `before + after`
    columns of the result mean nothing: zeros between the rows make one long row of all, on which
    sums of 1, 2, 4, … cells are made, and of those the sum.
    """
    rows, channels = values.shape
    size = before + after + 1
    shape = (size.bit_length(), rows, channels + size - 1)
    powers = scratch("powers of channels", shape, values.dtype)
    cells = powers[0]
    do(cells[:, :before].fill, 0)
    do(cells[:, before + channels :].fill, 0)
    do(of, values, out=cells[:, before : before + channels])
    flat = powers.reshape(len(powers), -1)
    width = 1
    for one, two in pairwise(flat):
        count = len(one) - 2 * width + 1
        do(np.add, one[:count], one[width : width + count], out=two[:count])
        width *= 2
    total: Array = flat[-1, : flat.shape[1] - size + 1]
    done = width
    for power in range(len(flat) - 2, -1, -1):
        if size >> power & 1:
            do(np.add, total, flat[power, done : done + len(total)], out=total)
            done += 1 << power
    sums: Array = powers[-1]
    return sums


def _power(scale: Array, beta: float, do: Do = now) -> Array:
    """Return `scale ** beta`; by square roots, much faster, for the exponents in use.

    `scale` is no more what it was.
    """
    if beta not in (0.5, 0.75):
        do(np.power, scale, beta, out=scale)
        return scale
    root = scratch("roots", scale.shape, scale.dtype)
    do(np.sqrt, scale, out=root)
    if beta == 0.75:
        do(np.sqrt, root, out=scale)
        do(np.multiply, root, scale, out=root)
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
