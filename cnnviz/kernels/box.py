"""The plain average."""

from __future__ import annotations

import numpy as np

from cnnviz.kernels._entry import Array, Entry, odd_size


def box(size: int) -> Array:
    """Return the mean over `size` x `size` cells."""
    return np.full((size, size), 1 / size**2)


KERNELS = (
    Entry(
        "box",
        box,
        "box blur, the average of all cells",
        "1/SIZE^2 everywhere (moving average)",
        (odd_size(3),),
    ),
)
