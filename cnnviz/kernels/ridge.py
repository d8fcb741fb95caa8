"""Ridges: what is brighter than all around it."""

from __future__ import annotations

from cnnviz.kernels._entry import Array, Choice, Entry
from cnnviz.kernels.laplacian import laplacian


def ridge(neighbours: str) -> Array:
    """Return as many times the cell minus its neighbours."""
    # Plus zero: the negative of 0 is -0, which a picture of the kernel would show.
    return -laplacian(neighbours) + 0.0


KERNELS = (
    Entry(
        "ridge",
        ridge,
        "bright ridges, lines and dots in all directions: a cell against its neighbours",
        "the negative Laplacian over 4 or 8 neighbours; Wikipedia, Kernel (image processing)",
        (Choice("neighbours", "4", ("4", "8")),),
    ),
)
