"""Schmid's filters: rings under a bell, the same however the image is turned."""

from __future__ import annotations

import numpy as np

from cnnviz.kernels._entry import LARGEST, Array, Entry, Number, odd_size, sigma
from cnnviz.kernels._stencil import grid

DEFAULT = 49
PAIRS = (
    *((2, 1), (4, 1), (4, 2), (6, 1), (6, 2), (6, 3)),
    *((8, 1), (8, 2), (8, 3), (10, 1), (10, 2), (10, 3), (10, 4)),
)


def schmid(size: int, sigma: float, tau: float) -> Array:
    """Return cos(pi tau r/sigma) exp(-r^2/(2 sigma^2)), shifted to sum to 0."""
    radius = np.hypot(*grid(size))
    rings = np.cos(np.pi * tau * radius / sigma) * np.exp(-(radius**2) / (2 * sigma**2))
    shifted: Array = rings - rings.mean()
    return shifted


KERNELS = (
    Entry(
        "schmid",
        schmid,
        "rings of one width, texture whichever way it is turned; TAU half waves in SIGMA",
        "Schmid 2001, Constructing Models for Content-Based Image Retrieval: 13 of size 49",
        (odd_size(DEFAULT, low=3), sigma(10), Number("tau", 3, 0, LARGEST)),
    ),
)
BANKS = {"schmid": {f"schmid-{s}-{t}": f"schmid:{DEFAULT},{s},{t}" for s, t in PAIRS}}
