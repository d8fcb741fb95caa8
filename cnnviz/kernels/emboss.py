"""The image as a relief."""

from __future__ import annotations

from cnnviz.kernels._entry import Array, Choice, Entry
from cnnviz.kernels._stencil import DIRECTIONS, array, facing

SOUTH_EAST = ((-2, -1, 0), (-1, 1, 1), (0, 1, 2))


def emboss(direction: str) -> Array:
    """Return the image plus its slope towards `direction`."""
    return facing(array(SOUTH_EAST), direction, was="se")


KERNELS = (
    Entry(
        "emboss",
        emboss,
        "relief; lifts what is brighter towards DIRECTION, se is to the lower right",
        "the image plus its slope to the lower right; as on setosa.io, Image Kernels",
        (Choice("direction", "se", DIRECTIONS),),
    ),
)
BANKS = {"emboss": {f"emboss-{towards}": f"emboss:{towards}" for towards in DIRECTIONS}}
