"""What the strategies share: a checked convolution, bands of its padded input, and its end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from cnnviz.geometry import Axis
from cnnviz.ops.checks import Array
from cnnviz.ops.padding import Padded

# Values of an image below which a call for each costs more than the copy.
SMALL = 2**14


@dataclass(eq=False, repr=False)
class Finish:
    """What is done to a band of the output while it is in the cache: bias, then activation.

    `bias` is `(filters,)` in the type of the output; `activation` works in place.
    """

    bias: Array | None = None
    activation: Callable[[Array], object] | None = None
    _lines: dict[Any, Array] = field(default_factory=dict, init=False)

    def __call__(self, part: Array, filters: slice = slice(None)) -> None:
        """Finish a part of the output, `(..., filters)`, which may be of some filters only."""
        if self.bias is not None:
            if part.flags.c_contiguous and part.ndim > 2:
                # Whole rows are added much faster than a few filters at a time.
                lines = part.reshape(-1, part.shape[-2] * part.shape[-1])
                lines += self._line(self.bias[filters], filters, part.shape[-2])
            else:
                part += self.bias[filters]
        if self.activation is not None:
            self.activation(part)

    def _line(self, bias: Array, filters: slice, width: int) -> Array:
        """Return the bias of some filters, repeated along a row; it is kept for the next band."""
        key = filters.start, filters.stop, width
        if key not in self._lines:
            self._lines[key] = np.tile(bias, width)
        return self._lines[key]


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

    def planes(self, batch: Array, first: int, count: int) -> Array:
        """Return the padded rows that outputs `first … first + count - 1` read, `(C, N, rows, W)`.

        `batch` is `(N, H, W, C)`.
        """
        start, height = self._span(first, count)
        if batch.shape[3] == 1 and self._inside(start, height):
            top = start - self.rows.before
            return np.ascontiguousarray(batch[np.newaxis, :, top : top + height, :, 0])
        laid = (batch.shape[3], len(batch), height, len(self.padded.columns))
        planes = np.empty(laid, batch.dtype)
        if batch[0].size < SMALL:
            self.padded.fill(planes.transpose(2, 3, 1, 0), batch.transpose(1, 2, 0, 3), start)
        else:  # an axis fewer is copied faster
            for n, image in enumerate(batch):
                self.padded.fill(planes[:, n].transpose(1, 2, 0), image, start)
        return planes.sum(axis=0, keepdims=True) if self.summed and len(planes) > 1 else planes

    def band(self, batch: Array, first: int, count: int) -> Array:
        """Return the same rows as `planes`, `(N, rows, W, C)`; a view where nothing is padded."""
        start, height = self._span(first, count)
        if self._inside(start, height):
            top = start - self.rows.before
            return batch[:, top : top + height]
        band = np.empty((len(batch), height, len(self.padded.columns), batch.shape[3]), batch.dtype)
        self.padded.fill(band.transpose(1, 2, 0, 3), batch.transpose(1, 2, 0, 3), start)
        return band

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
