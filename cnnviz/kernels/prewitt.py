"""Prewitt's first derivatives: a difference across, a plain sum along the edge."""

from __future__ import annotations

from cnnviz.kernels._entry import Array, Entry
from cnnviz.kernels._stencil import product, turned

SUM = (1, 1, 1)
DIFFERENCE = (-1, 0, 1)
SOURCE = "Prewitt 1970, Object Enhancement and Extraction; 1 1 1 times -1 0 1"


def x() -> Array:
    """Return the derivative to the right."""
    return product(SUM, DIFFERENCE)


KERNELS = (
    Entry("prewitt-x", x, "vertical edges; positive where it is brighter to the right", SOURCE),
    Entry(
        "prewitt-y",
        lambda: product(DIFFERENCE, SUM),
        "horizontal edges; positive where it is brighter below",
        SOURCE,
    ),
    Entry(
        "prewitt-ne",
        lambda: turned(x(), 1),
        "diagonal edges; positive where it is brighter to the upper right",
        f"{SOURCE}, turned by 45 degrees",
    ),
    Entry(
        "prewitt-se",
        lambda: turned(x(), -1),
        "diagonal edges; positive where it is brighter to the lower right",
        f"{SOURCE}, turned by 45 degrees",
    ),
)
BANKS = {"prewitt": {"prewitt-x": "prewitt-x", "prewitt-y": "prewitt-y"}}
