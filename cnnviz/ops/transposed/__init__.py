"""Transposed convolution: the adjoint of `conv2d`, which decoders and generators enlarge with."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from cnnviz.errors import SpecError
from cnnviz.geometry import Padding, Size
from cnnviz.geometry.transposed import TransposedWindow
from cnnviz.ops.checks import Array, as_batch, check_finite, result_type
from cnnviz.ops.conv.checks import offsets, positive, ranked
from cnnviz.ops.conv.engine import as_weights, check_result, like
from cnnviz.ops.scratch import small_buffers
from cnnviz.ops.threads import one_blas_thread
from cnnviz.ops.transposed import phases, scatter


def conv2d_transpose(
    x: ArrayLike,
    kernels: ArrayLike,
    *,
    strides: Size = 1,
    padding: Padding = "valid",
    output_padding: Size = 0,
    dilation_rate: Size = 1,
    groups: int = 1,
    bias: ArrayLike | None = None,
    flip: bool = False,
) -> Array:
    """Write kernels, weighted by the input's values, over a larger image and add them up.

    The adjoint of `conv2d`, as PyTorch's, Keras's and ONNX's transposed convolutions.

    Parameters
    ----------
    x : array_like
        `(H, W)`, `(H, W, C)` or `(N, H, W, C)`.
    kernels : array_like
        `(kh, kw)`, written by every channel; `(kh, kw, C)`, one filter; or
        `(kh, kw, filters/groups, C)`.
    strides, dilation_rate : int or (h, w)
        Output cells between two input cells, and between two cells of a written kernel.
    padding : str, int or tuple
        What is cropped: that of the convolution whose adjoint this is, as in `conv2d`. `"same"`
        gives `n s` cells (TensorFlow's and Keras's).
    output_padding : int or (h, w)
        Cells more at the end, fewer than `strides`. Keras's "valid", which is longer where the
        kernel is smaller than the stride, is an `output_padding` of `s - d(k - 1) - 1`.
    groups : int
        Channels and filters are split into this many groups that do not see each other.
    bias : float or (filters,), optional
        Added to each feature map.
    flip : bool
        Rotate the kernels by 180 degrees first.

    Returns
    -------
    ndarray
        float64 if `x` is float64, otherwise float32; `(n - 1) s + d(k - 1) + 1 - pads +
        output_padding` cells an axis. `(H', W')` for an `(H, W)` input and one 2-D kernel;
        otherwise the rank of `x`, at least 3, with filters last.

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
    `y[o s - top + i d, p s - left + j d, f] += x[o, p, c] · kernels[i, j, f, c]` for every `o`,
    `p`, `i`, `j` and `c`; sizes as in relationship 14 of Dumoulin and Visin, "A guide to
    convolution arithmetic for deep learning" (2016).

    Examples
    --------
    >>> conv2d_transpose([[1, 2]], [[1, 1, 1]], strides=2).tolist()
    [[1.0, 1.0, 3.0, 2.0, 2.0]]
    """
    batch = as_batch(x)
    channels = batch.shape[3]
    weights = _stack(kernels, channels, groups)
    window = TransposedWindow.of(
        weights.shape[:2],
        strides=strides,
        padding=padding,
        output_padding=output_padding,
        dilation_rate=dilation_rate,
    )
    axes = window.on(batch.shape[1:3])
    dtype = result_type(batch)
    weights = as_weights(weights, dtype)
    filters = weights.shape[2] * groups
    added = offsets(bias, filters)
    shape = (len(batch), axes[0].output, axes[1].output, filters)
    check_result(shape, dtype)

    adjoint = axes[0].adjoint, axes[1].adjoint
    every = np.zeros(filters, dtype)
    if added is not None:
        every += added
    out = np.empty(shape, dtype)
    with small_buffers(), one_blas_thread():
        batch = batch.astype(dtype, copy=False)
        way = phases if phases.pays(batch, weights, adjoint) else scatter
        way.run(batch, weights[::-1, ::-1] if flip else weights, adjoint, groups, every, out)
    return like(out, x, plain=np.ndim(kernels) == 2)


def _stack(kernels: ArrayLike, channels: int, groups: int) -> Array:
    """Return kernels as `(kh, kw, filters/groups, C)`, or raise `SpecError`."""
    groups = positive(groups, "groups")
    weights = ranked(kernels, "filters/groups, C")
    if groups > 1 and weights.ndim < 4:
        raise SpecError(
            f"groups {groups} with kernels {weights.shape}",
            hint="give kernels (kh, kw, filters/groups, C)",
        )
    if weights.ndim == 2:
        check_finite(weights, "kernel")  # before its numbers are repeated
        weights = np.broadcast_to(weights[:, :, np.newaxis], (*weights.shape, channels))
    if weights.ndim == 3:
        weights = weights[:, :, np.newaxis]
    read = weights.shape[3]
    if read != channels:
        raise SpecError(
            f"kernels {np.shape(kernels)} read {read} channels, the input has {channels}"
        )
    if channels % groups:
        raise SpecError(f"groups {groups} does not divide {channels} channels")
    return weights
