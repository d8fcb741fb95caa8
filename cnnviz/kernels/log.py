"""The Laplacian of a Gaussian."""

from __future__ import annotations

from cnnviz.kernels._entry import Array, Entry, odd_size, sigma
from cnnviz.kernels._stencil import offsets
from cnnviz.kernels.gaussian import gaussian


def log(size: int, sigma: float) -> Array:
    """Return (r^2 - 2 sigma^2)/sigma^4 times the Gaussian, shifted to sum to 0."""
    squares = offsets(size) ** 2
    bend = (squares[:, None] + squares[None, :] - 2 * sigma**2) / sigma**4
    kernel = bend * gaussian(size, sigma)
    shifted: Array = kernel - kernel.mean()
    return shifted


KERNELS = (
    Entry(
        "log",
        log,
        "Laplacian of Gaussian, blobs and edges of one size; positive in dark blobs",
        "Marr and Hildreth 1980; scaled and shifted as fspecial('log') of MATLAB",
        (odd_size(9, low=3), sigma(1.4)),
    ),
)
