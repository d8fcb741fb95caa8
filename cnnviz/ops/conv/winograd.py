"""Winograd convolution: tiles of the output by a quarter of the products, at stride 1.

A tile of 6 × 6 inputs `d` gives the 4 × 4 outputs of a kernel `g` of 3 × 3 as `Aᵀ [(G g Gᵀ) ⊙ (Bᵀ d
B)] A`: 36 products for 144. Summed over channels, each of the 36 is a matrix product of tiles and
filters. After Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks" (2016). Small
images have tiles of 4 × 4, with 2 × 2 outputs; a kernel of 5 × 5 makes 2 × 2 of 6 × 6, by 36
products for 100.

The matrices evaluate polynomials at 0, ±3/4, ±3/2 and infinity (Toom and Cook). With the usual 0,
±1, ±2 transforms are sums and shifts, but here they are matrix products, and those points round a
fifth as much: measured over networks' shapes, no output is off by more than 5e-5 of the output's
standard deviation, where adding up all products is off by 3e-6. 3e-4 is what the tests allow.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import as_strided

from cnnviz.calls import Do, now
from cnnviz.geometry import Shape
from cnnviz.ops.checks import Array
from cnnviz.ops.conv import im2col
from cnnviz.ops.conv.job import Job
from cnnviz.ops.conv.parts import cut
from cnnviz.ops.conv.products import DIRECT, pieces
from cnnviz.ops.scratch import scratch
from cnnviz.ops.threads import WORK

WRITTEN = True
POINTS = {6: (0.0, 0.75, -0.75, 1.5, -1.5), 4: (0.0, 1.0, -1.0)}
# Outputs of an image up to which tiles are 4 × 4, with 2 × 2 outputs: 16 products for 36, but of
# few outputs the time goes into reading the kernels, which are 16/36 of the size.
SMALL = 2**8
# Tiles of a part times channels and filters: what it works in is 7 MB, which is not all of it in
# the cache, but fewer tiles are too few for each of the kernels, which have to be read too. Each
# step overwrites what the step before it read: with four arrays for two it took a seventh longer.
TILES = 2**16
# Tiles up to which filters are divided, rather than rows of tiles.
FEW = 2**7
# Filters of a product.
PANEL = 64

Part = tuple[slice, tuple[slice, slice]]  # images, rows of tiles, panels of filters


@dataclass(eq=False, repr=False)
class Kernels:
    """Transformed kernels, `(36, panels, C, filters of a panel)`, and the matrix of them as given.

    A tile has `outputs` cells a side; `back` and `into` are Aᵀ and Bᵀ. For 36 read 16 where tiles
    are 4 × 4, here and below.
    """

    panels: Array
    plain: tuple[Array, Shape]
    outputs: int
    back: Array
    into: Array


def prepare(kernels: Array, job: Job) -> Kernels:
    """Return kernels `(k, k, C, filters)`, transformed."""
    size, _, channels, filters = kernels.shape
    side = 4 if size == 3 and job.rows.output * job.columns.output <= SMALL else 6
    back, into, over = (matrix.astype(kernels.dtype) for matrix in transforms(size, side))
    outputs = side + 1 - size
    tiles = -(-job.rows.output // outputs) * -(-job.columns.output // outputs)
    most = min(PANEL, DIRECT // (channels * min(tiles, PANEL)))
    own = filters // job.groups
    # An even number of panels, so that two threads have as much to do.
    each = next((n for n in range(most, 23, -1) if own % (2 * n) == 0), own)
    panels = np.empty((side**2, filters // each, channels, each), kernels.dtype)
    taps = kernels.reshape(size**2, channels, -1, each)
    both = np.kron(over, over)
    for panel in range(panels.shape[1]):
        products = both @ taps[:, :, panel].reshape(size**2, -1)
        panels[:, panel] = products.reshape(-1, channels, each)
    plain = im2col.prepare(kernels, job)
    return Kernels(panels, plain, outputs, back, into)


def parts(shape: Shape, kernels: Kernels, job: Job) -> list[Part]:
    """Return the parts of an output `(N, H', W', filters)`: so many tiles that it pays.

    Of few tiles, and many kernels then, each takes some filters; of groups each takes those of one.
    """
    count, height, width, filters = shape
    panels, channels = kernels.panels.shape[1:3]
    rows, across = (-(-n // kernels.outputs) for n in (height, width))
    own = panels // job.groups
    every = [slice(at, at + own) for at in range(0, panels, own)]
    most = max(1, TILES // (channels + filters // job.groups) // across)  # rows of tiles
    bands = cut(rows, _even(-(-rows // most)))
    if count * rows * across <= FEW and not job.finish.whole:
        work = count * rows * across * len(kernels.panels) * channels * filters
        several = cut(panels, 1 if work < WORK else 2) if job.groups == 1 else every
        return [(slice(0, count), (slice(0, rows), piece)) for piece in several]
    if count > 1 and rows <= most:
        groups = cut(count, _even(-(-count // (most // rows))))
        return [(images, (slice(0, rows), piece)) for piece in every for images in groups]
    return [
        (slice(n, n + 1), (band, piece)) for n in range(count) for piece in every for band in bands
    ]


def run(
    batch: Array,
    kernels: Kernels,
    job: Job,
    out: Array,
    part: tuple[slice, slice],
    do: Do = now,
) -> None:
    """Convolve rows of tiles of `(N, H, W, C)` with some panels, into `(N, H', W', filters)`."""
    tiles, panels = part
    side = kernels.outputs
    each = kernels.panels.shape[3]
    rows = slice(tiles.start * side, min(tiles.stop * side, out.shape[1]))
    filters = slice(panels.start * each, panels.stop * each)
    columns = -(-out.shape[2] // side)
    channels = kernels.panels.shape[2]
    group = panels.start * job.groups // kernels.panels.shape[1]
    read = batch[..., group * channels : (group + 1) * channels]
    band = _band(read, job, rows.start, (tiles.stop - tiles.start) * side, columns * side, do)
    if do is now and not np.isfinite(np.vdot(band, band)):
        im2col.run(batch, kernels.plain, job, out, (rows, filters))  # a tile would spread it
        return
    inputs = _inputs(band, kernels, (len(batch), tiles.stop - tiles.start, columns), do)
    products = _products(inputs, kernels.panels[:, panels], do)
    made = out[:, rows, :, filters]
    whole = _outputs(products, kernels, made, do)
    job.finish(whole, filters, do)
    if whole is not made:
        do(np.copyto, made, whole[:, : made.shape[1], : made.shape[2]])


def transforms(size: int, side: int) -> tuple[Array, Array, Array]:
    """Return Aᵀ, Bᵀ and G for kernels of `size` and tiles of `side`.

    >>> back, into, over = transforms(3, 6)
    >>> (back @ ((over @ [1, 2, 3]) * (into @ [1, 0, 0, 2, 1, 0]))).round(12).tolist()
    [1.0, 6.0, 7.0, 4.0]
    """
    points = np.array(POINTS[side])
    outputs = side + 1 - size
    back, into, over = (np.zeros(shape) for shape in ((outputs, side), (side, side), (side, size)))
    back[-1, -1] = over[-1, -1] = 1  # at infinity
    into[-1] = np.poly(points)[::-1]
    for n, point in enumerate(points):
        others = np.delete(points, n)
        back[:, n] = point ** np.arange(outputs)
        over[n] = point ** np.arange(size) / np.prod(point - others)
        into[n, :-1] = np.poly(others)[::-1]
    return back, into, over


def _band(batch: Array, job: Job, first: int, height: int, width: int, do: Do) -> Array:
    """Return the padded rows that `height × width` outputs read, zeros beyond the padded image."""
    count, channels = len(batch), batch.shape[3]
    extra = job.rows.kernel_size - 1
    band = scratch("first", (count, height + extra, width + extra, channels), batch.dtype)
    lines = min(height + extra, len(job.padded.rows) - first)
    cells = len(job.padded.columns)
    for beyond in (band[:, lines:], band[:, :lines, cells:]):
        if beyond.size:
            do(beyond.fill, 0)
    inside = band[:, :lines, :cells]
    job.padded.fill(inside.transpose(1, 2, 0, 3), batch.transpose(1, 2, 0, 3), first, do)
    return band


def _inputs(band: Array, kernels: Kernels, tiles: Shape, do: Do) -> Array:
    """Return `Bᵀ d B` of all tiles, `(36, tiles, C)`; `tiles` are images, rows and columns."""
    side = len(kernels.into)
    count, rows, columns = tiles
    width, channels = band.shape[2:]
    line, cell = band.strides[1:3]
    step = kernels.outputs

    halves = scratch("second", (side, count, rows, width * channels), band.dtype)
    lines = as_strided(
        band,
        (count, rows, side, width * channels),
        (band.strides[0], step * line, line, band.itemsize),
    )
    do(np.matmul, kernels.into, lines, out=halves.transpose(1, 2, 0, 3))

    inputs = scratch("first", (side, side, count * rows, columns, channels), band.dtype)
    cells = as_strided(
        halves,
        (side, count * rows, columns, side, channels),
        (count * rows * line, line, step * cell, cell, band.itemsize),
    )
    do(np.matmul, kernels.into, cells, out=inputs.transpose(0, 2, 3, 1, 4))
    return inputs.reshape(side**2, -1, channels)


def _products(inputs: Array, panels: Array, do: Do) -> Array:
    """Return the products `(36, panels, tiles, filters)`."""
    (each, tiles, channels), (_, count, _, filters) = inputs.shape, panels.shape
    products = scratch("second", (each, count, tiles, filters), inputs.dtype)
    chunks = pieces(tiles, tiles * channels * filters / DIRECT, 8)
    do(
        np.matmul,
        inputs.reshape(each, 1, chunks, -1, channels),
        panels[:, :, np.newaxis],
        out=products.reshape(each, count, chunks, -1, filters),
    )
    return products


def _outputs(products: Array, kernels: Kernels, out: Array, do: Do) -> Array:
    """Return `Aᵀ m A` of all tiles' products `m`, for `out`, `(N, rows, columns, filters)`.

    There, or elsewhere if tiles go beyond it or it has gaps.
    """
    count, _, width, _ = out.shape
    (_, panels, tiles, each), (side, taken) = products.shape, kernels.back.shape
    columns = -(-width // side)
    rows = tiles // columns // count

    size = panels * tiles * each
    chunks = pieces(size, size * side * taken / DIRECT, 8)
    halves = scratch("first", (side, taken, chunks, size // chunks), products.dtype)
    lines = products.reshape(taken, taken, chunks, -1).transpose(1, 2, 0, 3)
    do(np.matmul, kernels.back, lines, out=halves.transpose(1, 2, 0, 3))

    whole = (count, rows * side, columns * side, panels * each)
    inside = whole == out.shape and out.flags.c_contiguous
    room = out if inside else scratch("second", whole, out.dtype)
    image, line, cell, value = room.strides
    shape = (side, panels, count, rows, columns, side, each)
    strides = (line, each * value, image, side * line, side * cell, cell, value)
    cells = halves.reshape(side, taken, *shape[1:5], each).transpose(0, 2, 3, 4, 5, 1, 6)
    do(np.matmul, kernels.back, cells, out=as_strided(room, shape, strides))
    return room


def _even(count: int) -> int:
    return count + count % 2
