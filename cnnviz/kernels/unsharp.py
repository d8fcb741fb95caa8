"""The image plus what a blur takes away."""

from __future__ import annotations

from cnnviz.kernels._entry import Array, Entry, Number, odd_size, sigma
from cnnviz.kernels.gaussian import gaussian


def unsharp(size: int, sigma: float, amount: float) -> Array:
    """Return (1 + amount) times the identity minus `amount` times the Gaussian."""
    kernel = -amount * gaussian(size, sigma)
    kernel[size // 2, size // 2] += 1 + amount
    return kernel


KERNELS = (
    Entry(
        "unsharp",
        unsharp,
        "unsharp mask, sharper image with soft contrast around edges",
        "image + AMOUNT (image - gaussian:SIZE,SIGMA), from the darkroom",
        (odd_size(5), sigma(1), Number("amount", 1, 0, 100)),
    ),
)
