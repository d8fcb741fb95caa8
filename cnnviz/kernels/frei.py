"""Frei and Chen's nine masks: an orthonormal basis of all 3x3 patches.

Four span the edges, four the lines, one the average, so that the squared answers say how much of a
patch is edge and how much is line.
"""

from __future__ import annotations

from math import sqrt

from cnnviz.kernels._entry import Array, Choice, Entry
from cnnviz.kernels._stencil import array

ROOT = sqrt(2)
MASKS = {
    "1": ((1, ROOT, 1), (0, 0, 0), (-1, -ROOT, -1)),
    "2": ((1, 0, -1), (ROOT, 0, -ROOT), (1, 0, -1)),
    "3": ((0, -1, ROOT), (1, 0, -1), (-ROOT, 1, 0)),
    "4": ((ROOT, -1, 0), (-1, 0, 1), (0, 1, -ROOT)),
    "5": ((0, 1, 0), (-1, 0, -1), (0, 1, 0)),
    "6": ((-1, 0, 1), (0, 0, 0), (1, 0, -1)),
    "7": ((1, -2, 1), (-2, 4, -2), (1, -2, 1)),
    "8": ((-2, 1, -2), (1, 4, 1), (-2, 1, -2)),
    "9": ((1, 1, 1), (1, 1, 1), (1, 1, 1)),
}


def frei_chen(mask: str) -> Array:
    """Return a mask scaled to unit length."""
    kernel = array(MASKS[mask])
    unit: Array = kernel / sqrt((kernel**2).sum())
    return unit


KERNELS = (
    Entry(
        "frei-chen",
        frei_chen,
        "basis of all patches: masks 1 to 4 answer edges, 5 to 8 lines, 9 the average",
        "Frei and Chen 1977, Fast Boundary Detection: A Generalization and a New Algorithm",
        (Choice("mask", "1", tuple(MASKS)),),
    ),
)
BANKS = {"frei-chen": {f"frei-chen-{mask}": f"frei-chen:{mask}" for mask in MASKS}}
