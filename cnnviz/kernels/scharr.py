"""Scharr's first derivatives, whose strength depends least on the edge's direction."""

from __future__ import annotations

from cnnviz.kernels._entry import Array, Entry
from cnnviz.kernels._stencil import product

SMOOTH = (3, 10, 3)
DIFFERENCE = (-1, 0, 1)
SOURCE = "Scharr 2000, Optimale Operatoren in der Digitalen Bildverarbeitung; 3 10 3 times -1 0 1"


def x() -> Array:
    """Return the derivative to the right."""
    return product(SMOOTH, DIFFERENCE)


KERNELS = (
    Entry(
        "scharr-x",
        x,
        "vertical edges, truer in angle than Sobel; positive where it is brighter to the right",
        SOURCE,
    ),
    Entry(
        "scharr-y",
        lambda: x().T.copy(),
        "horizontal edges, truer in angle than Sobel; positive where it is brighter below",
        SOURCE,
    ),
)
BANKS = {"scharr": {"scharr-x": "scharr-x", "scharr-y": "scharr-y"}}
