"""The difference of two neighbours, the smallest kernel that sees an edge."""

from __future__ import annotations

from cnnviz.kernels._entry import Entry
from cnnviz.kernels._stencil import array

SOURCE = "forward difference f(x + 1) - f(x), as numpy.diff"

KERNELS = (
    Entry(
        "difference-x",
        lambda: array([[-1, 1]]),
        "vertical edges, two cells; positive where it is brighter to the right",
        SOURCE,
    ),
    Entry(
        "difference-y",
        lambda: array([[-1], [1]]),
        "horizontal edges, two cells; positive where it is brighter below",
        SOURCE,
    ),
)
BANKS = {"difference": {"difference-x": "difference-x", "difference-y": "difference-y"}}
