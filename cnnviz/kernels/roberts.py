"""Roberts's cross: the smallest derivatives, along the two diagonals."""

from __future__ import annotations

from cnnviz.kernels._entry import Array, Entry
from cnnviz.kernels._stencil import array

SOURCE = "Roberts 1963, Machine Perception of Three-Dimensional Solids; signs as in this library"


def x() -> Array:
    """Return the difference along the falling diagonal."""
    return array([[-1, 0], [0, 1]])


def y() -> Array:
    """Return the difference along the rising diagonal."""
    return array([[0, -1], [1, 0]])


KERNELS = (
    Entry(
        "roberts-x",
        x,
        "fine edges; positive where it is brighter to the lower right",
        SOURCE,
    ),
    Entry(
        "roberts-y",
        y,
        "fine edges; positive where it is brighter to the lower left",
        SOURCE,
    ),
)
BANKS = {"roberts": {"roberts-x": "roberts-x", "roberts-y": "roberts-y"}}
