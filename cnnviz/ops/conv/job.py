"""What the strategies share: a checked convolution, and bands of its padded input."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cnnviz.geometry import Axis
from cnnviz.ops.checks import Array
from cnnviz.ops.padding import Padded


@dataclass(eq=False, repr=False)
class Job:
    """A convolution that has passed its checks.

    `summed` says that one kernel slides over every channel: the channels are added first, which
    is the same and does the work once.
    """

    rows: Axis
    columns: Axis
    padded: Padded
    groups: int
    summed: bool

    def planes(self, image: Array, first: int, count: int) -> Array:
        """Return the padded rows that outputs `first … first + count - 1` read, `(C, rows, W)`."""
        start, height = self._span(first, count)
        top = start - self.rows.before
        inside = top >= 0 and top + height <= len(image)
        if inside and image.shape[2] == 1 and len(self.padded.columns) == image.shape[1]:
            return np.ascontiguousarray(image[np.newaxis, top : top + height, :, 0])
        planes = np.empty((image.shape[2], height, len(self.padded.columns)), image.dtype)
        self.padded.fill(planes.transpose(1, 2, 0), image, start)
        return planes.sum(axis=0, keepdims=True) if self.summed and len(planes) > 1 else planes

    def band(self, image: Array, first: int, count: int) -> Array:
        """Return the same rows as `planes`, channels last."""
        start, height = self._span(first, count)
        band = np.empty((height, len(self.padded.columns), image.shape[2]), image.dtype)
        self.padded.fill(band, image, start)
        return band

    def _span(self, first: int, count: int) -> tuple[int, int]:
        return first * self.rows.stride, (count - 1) * self.rows.stride + self.rows.extent
