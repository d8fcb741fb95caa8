"""The average over a rectangle."""

from __future__ import annotations

import numpy as np

from cnnviz.kernels._entry import Array, Entry, count
from cnnviz.kernels._stencil import average


def rectangle(rows: int, columns: int) -> Array:
    """Return the mean over `rows` x `columns` cells."""
    return average(np.ones((rows, columns)))


KERNELS = (
    Entry(
        "rectangle",
        rectangle,
        "average over a rectangle, a blur of its own strength down and across",
        "1/(ROWS COLUMNS) everywhere",
        (count("rows", 3, 1), count("columns", 5, 1)),
    ),
)
