"""The picture of all edges."""

from __future__ import annotations

from cnnviz.kernels._entry import Array, Entry
from cnnviz.kernels._stencil import array


def edge() -> Array:
    """Return 8 times the cell minus its neighbours."""
    return array([[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]])


KERNELS = (
    Entry(
        "edge",
        edge,
        "outline, edges and points in every direction: a cell against its 8 neighbours",
        "the negative Laplacian with diagonals; Gonzalez and Woods, Digital Image Processing",
    ),
)
