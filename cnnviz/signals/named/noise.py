"""Noise, the same one for the same seed."""

from __future__ import annotations

import numpy as np

from cnnviz.kernels import Number
from cnnviz.signals._entry import Array, Entry, length, number


def noise(deviation: float, length: int, seed: int) -> Array:
    """Return independent normal values around 0."""
    return deviation * np.random.default_rng(seed).standard_normal(length)


SIGNALS = (
    Entry(
        "noise",
        noise,
        "white noise of standard deviation DEVIATION, to be added: sine+noise:0.2",
        "normal, independent; NumPy's default generator with SEED",
        (
            number("deviation", 1, 0, 1e6),
            length(128),
            Number("seed", 0, 0, 999_999, whole=True),
        ),
        is_noise=True,
    ),
)
