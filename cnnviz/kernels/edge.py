"""The picture of all edges."""

from __future__ import annotations

from cnnviz.kernels._entry import Entry
from cnnviz.kernels._stencil import array

KERNELS = (
    Entry(
        "edge",
        lambda: array([[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]]),
        "outline, edges in every direction: a cell against its 8 neighbours",
        "the negative Laplacian with diagonals; Gonzalez and Woods, Digital Image Processing",
    ),
)
