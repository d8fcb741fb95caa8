"""Convolution by Winograd's tiles with images innermost, and its gradients as its adjoint.

See `conv.winograd` for the formula, `y = Aᵀ [(G g Gᵀ) ⊙ (Bᵀ d B)] A` for each tile `d` of the
input. All of it is linear, so the gradients are the same three steps the other way: from that of
`y` to that of the products, of which those of the kernels and of the tiles are products again. Both
transforms of a tile, of its rows and of its columns, are one matrix of 36 lines.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from cnnviz.geometry import Axis, Shape
from cnnviz.ops.checks import Array
from cnnviz.ops.conv.winograd import transforms
from cnnviz.ops.threads import share

Axes = tuple[Axis, Axis]
Gradients = tuple[tuple[Array, ...], Array]

# Cells of a tile's output a side, of its input, and of all of its input.
STEP, SIDE, CELLS = 4, 6, 36
# Channels, filters and columns of a product from which a quarter of the products pays.
CHANNELS, COLUMNS = 24, 64
# Parts of each step of the work.
PARTS = 4


def fits(x: Array, kernel: Shape, axes: Axes) -> bool:
    """Tell whether this pays for a convolution of `(C, H, W, N)` that `convolution` fits."""
    if kernel[:2] != (3, 3) or min(kernel[2:]) < CHANNELS or x.dtype != np.float32:
        return False
    rows, columns = axes
    tiles = rows.output * columns.output // STEP**2
    whole = all(axis.output % STEP == 0 for axis in axes)
    return whole and tiles * x.shape[3] >= COLUMNS


class Convolution:
    """A convolution and its way back; see `convolution.Convolution`."""

    def __init__(self, x: Array, kernels: Array, axes: Axes, bias: Array | None) -> None:
        self._axes, self._shape = axes, x.shape
        channels, filters = kernels.shape[2:]
        self._tiles = tuple(axis.output // STEP for axis in axes)
        self._columns = self._tiles[0] * self._tiles[1] * x.shape[3]
        self._kernels = np.empty((CELLS, channels, filters), x.dtype)
        self._inputs = np.empty((CELLS, channels, self._columns), x.dtype)
        products = np.empty((CELLS, filters, self._columns), x.dtype)
        self.y = np.empty((filters, axes[0].output, axes[1].output, x.shape[3]), x.dtype)
        over, into, back = _matrices()
        taps = kernels.reshape(9, channels, filters)

        def transform(part: slice) -> None:
            own = taps[:, part]
            np.matmul(over, own.swapaxes(0, 1), out=self._kernels[:, part].swapaxes(0, 1))
            np.matmul(into, self._cut(x[part]), out=self._inputs[:, part].swapaxes(0, 1))

        def multiply(part: slice) -> None:
            np.matmul(self._kernels[part].swapaxes(1, 2), self._inputs[part], out=products[part])

        def finish(part: slice) -> None:
            own = _blocks(self.y[part])
            own[...] = (back @ products[:, part].swapaxes(0, 1)).reshape(own.shape)
            if bias is not None:
                self.y[part] += bias[part, np.newaxis, np.newaxis, np.newaxis]

        share(transform, _parts(channels))
        share(multiply, _parts(CELLS))
        share(finish, _parts(filters))

    def gradients(self, gradient: Array, *, of_inputs: bool = True) -> Gradients:
        """Return the gradients of the input, `()` without `of_inputs`, and of the kernels."""
        (_, channels, filters), columns = self._kernels.shape, self._columns
        upstream = np.empty((CELLS, filters, columns), gradient.dtype)
        of_kernels, made = np.empty_like(self._kernels), np.empty((9, channels, filters), "f4")
        of_tiles, out = np.empty_like(self._inputs), np.empty(self._shape, gradient.dtype)
        over, into, back = (matrix.T for matrix in _matrices())

        def transform(part: slice) -> None:
            own = np.ascontiguousarray(_blocks(gradient[part])).reshape(-1, STEP**2, columns)
            np.matmul(back, own, out=upstream[:, part].swapaxes(0, 1))

        def multiply(part: slice) -> None:
            own = upstream[part]
            np.matmul(self._inputs[part], own.swapaxes(1, 2), out=of_kernels[part])
            if of_inputs:
                np.matmul(self._kernels[part], own, out=of_tiles[part])

        def finish(part: slice) -> None:
            np.matmul(over, of_kernels[:, part].swapaxes(0, 1), out=made[:, part].swapaxes(0, 1))
            if of_inputs:
                self._join(into @ of_tiles[:, part].swapaxes(0, 1), out[part])

        share(transform, _parts(filters))
        share(multiply, _parts(CELLS))
        share(finish, _parts(channels))
        return (out,) if of_inputs else (), made.reshape(3, 3, channels, filters)

    def _padded(self, channels: int) -> Array:
        """Return zeros for some channels of all tiles, and as much again as they overlap."""
        rows, columns = self._tiles
        shape = channels, (rows + 1) * STEP, (columns + 1) * STEP, self._shape[3]
        return np.zeros(shape, np.float32)

    def _inside(self, padded: Array) -> Array:
        """Return the cells of the image."""
        rows, columns = self._axes
        return padded[
            :, rows.before : rows.before + rows.size, columns.before : columns.before + columns.size
        ]

    def _cut(self, x: Array) -> Array:
        """Return the tiles of some channels, `(channels, 36, columns)`."""
        padded = self._padded(len(x))
        self._inside(padded)[...] = x
        (channel, row, cell, image), (rows, columns) = padded.strides, self._tiles
        shape = len(x), SIDE, SIDE, rows, columns, x.shape[3]
        strides = channel, row, cell, STEP * row, STEP * cell, image
        tiles = np.ndarray(shape, x.dtype, padded, 0, strides)
        return tiles.reshape(len(x), CELLS, self._columns)

    def _join(self, tiles: Array, out: Array) -> None:
        """Write to `out` what tiles `(channels, 36, columns)` add up to."""
        (rows, columns), n = self._tiles, self._shape[3]
        tiles = tiles.reshape(len(tiles), SIDE, SIDE, rows, columns, n)
        padded = self._padded(len(tiles))
        cells = _blocks(padded)
        for i, down in ((0, slice(0, STEP)), (1, slice(STEP, SIDE))):
            for j, across in ((0, slice(0, STEP)), (1, slice(STEP, SIDE))):
                own = tiles[:, down, across]
                met = cells[:, : own.shape[1], : own.shape[2], i : i + rows, j : j + columns]
                met += own
        out[...] = self._inside(padded)


def _blocks(y: Array) -> Array:
    """Return a view of outputs by the cell of their tile, `(filters, 4, 4, rows, columns, N)`."""
    filters, height, width, n = y.shape
    shape = filters, height // STEP, STEP, width // STEP, STEP, n
    return y.reshape(shape).transpose(0, 2, 4, 1, 3, 5)


def _parts(count: int) -> list[slice]:
    step = -(-count // PARTS)
    return [slice(at, min(at + step, count)) for at in range(0, count, step)]


@cache
def _matrices() -> tuple[Array, Array, Array]:
    """Return the transforms of kernels, of tiles and back, `(36, 9)`, `(36, 36)` and `(16, 36)`."""
    back, into, over = transforms(3, SIDE)
    over, into, back = (np.kron(matrix, matrix).astype(np.float32) for matrix in (over, into, back))
    return over, into, back
