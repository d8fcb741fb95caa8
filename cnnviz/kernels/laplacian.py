"""The sum of the second derivatives."""

from __future__ import annotations

from cnnviz.kernels._entry import Array, Choice, Entry
from cnnviz.kernels._stencil import array


def laplacian(neighbours: str) -> Array:
    """Return the neighbours minus as many times the cell."""
    if neighbours == "8":
        return array([[1, 1, 1], [1, -8, 1], [1, 1, 1]])
    return array([[0, 1, 0], [1, -4, 1], [0, 1, 0]])


KERNELS = (
    Entry(
        "laplacian",
        laplacian,
        "second derivative, edges as changes of sign; positive in dark dips",
        "d^2/dx^2 + d^2/dy^2 by second differences, as scipy.ndimage.laplace",
        (Choice("neighbours", "4", ("4", "8")),),
    ),
)
