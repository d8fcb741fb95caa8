"""What is measured of each map of a layer: range, mean, zeros, saturation."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from cnnviz.contract import Layer

STRONGEST = 5  # maps that are named
NEAR = 0.01  # of the ceiling: values so close to it count as saturated
# The least and the largest value that an activation approaches; None where it has no such limit.
_LIMITS: dict[str, tuple[float | None, float | None]] = {
    "relu6": (None, 6.0),
    "sigmoid": (0.0, 1.0),
    "hard_sigmoid": (0.0, 1.0),
    "sparse_sigmoid": (0.0, 1.0),
    "tanh": (-1.0, 1.0),
    "hard_tanh": (-1.0, 1.0),
    "softsign": (-1.0, 1.0),
}
Limits = tuple[float | None, float | None]


@dataclass(eq=False, repr=False)
class MapStats:
    """Measures of the K maps of a layer, arrays `(K,)`.

    Attributes
    ----------
    low, high, mean : ndarray
        Smallest and largest value and mean of each map; the mean is summed in float64.
    zeros : ndarray of int
        Values that are exactly 0.
    saturated : ndarray of int or None
        Values within 1% of a limit of the activation, None where it has none.
    size : int
        Values of one map.
    """

    low: np.ndarray
    high: np.ndarray
    mean: np.ndarray
    zeros: np.ndarray
    saturated: np.ndarray | None
    size: int

    @classmethod
    def of(cls, values: np.ndarray, limits: Limits = (None, None)) -> MapStats:
        """Measure an output `(H, W, K)`, `(L, K)` or `(K,)`, whose maps are along the last axis."""
        flat = values.reshape(-1, values.shape[-1])
        return cls(
            flat.min(axis=0),
            flat.max(axis=0),
            flat.mean(axis=0, dtype=np.float64),
            len(flat) - np.count_nonzero(flat, axis=0),
            _saturated(flat, limits),
            len(flat),
        )

    @property
    def count(self) -> int:
        """How many maps there are."""
        return len(self.low)

    @cached_property
    def dead(self) -> np.ndarray:
        """Which maps are 0 everywhere, bool; none where a map is a single value."""
        dead: np.ndarray = (self.zeros == self.size) & (self.size > 1)
        return dead

    @cached_property
    def constant(self) -> np.ndarray:
        """Which maps have another value that is the same everywhere, bool."""
        same: np.ndarray = (self.low == self.high) & ~self.dead & (self.size > 1)
        return same

    @property
    def sparsity(self) -> float:
        """Share of the values that are 0."""
        return float(self.zeros.sum() / (self.count * self.size))

    @property
    def saturation(self) -> float | None:
        """Share of the values at a limit of the activation."""
        if self.saturated is None:
            return None
        return float(self.saturated.sum() / (self.count * self.size))

    def order(self, by: str) -> np.ndarray:
        """Return the numbers of the maps by `"index"`, or by `"mean"` or `"max"`, largest first."""
        if by == "index":
            return np.arange(self.count)
        return np.argsort(-(self.mean if by == "mean" else self.high), kind="stable")

    def strongest(self, by: str) -> list[int]:
        """Return the numbers of the first maps in that order, without those that are all 0."""
        return [i for i in self.order(by).tolist() if self.zeros[i] < self.size][:STRONGEST]


def limits_of(layer: Layer) -> Limits:
    """Return the values that a layer's activation cannot pass, None on a side that has no limit.

    >>> from cnnviz.layers.conv2d import Conv2D
    >>> limits_of(Conv2D(8, 3, activation="tanh"))
    (-1.0, 1.0)
    """
    most = getattr(layer, "max_value", None)
    if most:
        return None, float(most)
    name = getattr(layer, "activation", None) or type(layer).__name__.lower()
    return _LIMITS.get(str(name), (None, None))


def _saturated(flat: np.ndarray, limits: Limits) -> np.ndarray | None:
    low, high = limits
    if high is None:
        return None
    margin = NEAR * high
    with np.errstate(over="ignore"):  # of a limit that no float32 reaches
        top, bottom = np.float32(high - margin), np.float32((low or 0.0) + margin)
    counts: np.ndarray = np.count_nonzero(flat >= top, axis=0)
    if low is not None:
        counts += np.count_nonzero(flat <= bottom, axis=0)
    return counts
