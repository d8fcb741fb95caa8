"""One-dimensional convolution: sequences are images one cell wide."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from cnnviz.geometry import Axis, Padding, Size, Window
from cnnviz.ops.checks import Array, filled
from cnnviz.ops.conv.checks import filter_stack
from cnnviz.ops.conv.engine import convolve
from cnnviz.ops.padding import Border

# The other axis of an image one cell wide.
UNIT = Axis(1, 1, 1, 1, 0, 0, 1, "floor")


def conv1d(
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
    """Slide kernels over a sequence (cross-correlation, as `conv2d`).

    Parameters
    ----------
    x : array_like
        `(L,)`, `(L, C)` or `(N, L, C)`.
    kernels : array_like
        `(k,)`, applied to every channel and summed; `(k, C)`, one filter; or
        `(k, C/groups, filters)`.
    strides, dilation_rate : int
        Cells between two windows, and between two cells that a window reads.
    padding : str, int or pair
        `"valid"`, `"same"` (TensorFlow's), `"full"`, `"causal"` (Keras's: an output sees nothing
        that comes after it), `n` or `(before, after)`.
    groups, bias, border, flip
        As in `conv2d`.

    Returns
    -------
    ndarray
        float64 if `x` is float64, otherwise float32. `(L',)` for an `(L,)` input and one 1-D
        kernel; otherwise the rank of `x`, at least 2, with filters last.

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
    `y[o, f] = bias[f] + Σ x[o s - before + i d, c] · kernels[i, c, f]`, equation 9.3 of Goodfellow,
    Bengio and Courville, "Deep Learning" (2016), without the flip.

    Examples
    --------
    >>> conv1d([1, 2, 4, 8], [-1, 1]).tolist()
    [1.0, 2.0, 4.0]
    >>> conv1d([1, 2, 3], [0, 1, 0.5], padding="full", flip=True).tolist()
    [0.0, 1.0, 2.5, 4.0, 1.5]
    """
    batch = as_sequences(x)
    weights = filter_stack(kernels, batch.shape[3], groups, rank=1)
    window = Window.of(
        weights.shape[0], strides=strides, padding=padding, dilation_rate=dilation_rate, rank=1
    )
    (cells,) = window.on(batch.shape[1:2])
    plain = np.ndim(kernels) == 1
    out = convolve(
        batch,
        weights[:, np.newaxis],
        (cells, UNIT),
        groups=groups,
        bias=bias,
        border=border,
        flip=flip,
        summed=plain,
    )
    if np.ndim(x) == 3:
        return out[:, :, 0]
    return out[0, :, 0, 0] if np.ndim(x) == 1 and plain else out[0, :, 0]


def as_sequences(x: ArrayLike) -> Array:
    """Return `x` as a view `(N, L, 1, C)`: a batch of images one cell wide.

    Parameters
    ----------
    x : array_like
        `(L,)`, `(L, C)` or `(N, L, C)`.

    Raises
    ------
    SpecError
        If the rank is another, an axis is empty or the values are not real numbers.
    """
    array = filled(x, (1, 2, 3), "(L,), (L, C) or (N, L, C)")
    if array.ndim == 1:
        return array[np.newaxis, :, np.newaxis, np.newaxis]
    batch = array[np.newaxis] if array.ndim == 2 else array
    return batch[:, :, np.newaxis]
