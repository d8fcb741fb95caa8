"""Sobel's first derivatives: a difference across, a 1 2 1 smoothing along the edge."""

from __future__ import annotations

from cnnviz.kernels._entry import Array, Entry
from cnnviz.kernels._stencil import product, turned

SMOOTH = (1, 2, 1)
DIFFERENCE = (-1, 0, 1)
SOURCE = "Sobel and Feldman 1968; 1 2 1 times -1 0 1"


def x() -> Array:
    """Return the derivative to the right."""
    return product(SMOOTH, DIFFERENCE)


KERNELS = (
    Entry("sobel-x", x, "vertical edges; positive where it is brighter to the right", SOURCE),
    Entry(
        "sobel-y",
        lambda: product(DIFFERENCE, SMOOTH),
        "horizontal edges; positive where it is brighter below",
        SOURCE,
    ),
    Entry(
        "sobel-ne",
        lambda: turned(x(), 1),
        "diagonal edges; positive where it is brighter to the upper right",
        f"{SOURCE}, turned by 45 degrees",
    ),
    Entry(
        "sobel-se",
        lambda: turned(x(), -1),
        "diagonal edges; positive where it is brighter to the lower right",
        f"{SOURCE}, turned by 45 degrees",
    ),
)
BANKS = {"sobel": {"sobel-x": "sobel-x", "sobel-y": "sobel-y"}}
