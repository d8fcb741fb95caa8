"""The plain central differences."""

from __future__ import annotations

from cnnviz.kernels._entry import Entry
from cnnviz.kernels._stencil import array

SOURCE = "central difference f(x + 1) - f(x - 1), twice what numpy.gradient gives"

KERNELS = (
    Entry(
        "gradient-x",
        lambda: array([[-1, 0, 1]]),
        "vertical edges, unsmoothed; positive where it is brighter to the right",
        SOURCE,
    ),
    Entry(
        "gradient-y",
        lambda: array([[-1], [0], [1]]),
        "horizontal edges, unsmoothed; positive where it is brighter below",
        SOURCE,
    ),
)
BANKS = {"gradient": {"gradient-x": "gradient-x", "gradient-y": "gradient-y"}}
