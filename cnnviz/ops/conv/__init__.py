"""Two-dimensional convolution."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from cnnviz.geometry import Padding, Size, Window
from cnnviz.ops.checks import Array, as_batch
from cnnviz.ops.conv.checks import filter_stack
from cnnviz.ops.conv.engine import convolve, like
from cnnviz.ops.padding import Border


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
    precision: str = "fast",
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
    precision : {"fast", "exact"}
        `"exact"` leaves out the ways that round more than adding up the products does: Winograd's
        (within 3e-4 of the output's scale) and frequencies (within 1e-5).

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
    weights = filter_stack(kernels, batch.shape[3], groups)
    window = Window.of(
        weights.shape[:2], strides=strides, padding=padding, dilation_rate=dilation_rate
    )
    rows, columns = window.on(batch.shape[1:3])
    plain = np.ndim(kernels) == 2
    out = convolve(
        batch,
        weights,
        (rows, columns),
        groups=groups,
        bias=bias,
        border=border,
        flip=flip,
        summed=plain,
        precision=precision,
    )
    return like(out, x, plain=plain)
