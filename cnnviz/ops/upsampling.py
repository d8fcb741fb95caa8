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


def upsample2d_gradient(
    gradient: Array, size: Size = 2, *, interpolation: str = "nearest"
) -> Array:
    """Return the gradient of what `upsample2d` enlarged, from that of the result `(N, H', W', C)`.

    >>> upsample2d_gradient(np.ones((1, 2, 4, 1)), (1, 2))[0, :, :, 0].tolist()
    [[2.0, 2.0], [2.0, 2.0]]
    """
    down, across = sizes(size, "size")
    if interpolation == "nearest":
        n, height, width, channels = gradient.shape
        cells = (n, height // down, down, width // across, across, channels)
        result: Array = gradient.reshape(cells).sum(axis=(2, 4))
        return result
    return _gathered(_gathered(gradient, 1, down), 2, across)


def _gathered(gradient: Array, axis: int, size: int) -> Array:
    """Return the adjoint of `_between`: every cell's shares in what lies around it, added up."""
    if size == 1:
        return gradient
    lines = np.moveaxis(gradient, axis, 0)
    out = np.zeros((len(lines) // size, *lines.shape[1:]), gradient.dtype)
    for phase in range(size):
        low, share = divmod((phase + 0.5) / size - 0.5, 1)
        for move, weight in ((int(low), 1 - share), (int(low) + 1, share)):
            part = lines[phase::size] * gradient.dtype.type(weight)
            _add_moved(out, part, move)
    return np.moveaxis(out, 0, axis)


def _add_moved(out: Array, part: Array, move: int) -> None:
    """Add `part` to the cells `move` further, at most one; beyond the rim to the outermost."""
    if move > 0:
        out[1:] += part[:-1]
        out[-1] += part[-1]
    elif move < 0:
        out[:-1] += part[1:]
        out[0] += part[0]
    else:
        out += part
