"""The difference of two Gaussians."""

from __future__ import annotations

from cnnviz.errors import SpecError
from cnnviz.kernels._entry import Array, Entry, odd_size, sigma
from cnnviz.kernels.gaussian import gaussian


def dog(size: int, sigma1: float, sigma2: float) -> Array:
    """Return the narrow Gaussian minus the wide one."""
    if sigma1 >= sigma2:
        raise SpecError(f"sigma1 {sigma1:g} is not smaller than sigma2 {sigma2:g}")
    return gaussian(size, sigma1) - gaussian(size, sigma2)


KERNELS = (
    Entry(
        "dog",
        dog,
        "difference of Gaussians, details between two sizes; positive in bright blobs",
        "Marr and Hildreth 1980: at SIGMA2 = 1.6 SIGMA1 close to a Laplacian of Gaussian",
        (odd_size(9, low=3), sigma(1, "sigma1"), sigma(1.6, "sigma2")),
    ),
)
