"""The Gaussian average."""

from __future__ import annotations

import numpy as np

from cnnviz.kernels._entry import Array, Entry, odd_size, sigma
from cnnviz.kernels._stencil import product


def offsets(size: int) -> Array:
    """Return the distances of `size` cells from their middle."""
    return np.arange(size, dtype=np.float64) - (size - 1) / 2


def gaussian(size: int, sigma: float | None = None) -> Array:
    """Return exp(-(x^2 + y^2)/(2 sigma^2)) scaled to sum to 1; without sigma OpenCV's rule."""
    if sigma is None:
        sigma = 0.3 * ((size - 1) * 0.5 - 1) + 0.8
    bell: Array = np.exp(-(offsets(size) ** 2) / (2 * sigma**2))
    bell /= bell.sum()
    return product(bell.tolist(), bell.tolist())


KERNELS = (
    Entry(
        "gaussian",
        gaussian,
        "Gaussian blur, an average that favours the middle",
        "exp(-(x^2 + y^2)/(2 SIGMA^2)), sum 1; SIGMA is 0.3((SIZE - 1)/2 - 1) + 0.8 as in OpenCV",
        (odd_size(5), sigma(None)),
    ),
)
