"""Lengths in the picture of a network: of sides, channels and units, each on a scale of its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import log2, sqrt
from typing import Any

from cnnviz.geometry import Shape

# How many times the smallest a number may be before the scale bends.
LINEAR, ROOT = 24, 10_000
STEPS = {"linear": "to scale", "root": "by square root", "log": "by logarithm"}


@dataclass(frozen=True, eq=False, repr=False)
class Scale:
    """From a number to a length, as a part of the longest.

    Attributes
    ----------
    largest : int
    how : {"linear", "root", "log"}

    >>> [Scale(100, how).part(25) for how in ("linear", "root")]
    [0.25, 0.5]
    """

    largest: int
    how: str

    def part(self, number: int) -> float:
        """Return the length of a number."""
        if self.how == "log":
            return log2(1 + number) / log2(1 + self.largest)
        share = number / self.largest
        return sqrt(share) if self.how == "root" else share

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {"largest": self.largest, "how": self.how}


def scales_of(shapes: Sequence[Shape]) -> dict[str, Scale]:
    """Return the scales of a picture of these shapes: of `sides`, `channels` and `units`.

    Linear where the smallest can still be seen beside the largest, then by square root, which keeps
    a half a half of the area, then by logarithm. A side of 1 is seen as such on any scale.

    >>> shapes = [(224, 224, 3), (112, 112, 64), (7, 7, 512), (25088,), (4096,)]
    >>> {name: scale.how for name, scale in scales_of(shapes).items()}
    {'sides': 'root', 'channels': 'root', 'units': 'linear'}
    """
    maps = [shape for shape in shapes if len(shape) > 1]
    numbers = {
        "sides": [side for shape in maps for side in shape[:-1] if side > 1],
        "channels": [shape[-1] for shape in maps],
        "units": [shape[0] for shape in shapes if len(shape) == 1],
    }
    return {name: _scale(values) for name, values in numbers.items()}


def _scale(numbers: Iterable[int]) -> Scale:
    values = sorted(numbers) or [1]
    ratio = values[-1] / values[0]
    how = "linear" if ratio <= LINEAR else "root" if ratio <= ROOT else "log"
    return Scale(values[-1], how)
