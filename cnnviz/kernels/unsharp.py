"""The image plus what a blur takes away."""

from __future__ import annotations

from cnnviz.kernels._entry import Array, Entry, Number, odd_size, sigma
from cnnviz.kernels.binomial import binomial
from cnnviz.kernels.gaussian import gaussian


def unsharp(size: int, sigma: float, amount: float) -> Array:
    """Return (1 + amount) times the identity minus `amount` times the Gaussian."""
    return beyond(gaussian(size, sigma), amount)


def beyond(blur: Array, amount: float = 1) -> Array:
    """Return the identity plus `amount` times what a blur takes away."""
    kernel = -amount * blur
    kernel[len(kernel) // 2, len(kernel) // 2] += 1 + amount
    return kernel


KERNELS = (
    Entry(
        "unsharp",
        unsharp,
        "unsharp mask, sharper image with soft contrast around edges",
        "image + AMOUNT (image - gaussian:SIZE,SIGMA), from the darkroom",
        (odd_size(5), sigma(1), Number("amount", 1, 0, 100)),
    ),
    Entry(
        "unsharp-binomial",
        lambda size: beyond(binomial(size)),
        "unsharp mask in whole numbers: -1/256 of 1 4 6 4 1 and -476 at size 5",
        "2 identity - binomial:SIZE; Wikipedia, Kernel (image processing)",
        (odd_size(5, low=3),),
    ),
)
