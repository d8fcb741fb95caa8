"""Depthwise convolution: every channel has kernels of its own, and nothing is summed over them."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from cnnviz.errors import SpecError
from cnnviz.geometry import Padding, Size, Window
from cnnviz.ops.checks import Array, as_batch, check_finite
from cnnviz.ops.conv.checks import ranked
from cnnviz.ops.conv.engine import convolve, like
from cnnviz.ops.padding import Border


def depthwise_conv2d(
    x: ArrayLike,
    kernels: ArrayLike,
    *,
    strides: Size = 1,
    padding: Padding = "valid",
    dilation_rate: Size = 1,
    bias: ArrayLike | None = None,
    border: Border = "zero",
    flip: bool = False,
) -> Array:
    """Slide kernels over each channel apart (cross-correlation, as `conv2d`).

    Parameters
    ----------
    x : array_like
        `(H, W)`, `(H, W, C)` or `(N, H, W, C)`.
    kernels : array_like
        `(kh, kw)`, the same for every channel; `(kh, kw, C)`, one a channel; or
        `(kh, kw, C, M)`, `M` a channel (Keras's `depth_multiplier`).
    strides, padding, dilation_rate, border, flip
        As in `conv2d`.
    bias : float or (C · M,), optional
        Added to each feature map.

    Returns
    -------
    ndarray
        float64 if `x` is float64, otherwise float32. `(H', W')` for an `(H, W)` input and a 2-D
        kernel; otherwise the rank of `x`, at least 3, with `C · M` maps last: those of the first
        channel, those of the second, … as in Keras.

    Raises
    ------
    SpecError
        If shapes and settings do not fit each other.
    InputError
        If a kernel or the bias holds NaN or infinity.
    RefusedError
        If the result is over the byte budget.

    Notes
    -----
    `y[o, p, c M + m] = bias[c M + m] + Σ x[o s - top + i d, p s - left + j d, c] · kernels[i, j, c,
    m]`, the first half of a separable convolution (Chollet, "Xception: Deep Learning with Depthwise
    Separable Convolutions", 2017).

    Examples
    --------
    >>> depthwise_conv2d([[[1, 10], [2, 30]]], [[-1, 1]]).tolist()
    [[[1.0, 20.0]]]
    """
    batch = as_batch(x)
    channels = batch.shape[3]
    weights = ranked(kernels, "C, depth_multiplier")
    plain = weights.ndim == 2
    if plain:
        check_finite(weights, "kernel")  # before its numbers are repeated
        weights = np.broadcast_to(weights[:, :, np.newaxis], (*weights.shape, channels))
    elif weights.shape[2] != channels:
        raise SpecError(
            f"kernels {weights.shape} read {weights.shape[2]} channels, the input has {channels}"
        )
    weights = weights.reshape(*weights.shape[:2], 1, -1)
    window = Window.of(
        weights.shape[:2], strides=strides, padding=padding, dilation_rate=dilation_rate
    )
    rows, columns = window.on(batch.shape[1:3])
    out = convolve(
        batch, weights, (rows, columns), groups=channels, bias=bias, border=border, flip=flip
    )
    return like(out, x, plain=plain)
