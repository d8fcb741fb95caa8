"""Prewitt's first derivatives: a difference across, a plain sum along the edge."""

from __future__ import annotations

import numpy as np

from cnnviz.kernels._entry import Array, Entry, odd_size
from cnnviz.kernels._stencil import grid, turned

SOURCE = "Prewitt 1970, Object Enhancement and Extraction; 1 1 1 times -1 0 1"
WIDER = f"{SOURCE}; wider ones the slope of the plane that fits best, -2 -1 0 1 2"
SIZE = odd_size(3, low=3, high=31)


def x(size: int = 3) -> Array:
    """Return the derivative to the right."""
    slope: Array = np.ones((size, 1)) * grid(size)[0]
    return slope


KERNELS = (
    Entry(
        "prewitt-x", x, "vertical edges; positive where it is brighter to the right", WIDER, (SIZE,)
    ),
    Entry(
        "prewitt-y",
        lambda size: x(size).T.copy(),
        "horizontal edges; positive where it is brighter below",
        WIDER,
        (SIZE,),
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
