"""Kirsch's compass: one strong mask, turned to eight directions."""

from __future__ import annotations

from cnnviz.kernels._entry import Array, Choice, Entry
from cnnviz.kernels._stencil import DIRECTIONS, array, facing

NORTH = ((5, 5, 5), (-3, 0, -3), (-3, -3, -3))


def kirsch(direction: str) -> Array:
    """Return the mask that answers where it is brighter towards `direction`."""
    return facing(array(NORTH), direction)


KERNELS = (
    Entry(
        "kirsch",
        kirsch,
        "strong edges; positive where it is brighter towards DIRECTION, n is up",
        "Kirsch 1971, Computer Determination of the Constituent Structure of Biological Images",
        (Choice("direction", "n", DIRECTIONS),),
    ),
)
BANKS = {"kirsch": {f"kirsch-{towards}": f"kirsch:{towards}" for towards in DIRECTIONS}}
