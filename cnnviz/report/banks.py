"""What makes maps, some rows at a time: kernels of one size that slide over an image together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Protocol

import numpy as np

from cnnviz import ops
from cnnviz.geometry import Axis
from cnnviz.ops.checks import result_type
from cnnviz.ops.padding import Border, Padded

Act = Callable[[np.ndarray], np.ndarray]


class Bank(Protocol):
    """What makes some maps of one shape, rows at a time."""

    @property
    def source(self) -> np.ndarray:
        """The image."""

    @property
    def shape(self) -> tuple[int, int, int]:
        """Rows, columns and number of its maps."""

    @property
    def macs(self) -> int:
        """Multiply-adds of a value."""

    def room(self, rows: int) -> int:
        """Return the bytes that so many rows of its maps take while they are made."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the values."""

    def rows(self, first: int, stop: int) -> np.ndarray:
        """Return some rows of its maps, `(rows, columns, maps)`."""

    def one(self, place: int) -> tuple[Bank, int]:
        """Return the smallest bank that makes one of its maps, and which of that bank's it is."""


@dataclass(eq=False, repr=False)
class Filters:
    """A bank of kernels of one size that slide over one image.

    `weights` are `(kh, kw, C/groups, filters)`; with one channel and one group they slide over the
    sum of the channels. `added` is a number a filter. `act` may look at a whole line of values, or
    at all filters of several groups; there is one filter a group then.
    """

    source: np.ndarray
    weights: np.ndarray
    axes: tuple[Axis, Axis]
    border: Border
    groups: int
    flip: bool
    added: np.ndarray
    act: Act | None

    @property
    def shape(self) -> tuple[int, int, int]:
        """See `Bank`."""
        return self.axes[0].output, self.axes[1].output, self.weights.shape[3]

    @property
    def macs(self) -> int:
        """See `Bank`."""
        return self.weights[..., 0].size

    def room(self, rows: int) -> int:
        """See `Bank`."""
        _, width, filters = self.shape
        # The result twice and what an activation works in; the band, and as it is laid out.
        made = rows * width * filters * (6 if self.act else 2)
        planes = self._channels + (2 if self._is_summed else self._channels)
        read = self._height(rows) * len(self._padded.columns) * planes
        return (made + read) * self.dtype.itemsize

    @property
    def dtype(self) -> np.dtype[Any]:
        """See `Bank`."""
        return np.dtype(result_type(self.source))

    def rows(self, first: int, stop: int) -> np.ndarray:
        """See `Bank`."""
        rows, columns = self.axes
        with np.errstate(over="ignore", invalid="ignore"):  # reported by name
            values = ops.conv2d(
                self._band(first, stop),
                self.weights,
                strides=(rows.stride, columns.stride),
                dilation_rate=(rows.dilation, columns.dilation),
                groups=self.groups,
                flip=self.flip,
            )
            if self.added.any():
                values += self.added.astype(values.dtype)
            if self.act is not None:
                plane = self.source.ndim == 2 and values.shape[2] == 1
                values = self.act(values[..., 0] if plane else values).reshape(values.shape)
        return values

    def one(self, place: int) -> tuple[Bank, int]:
        """See `Bank`."""
        if self.groups > 1 or self.weights.shape[3] == 1:
            return self, place
        mine = slice(place, place + 1)
        return replace(self, weights=self.weights[..., mine], added=self.added[mine]), 0

    def _band(self, first: int, stop: int) -> np.ndarray:
        """Return the padded rows that outputs read, `(rows, columns, channels)`."""
        channels, columns = self._channels, len(self._padded.columns)
        band = np.empty((self._height(stop - first), columns, channels), self.dtype)
        source = self.source if self.source.ndim == 3 else self.source[..., np.newaxis]
        self._padded.fill(band, source, first * self.axes[0].stride)
        if self._is_summed:
            # A product adds short lines much faster than a sum.
            return (band @ np.ones(channels, self.dtype))[..., np.newaxis]
        return band

    def _height(self, rows: int) -> int:
        """Return how many padded rows so many rows of the maps read."""
        return (rows - 1) * self.axes[0].stride + self.axes[0].extent

    @property
    def _is_summed(self) -> bool:
        return self._channels > 1 and self.groups == 1 and self.weights.shape[2] == 1

    @property
    def _channels(self) -> int:
        return self.source.shape[2] if self.source.ndim == 3 else 1

    @cached_property
    def _padded(self) -> Padded:
        return Padded.of(self.axes, self.border)


@dataclass(eq=False, repr=False)
class Magnitude:
    """The bank of one map: the length of the vector of the maps of two banks."""

    x: Bank
    y: Bank
    act: Act | None

    @property
    def source(self) -> np.ndarray:
        """See `Bank`."""
        return self.x.source

    @property
    def shape(self) -> tuple[int, int, int]:
        """See `Bank`."""
        return self.x.shape

    @property
    def macs(self) -> int:
        """See `Bank`."""
        return self.x.macs + self.y.macs

    def room(self, rows: int) -> int:
        """See `Bank`."""
        made = rows * self.shape[1] * self.dtype.itemsize * (7 if self.act else 3)
        return self.x.room(rows) + self.y.room(rows) + made

    @property
    def dtype(self) -> np.dtype[Any]:
        """See `Bank`."""
        return self.x.dtype

    def rows(self, first: int, stop: int) -> np.ndarray:
        """See `Bank`."""
        with np.errstate(over="ignore", invalid="ignore"):  # reported by name
            values: np.ndarray = np.hypot(self.x.rows(first, stop), self.y.rows(first, stop))
            return values if self.act is None else self.act(values)

    def one(self, place: int) -> tuple[Bank, int]:
        """See `Bank`."""
        return self, place
