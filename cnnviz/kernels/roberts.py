"""Roberts's cross: the smallest derivatives, along the two diagonals."""

from __future__ import annotations

from cnnviz.kernels._entry import Entry
from cnnviz.kernels._stencil import array

SOURCE = "Roberts 1963, Machine Perception of Three-Dimensional Solids; signs as in this library"

KERNELS = (
    Entry(
        "roberts-x",
        lambda: array([[-1, 0], [0, 1]]),
        "fine edges; positive where it is brighter to the lower right",
        SOURCE,
    ),
    Entry(
        "roberts-y",
        lambda: array([[0, -1], [1, 0]]),
        "fine edges; positive where it is brighter to the lower left",
        SOURCE,
    ),
)
BANKS = {"roberts": {"roberts-x": "roberts-x", "roberts-y": "roberts-y"}}
