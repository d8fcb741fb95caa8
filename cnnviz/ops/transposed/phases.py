"""Transposed convolution as a convolution of stride 1, whose filters are the output's phases.

Output cells that lie a stride apart, a phase, read cells of the input that are neighbours, each
with every so manieth tap of the kernel. One convolution makes all phases, each as filters of its
own, which are laid into each other behind it: sub-pixel convolution (Shi et al., "Real-Time Single
Image and Video Super-Resolution Using an Efficient Sub-Pixel Convolutional Neural Network", 2016).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from math import gcd, prod

import numpy as np

from cnnviz.files import check_bytes
from cnnviz.geometry import Axis, Shape
from cnnviz.ops import bands
from cnnviz.ops.checks import Array
from cnnviz.ops.conv.engine import Prepared, check_band
from cnnviz.ops.conv.job import Finish, Job
from cnnviz.ops.conv.parts import cut
from cnnviz.ops.padding import Padded
from cnnviz.ops.scratch import scratch

# Values of the output in a part, which bound what its phases take beside it.
VALUES = 2**21
# Filters below which a run of them is copied as one element, in a third of the time.
RUN = 16
# Passes over values that laying a phase out takes as long as.
COPIES = 4


def pays(batch: Array, weights: Array, axes: tuple[Axis, Axis]) -> bool:
    """Return whether fewer values are copied, into windows, than `scatter` would add up.

    Of stride 1 it always pays, since there is one phase. Zeros fill up phases of fewer taps than
    others: they must not be multiplied by what is not finite.
    """
    rows, columns = map(Phases, axes)
    count, height, width, channels = batch.shape
    windows = (height + rows.taps - 1) * (width + columns.taps - 1) * rows.taps * columns.taps
    copied = count * windows * channels + weights.size
    if rows.count * columns.count > 1 and copied > count * height * width * weights[..., 0].size:
        return False
    return (rows.even and columns.even) or bool(np.isfinite(np.einsum("nhwc->", batch)))


def run(
    batch: Array,
    weights: Array,
    axes: tuple[Axis, Axis],
    groups: int,
    bias: Array,
    out: Array,
) -> None:
    """Fill `out`, `(N, H', W', filters)`, from `batch`, `(N, H, W, C)`, both of one type.

    `weights` are `(kh, kw, filters/groups, C)`, `bias` one of each filter; `axes` are those of the
    adjoint convolution.
    """
    along = Phases(axes[0]), Phases(axes[1])
    kernels = _by_phase(weights, along, groups)
    for images, lines in _parts(out.shape, along):
        _fill(batch[images], kernels, along, groups, bias, out[images, lines], lines)


@dataclass(frozen=True)
class Phases:
    """The phases along one axis of the output: cells that lie a stride apart.

    Phase `u` is written by the taps `u, u + step, ...`, of which each is written by the input cell
    `dilation` before that of the last. `axis` is that of the adjoint convolution.
    """

    axis: Axis

    @property
    def step(self) -> int:
        return self.axis.stride // gcd(self.axis.stride, self.axis.dilation)

    @property
    def count(self) -> int:
        """How many phases the kernel is written to."""
        return min(self.step, self.axis.kernel_size)

    @property
    def taps(self) -> int:
        """Taps of the longest phase."""
        return -(-self.axis.kernel_size // self.step)

    @property
    def even(self) -> bool:
        """Whether all phases have as many taps."""
        return self.taps * self.count == self.axis.kernel_size

    def makes(self, phase: int, lines: slice) -> range:
        """Return the cells of a phase that lie in some lines of the output, by their number."""
        start = self.axis.before - phase * self.axis.dilation
        least, most = (-(-(line + start) // self.axis.stride) for line in (lines.start, lines.stop))
        return range(least, most)

    def convolution(self, lines: slice) -> tuple[slice, range, Axis]:
        """Return which input cells are convolved for some lines, and to which cells of phases.

        And the axis of that convolution; it has no size where no cell is written to these lines.
        """
        made = range(self.makes(self.count - 1, lines).start, self.makes(0, lines).stop)
        dilation = self.axis.dilation // gcd(self.axis.stride, self.axis.dilation)
        start = made.start - (self.taps - 1) * dilation
        first, last = max(0, start), min(self.axis.output, made.stop)
        pads = first - start, made.stop - last
        size = max(0, last - first)
        axis = Axis(size, self.taps, 1, dilation, *pads, len(made), "floor")
        return slice(first, last), made, axis

    def places(self, lines: slice, made: range) -> Iterator[tuple[int, slice, slice]]:
        """Yield each phase, where its cells lie in the lines, and in what was made."""
        stride, dilation = self.axis.stride, self.axis.dilation
        for phase in range(self.count):
            cells = self.makes(phase, lines)
            if cells:
                at = cells.start * stride + phase * dilation - self.axis.before - lines.start
                own = slice(cells.start - made.start, cells.stop - made.start)
                yield phase, slice(at, None, stride), own


def _by_phase(weights: Array, phases: tuple[Phases, Phases], groups: int) -> Array:
    """Return kernels `(kh, kw, filters/groups, C)` as those of the convolution of all phases.

    `(taps down, taps across, C/groups, groups · phases · filters/groups)`.
    """
    rows, columns = phases
    kh, kw, filters, channels = weights.shape
    down, across = rows.taps * rows.count, columns.taps * columns.count
    if not (rows.even and columns.even):
        weights = np.pad(weights, ((0, down - kh), (0, across - kw), (0, 0), (0, 0)))
    shape = rows.taps, rows.count, columns.taps, columns.count, filters, groups, -1
    turned = weights.reshape(shape)[::-1, :, ::-1]  # the first tap is of the last cell
    # Runs of channels stay as they lie, as a product with the transposed matrix wants them.
    laid = np.ascontiguousarray(turned.transpose(5, 1, 3, 4, 0, 2, 6))
    return laid.reshape(-1, rows.taps, columns.taps, channels // groups).transpose(1, 2, 3, 0)


def _parts(shape: Shape, along: tuple[Phases, Phases]) -> list[tuple[slice, slice]]:
    """Return images and rows of an output that are made one after another, each on all cores."""
    count, height, *line = shape
    if all(axis.count == axis.axis.stride == 1 for axis in along):
        return [(slice(0, count), slice(0, height))]  # one phase, which is the output
    values = height * prod(line)
    together = max(1, VALUES // values)
    images = cut(count, -(-count // together))
    return list(product(images, cut(height, max(1, -(-values // VALUES)))))


def _fill(
    batch: Array,
    kernels: Array,
    along: tuple[Phases, Phases],
    groups: int,
    bias: Array,
    out: Array,
    lines: slice,
) -> None:
    """Fill some lines of the output."""
    rows, columns = along
    across = slice(0, out.shape[2])
    read, down, high = rows.convolution(lines)
    read_, wide_, wide = columns.convolution(across)
    several = rows.count * columns.count
    empty = 0 in (high.size, wide.size, high.output, wide.output)
    if empty or several < rows.axis.stride * columns.axis.stride:
        out[...] = bias  # where no tap is written
    if empty:
        return

    repeated = np.repeat(bias.reshape(groups, 1, -1), several, axis=1).ravel()
    finish = Finish(repeated if repeated.any() else None)
    job = Job(high, wide, Padded.of((high, wide)), groups, finish=finish)
    shape = len(out), high.output, wide.output, kernels.shape[3]
    check_band(high, wide, out.itemsize * batch.shape[3])
    check_bytes(out.itemsize * prod(shape), "the phases of a part of the result")
    made = out if shape == out.shape else scratch("phases", shape, out.dtype)
    Prepared.of(kernels, job, images=len(out)).run(batch[:, read, read_], made)
    if shape == out.shape:
        return

    laid = made.reshape(*shape[:3], groups, rows.count, columns.count, -1)
    into = out.reshape(*out.shape[:3], groups, -1)

    def lay(band: slice) -> None:
        some = slice(lines.start + band.start, lines.start + band.stop)
        places = product(rows.places(some, down), columns.places(across, wide_))
        for (r, y, own), (c, x, own_) in places:
            _copy(laid[:, own, own_, :, r, c], into[:, band][:, y, x])

    bands.run(lay, bands.cut(out.shape[1], out[:, 0].size, COPIES * out.size), COPIES * out.size)


def _copy(values: Array, out: Array) -> None:
    """Copy runs of filters: a short one as one element, which is four times as fast."""
    run = out.shape[-1]
    if 1 < run < RUN:
        kind = np.dtype((np.void, run * out.itemsize))
        values, out = values.view(kind), out.view(kind)
    out[...] = values
