"""Compass masks: one mask turned to eight directions; the strongest answer tells the direction."""

from __future__ import annotations

from collections.abc import Sequence

from cnnviz.kernels._entry import Array, Choice, Entry
from cnnviz.kernels._stencil import DIRECTIONS, array, facing

NORTH = {
    "compass": ((1, 2, 1), (0, 0, 0), (-1, -2, -1)),
    "compass-3": ((1, 1, 1), (0, 0, 0), (-1, -1, -1)),
    "compass-prewitt": ((1, 1, 1), (1, -2, 1), (-1, -1, -1)),
}
ROBINSON = "Robinson 1977, Edge Detection by Compass Gradient Masks"


def _entry(name: str, summary: str, source: str) -> Entry:
    north: Sequence[Sequence[float]] = NORTH[name]

    def build(direction: str) -> Array:
        """Return the mask that answers where it is brighter towards `direction`."""
        return facing(array(north), direction)

    return Entry(name, build, summary, source, (Choice("direction", "n", DIRECTIONS),))


KERNELS = (
    _entry(
        "compass",
        "Robinson compass, edges; positive where it is brighter towards DIRECTION, n is up",
        f"{ROBINSON}: five levels, Sobel's mask turned",
    ),
    _entry(
        "compass-3",
        "Robinson compass of three levels; positive where it is brighter towards DIRECTION",
        f"{ROBINSON}: three levels, Prewitt's mask turned",
    ),
    _entry(
        "compass-prewitt",
        "Prewitt compass; positive where it is brighter towards DIRECTION, n is up",
        "Prewitt 1970, Object Enhancement and Extraction: the eight compass gradients",
    ),
)
BANKS = {
    name: {f"{name}-{towards}": f"{name}:{towards}" for towards in DIRECTIONS} for name in NORTH
}
