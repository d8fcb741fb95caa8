"""Gabor's wavelets: stripes under a bell, as the first layer of many networks learns."""

from __future__ import annotations

import numpy as np

from cnnviz.kernels._entry import LARGEST, Array, Entry, Number, angle, odd_size, sigma
from cnnviz.kernels._stencil import offsets

DEFAULT = 15
# One octave of bandwidth, sigma/lambda = sqrt(ln(2)/2)/pi (2^1 + 1)/(2^1 - 1).
OCTAVE = 0.56


def gabor(
    size: int,
    theta: float,
    wavelength: float | None,
    sigma: float | None,
    gamma: float,
    psi: float,
) -> Array:
    """Return exp(-(u^2 + gamma^2 v^2)/(2 sigma^2)) cos(2 pi u/lambda + psi).

    `u` runs at `theta` degrees, counter-clockwise as seen, across the stripes; `v` along them.
    """
    wavelength = max(2.0, size / 3) if wavelength is None else wavelength
    sigma = OCTAVE * wavelength if sigma is None else sigma
    cos, sin = np.cos(np.radians(theta)), np.sin(np.radians(theta))
    x, y = offsets(size)[None, :], -offsets(size)[:, None]
    u, v = x * cos + y * sin, y * cos - x * sin
    bell = np.exp(-(u**2 + (gamma * v) ** 2) / (2 * sigma**2))
    kernel: Array = bell * np.cos(2 * np.pi * u / wavelength + np.radians(psi))
    return kernel


KERNELS = (
    Entry(
        "gabor",
        gabor,
        "stripes and edges of one width and direction; THETA in degrees across the stripes",
        "Daugman 1985; LAMBDA is SIZE/3 and SIGMA 0.56 LAMBDA (Petkov and Kruizinga 1997)",
        (
            odd_size(DEFAULT, low=3),
            angle(0, "theta"),
            Number("lambda", None, 2, 2 * LARGEST),
            sigma(None),
            Number("gamma", 0.5, 0.01, 100),
            angle(0, "psi"),
        ),
    ),
)
BANKS = {"gabor8": {f"gabor-{22.5 * i:g}": f"gabor:{DEFAULT},{22.5 * i:g}" for i in range(8)}}
