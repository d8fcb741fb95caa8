"""What the strategies share: a checked convolution, bands of its padded input, and its end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from cnnviz.calls import Do, now
from cnnviz.geometry import Axis
from cnnviz.ops.checks import Array
from cnnviz.ops.padding import Padded
from cnnviz.ops.scratch import scratch

# Values of an image below which a call for each costs more than the copy.
SMALL = 2**14


@dataclass(eq=False, repr=False)
class Finish:
    """What is done to a band of the output while it is in the cache: bias, then activation.

    `bias` is `(filters,)` in the type of the output; `activation` works in place, if it says
    `whole` on parts that have all filters.
    """

    bias: Array | None = None
    activation: Callable[[Array, Do], object] | None = None
    whole: bool = False
    _lines: dict[Any, Array] = field(default_factory=dict, init=False)

    def __call__(self, part: Array, filters: slice = slice(None), do: Do = now) -> None:
        """Finish a part of the output, `(..., filters)`, which may be of some filters only."""
        if self.bias is None and self.activation is None:
            return
        made = in_one_run(part)
        if made is not part:  # between two copies it takes a third of the time
            do(np.copyto, made, part)
        self._run(made, filters, do)
        if made is not part:
            do(np.copyto, part, made)

    def _run(self, part: Array, filters: slice, do: Do) -> None:
        if self.bias is not None:
            bias, lines = self.bias[filters], part
            if part.ndim > 2:  # whole rows are added twice as fast
                bias = self._line(bias, filters, part.shape[-2])
                lines = part.reshape(-1, len(bias))
            do(np.add, lines, bias, out=lines)
        if self.activation is not None:
            self.activation(part, do)

    def _line(self, bias: Array, filters: slice, width: int) -> Array:
        """Return the bias of some filters, repeated along a row; it is kept for the next band."""
        key = filters.start, filters.stop, width
        if key not in self._lines:
            self._lines[key] = np.tile(bias, width)
        return self._lines[key]


def in_one_run(part: Array) -> Array:
    """Return where to make a part of the output: itself, or memory of its shape without gaps."""
    return part if part.flags.c_contiguous else scratch("finished", part.shape, part.dtype)


@dataclass(eq=False, repr=False)
class Job:
    """A convolution that has passed its checks; it knows the size of the images, not their number.

    `summed` says that one kernel slides over every channel: the channels are added first, which
    is the same and does the work once.
    """

    rows: Axis
    columns: Axis
    padded: Padded
    groups: int = 1
    summed: bool = False
    finish: Finish = field(default_factory=Finish)

    def planes(self, batch: Array, first: int, count: int, do: Do = now) -> Array:
        """Return the padded rows that outputs `first … first + count - 1` read, `(C, N, rows, W)`.

        `batch` is `(N, H, W, C)`.
        """
        return self.lines(batch, first, count, do=do).transpose(2, 0, 1, 3)

    def lines(
        self,
        batch: Array,
        first: int,
        count: int,
        dtype: np.dtype[Any] | None = None,
        do: Do = now,
    ) -> Array:
        """Return the same rows, `(N, rows, C, W)` with each line in one piece, as `dtype`.

        A view where nothing is padded or converted, of one channel.
        """
        dtype = dtype or batch.dtype
        channels = batch.shape[3]
        if self.summed and channels > 1:
            band = self.band(batch, first, count, dtype, do)
            return (band @ np.ones(channels, dtype))[:, :, np.newaxis]
        start, height = self._span(first, count)
        if channels == 1 and self._inside(start, height):
            top = start - self.rows.before
            lines = batch[:, top : top + height].transpose(0, 1, 3, 2)
            if lines.flags.c_contiguous and lines.dtype == dtype:
                return lines
        lines = scratch("band", (len(batch), height, channels, len(self.padded.columns)), dtype)
        if batch[0].size < SMALL:
            self.padded.fill(lines.transpose(1, 3, 0, 2), batch.transpose(1, 2, 0, 3), start, do)
        else:  # an axis fewer is copied faster
            for n, image in enumerate(batch):
                self.padded.fill(lines[n].transpose(0, 2, 1), image, start, do)
        return lines

    def band(
        self,
        batch: Array,
        first: int,
        count: int,
        dtype: np.dtype[Any] | None = None,
        do: Do = now,
    ) -> Array:
        """Return the same rows, `(N, rows, W, C)`; a view where nothing is padded or converted."""
        dtype = dtype or batch.dtype
        start, height = self._span(first, count)
        if self._inside(start, height):
            top = start - self.rows.before
            return batch[:, top : top + height].astype(dtype, copy=False)
        shape = (len(batch), height, len(self.padded.columns), batch.shape[3])
        band = scratch("band", shape, dtype)
        self.padded.fill(band.transpose(1, 2, 0, 3), batch.transpose(1, 2, 0, 3), start, do)
        return band

    def by_filter(self, lines: Array, filters: int) -> Iterator[tuple[int, Array]]:
        """Yield each filter, and which of the lines, `(rows, C, W)`, it reads."""
        each = lines.shape[1] // self.groups
        for f in range(filters):
            group, place = divmod(f, filters // self.groups)
            if place == 0:
                own = lines[:, group * each : (group + 1) * each]
                own = own if self.groups == 1 else np.ascontiguousarray(own)
            yield f, own

    def cells(self, channels: int) -> int:
        """Return the values of a whole padded image of so many channels."""
        return len(self.padded.rows) * len(self.padded.columns) * channels

    def filters(self, group: int, filters: int) -> slice:
        """Return which of so many filters are of a group."""
        each = filters // self.groups
        return slice(group * each, (group + 1) * each)

    def _inside(self, start: int, height: int) -> bool:
        """Return whether padded rows from `start` on are rows of the image itself."""
        top = start - self.rows.before
        rows = top >= 0 and top + height <= self.rows.size
        return rows and len(self.padded.columns) == self.columns.size

    def _span(self, first: int, count: int) -> tuple[int, int]:
        return first * self.rows.stride, (count - 1) * self.rows.stride + self.rows.extent
