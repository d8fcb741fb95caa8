"""Enlarging an image by whole numbers."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from cnnviz.errors import unknown_name
from cnnviz.files import check_bytes
from cnnviz.geometry import Size, sizes
from cnnviz.ops.checks import Array, as_batch, result_type
from cnnviz.ops.windows import like

INTERPOLATIONS = ("nearest", "bilinear")


def upsample2d(x: ArrayLike, size: Size = 2, *, interpolation: str = "nearest") -> Array:
    """Enlarge the rows and columns of an image.

    Parameters
    ----------
    x : array_like
        `(H, W)`, `(H, W, C)` or `(N, H, W, C)`.
    size : int or (h, w)
        How often rows and columns are repeated.
    interpolation : {"nearest", "bilinear"}
        `"bilinear"` is between the centres of pixels; beyond the outermost ones it is their value
        (ONNX's `Resize` with `half_pixel`, Keras's `UpSampling2D`).

    Returns
    -------
    ndarray
        Of the rank of `x`; float64 if `x` is float64, otherwise float32.

    Raises
    ------
    SpecError
        If `size` is not positive or the interpolation unknown.
    RefusedError
        If the result is over the byte budget.

    Notes
    -----
    Row `o` of a bilinear result is at `(o + 1/2) / h - 1/2` of the input.

    Examples
    --------
    >>> upsample2d([[0, 4]], (1, 2)).tolist()
    [[0.0, 0.0, 4.0, 4.0]]
    >>> upsample2d([[0, 4]], (1, 2), interpolation="bilinear").tolist()
    [[0.0, 1.0, 3.0, 4.0]]
    """
    if interpolation not in INTERPOLATIONS:
        raise unknown_name("interpolation", str(interpolation), INTERPOLATIONS)
    batch = as_batch(x)
    down, across = sizes(size, "size")
    dtype = result_type(batch)
    # Interpolation holds the upper and the lower neighbours of each cell.
    held = 2 if interpolation == "bilinear" else 1
    cells = batch.size * down * across * held
    check_bytes(np.dtype(dtype).itemsize * cells, "the enlarged image")
    batch = batch.astype(dtype, copy=False)
    if interpolation == "nearest":
        return like(_repeated(batch, down, across), x)
    return like(_between(_between(batch, 1, down), 2, across), x)


def _repeated(batch: Array, down: int, across: int) -> Array:
    n, height, width, channels = batch.shape
    out = np.empty((n, height, down, width, across, channels), batch.dtype)
    out[...] = batch[:, :, np.newaxis, :, np.newaxis]
    return out.reshape(n, height * down, width * across, channels)


def _between(batch: Array, axis: int, size: int) -> Array:
    """Interpolate along one axis."""
    if size == 1:
        return batch
    cells = batch.shape[axis]
    at = (np.arange(cells * size) + 0.5) / size - 0.5
    low = np.floor(at).astype(np.intp)
    share = at - low
    # Where the other neighbour has no share, it is not read: it may be NaN or beyond the rim.
    high = np.where(share > 0, low + 1, low)
    out: Array = batch.take(np.clip(low, 0, cells - 1), axis)
    above = batch.take(np.clip(high, 0, cells - 1), axis)
    share = share.astype(batch.dtype).reshape(-1, *(1,) * (batch.ndim - 1 - axis))
    with np.errstate(all="ignore"):
        above -= out
        above *= share
        out += above
    return out
