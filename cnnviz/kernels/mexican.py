"""The Mexican hat in small whole numbers, as textbooks print it."""

from __future__ import annotations

import numpy as np

from cnnviz.kernels._entry import Array, Choice, Entry
from cnnviz.kernels._stencil import array

# From the first to the middle row, each to its middle; the rest is their mirror image.
QUARTERS = {
    "5": ((0, 0, -1), (0, -1, -2), (-1, -2, 16)),
    "9": (
        (0, -1, -1, -2, -2),
        (-1, -2, -4, -5, -5),
        (-1, -4, -5, -3, 0),
        (-2, -5, -3, 12, 24),
        (-2, -5, 0, 24, 40),
    ),
}


def mexican_hat(size: str) -> Array:
    """Return the table of a size."""
    quarter = array(QUARTERS[size])
    return np.pad(quarter, (0, len(quarter) - 1), mode="reflect")


KERNELS = (
    Entry(
        "mexican-hat",
        mexican_hat,
        "Laplacian of Gaussian in whole numbers, blobs; positive in bright blobs",
        "size 5: Gonzalez and Woods; size 9: HIPR2, Laplacian of Gaussian with sigma 1.4, negated",
        (Choice("size", "5", tuple(QUARTERS)),),
    ),
)
