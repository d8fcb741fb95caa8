"""The Gaussian average."""

from __future__ import annotations

import numpy as np

from cnnviz.kernels._entry import Array, Entry, odd_size, sigma
from cnnviz.kernels._stencil import offsets, product


def spread(size: int) -> float:
    """Return the standard deviation that OpenCV takes for a size."""
    return 0.3 * ((size - 1) * 0.5 - 1) + 0.8


def gaussian(size: int, sigma: float | None = None) -> Array:
    """Return exp(-(x^2 + y^2)/(2 sigma^2)) scaled to sum to 1; without sigma OpenCV's rule."""
    if sigma is None:
        sigma = spread(size)
    bell: Array = np.exp(-(offsets(size) ** 2) / (2 * sigma**2))
    bell /= bell.sum()
    return product(bell.tolist(), bell.tolist())


def slope(size: int, sigma: float | None) -> Array:
    """Return the derivative of the Gaussian, positive to the right."""
    if sigma is None:
        sigma = spread(size)
    return gaussian(size, sigma) * offsets(size) / sigma**2


DERIVATIVE = "x/SIGMA^2 times the Gaussian; Canny 1986, A Computational Approach to Edge Detection"
KERNELS = (
    Entry(
        "gaussian",
        gaussian,
        "Gaussian blur, an average that favours the middle",
        "exp(-(x^2 + y^2)/(2 SIGMA^2)), sum 1; SIGMA is 0.3((SIZE - 1)/2 - 1) + 0.8 as in OpenCV",
        (odd_size(5), sigma(None)),
    ),
    Entry(
        "gaussian-x",
        slope,
        "vertical edges of one size, from a smoothed image; positive if brighter to the right",
        DERIVATIVE,
        (odd_size(7, low=3), sigma(None)),
    ),
    Entry(
        "gaussian-y",
        lambda size, sigma: slope(size, sigma).T.copy(),
        "horizontal edges of one size, from a smoothed image; positive if brighter below",
        DERIVATIVE,
        (odd_size(7, low=3), sigma(None)),
    ),
)
BANKS = {"gaussian": {"gaussian-x": "gaussian-x", "gaussian-y": "gaussian-y"}}
