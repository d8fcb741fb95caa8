"""Two-dimensional convolution: the checks, and the choice of a strategy.

A strategy is a module of this package with `run(image, kernels, job, out)` for one image.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import numpy as np
from numpy.typing import ArrayLike

from cnnviz.errors import SpecError
from cnnviz.files import check_bytes
from cnnviz.geometry import Padding, Size, Window
from cnnviz.ops.checks import Array, as_batch, check_finite, real_array, result_type
from cnnviz.ops.conv.job import Job
from cnnviz.ops.padding import Border, Padded

Strategy = Callable[[Array, Array, Job, Array], None]


def conv2d(
    x: ArrayLike,
    kernels: ArrayLike,
    *,
    strides: Size = 1,
    padding: Padding = "valid",
    dilation_rate: Size = 1,
    groups: int = 1,
    bias: ArrayLike | None = None,
    border: Border = "zero",
    flip: bool = False,
) -> Array:
    """Slide kernels over an image (cross-correlation, as in every deep-learning framework).

    Parameters
    ----------
    x : array_like
        `(H, W)`, `(H, W, C)` or `(N, H, W, C)`.
    kernels : array_like
        `(kh, kw)`, applied to every channel and summed; `(kh, kw, C)`, one filter; or
        `(kh, kw, C/groups, filters)`.
    strides, dilation_rate : int or (h, w)
        Cells between two windows, and between two cells that a window reads.
    padding : str, int or tuple
        `"valid"`, `"same"` (TensorFlow's), `"full"`, `n`, `(h, w)` or
        `((top, bottom), (left, right))`.
    groups : int
        Channels and filters are split into this many groups that do not see each other.
    bias : float or (filters,), optional
        Added to each feature map.
    border : str or float
        What the padding holds: `"zero"`, `"edge"`, `"reflect"`, `"symmetric"`, `"wrap"` with
        `numpy.pad`'s meanings, or a number.
    flip : bool
        Rotate the kernels by 180 degrees first: true convolution.

    Returns
    -------
    ndarray
        float64 if `x` is float64, otherwise float32. `(H', W')` for an `(H, W)` input and one
        2-D kernel; otherwise the rank of `x`, at least 3, with filters last.

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
    `y[o, p, f] = bias[f] + Σ x[o s - top + i d, p s - left + j d, c] · kernels[i, j, c, f]`,
    equation 9.6 of Goodfellow, Bengio and Courville, "Deep Learning" (2016), with stride `s` and
    dilation `d`.

    Examples
    --------
    >>> rows = ["11100", "01110", "00111", "00110", "01100"]
    >>> image = [[int(cell) for cell in row] for row in rows]
    >>> conv2d(image, [[1, 0, 1], [0, 1, 0], [1, 0, 1]]).tolist()
    [[4.0, 3.0, 4.0], [2.0, 4.0, 3.0], [2.0, 3.0, 4.0]]
    """
    batch = as_batch(x)
    weights = real_array(kernels, "the kernel")
    rank = weights.ndim
    weights = _four_axes(weights, batch.shape[3], groups)
    window = Window.of(
        weights.shape[:2], strides=strides, padding=padding, dilation_rate=dilation_rate
    )
    rows, columns = window.on(batch.shape[1:3])
    padded = Padded.of((rows, columns), border)
    check_finite(weights, "kernel")
    filters = weights.shape[3]
    offsets = None if bias is None else _bias(bias, filters)
    dtype = result_type(batch)
    shape = (len(batch), rows.output, columns.output, filters)
    count = shape[0] * shape[1] * shape[2] * shape[3]
    if batch.dtype != dtype:
        count += batch.size
    check_bytes(np.dtype(dtype).itemsize * count, "the result of the convolution")

    batch = batch.astype(dtype, copy=False)
    weights = (weights[::-1, ::-1] if flip else weights).astype(dtype)
    check_finite(weights, f"kernel (as {np.dtype(dtype).name})")
    out = np.empty(shape, dtype)
    job = Job(rows, columns, padded, groups, summed=rank == 2)
    run = _strategy(weights, job)
    with np.errstate(all="ignore"):
        for image, result in zip(batch, out, strict=True):
            run(image, weights, job, result)
        if offsets is not None:
            out += offsets.astype(dtype)
    if np.ndim(x) == 4:
        return out
    return cast(Array, out[0, :, :, 0] if np.ndim(x) == rank == 2 else out[0])


def _strategy(weights: Array, job: Job) -> Strategy:
    """Choose by measurement: a matrix product pays from three filters a group on."""
    if weights.shape[3] // job.groups > 2:
        from cnnviz.ops.conv.im2col import run
    else:
        from cnnviz.ops.conv.shifted import run
    return run


def _four_axes(weights: Array, channels: int, groups: int) -> Array:
    """Return the kernels as `(kh, kw, C/groups, filters)`; `(kh, kw)` becomes `(kh, kw, 1, 1)`.

    Raises
    ------
    SpecError
        If they do not fit `channels` and `groups`.
    """
    if isinstance(groups, bool) or not isinstance(groups, int | np.integer) or groups < 1:
        raise SpecError(f"groups {groups!r} is not a positive integer")
    if weights.ndim not in (2, 3, 4):
        raise SpecError(
            f"kernels have {weights.ndim} axes {weights.shape}",
            hint="give (kh, kw), (kh, kw, C) or (kh, kw, C/groups, filters)",
        )
    if weights.size == 0:
        raise SpecError(f"the kernel is empty {weights.shape}")
    if groups > 1 and weights.ndim < 4:
        raise SpecError(
            f"groups {groups} with kernels {weights.shape}",
            hint="give kernels (kh, kw, C/groups, filters)",
        )
    if weights.ndim == 2:
        return weights[:, :, np.newaxis, np.newaxis]
    if weights.ndim == 3:
        weights = weights[..., np.newaxis]
    filters = weights.shape[3]
    if channels % groups or filters % groups:
        raise SpecError(
            f"groups {groups} does not divide {channels} channels and {filters} filters"
        )
    if weights.shape[2] * groups != channels:
        text = f" in {groups} groups" if groups > 1 else ""
        raise SpecError(
            f"kernels {weights.shape[:3]} read {weights.shape[2] * groups} channels{text}, "
            f"the input has {channels}"
        )
    return weights


def _bias(bias: ArrayLike, filters: int) -> Array:
    offsets = real_array(bias, "the bias")
    if offsets.shape not in ((), (filters,)):
        raise SpecError(f"bias {offsets.shape} does not fit {filters} filters")
    check_finite(offsets, "bias")
    return offsets
