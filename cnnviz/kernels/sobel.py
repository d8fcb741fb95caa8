"""Sobel's first derivatives: a difference across, a binomial smoothing along the edge."""

from __future__ import annotations

from cnnviz.kernels._entry import Array, Entry, odd_size
from cnnviz.kernels._stencil import binomial_row, product, turned

SOURCE = "Sobel and Feldman 1968; 1 2 1 times -1 0 1"
WIDER = f"{SOURCE}; wider ones smoothed by Pascal's triangle, as OpenCV's getDerivKernels"
SIZE = odd_size(3, low=3, high=31)


def x(size: int = 3) -> Array:
    """Return the derivative to the right."""
    return product(binomial_row(size), binomial_row(size, 1))


KERNELS = (
    Entry(
        "sobel-x", x, "vertical edges; positive where it is brighter to the right", WIDER, (SIZE,)
    ),
    Entry(
        "sobel-y",
        lambda size: x(size).T.copy(),
        "horizontal edges; positive where it is brighter below",
        WIDER,
        (SIZE,),
    ),
    Entry(
        "sobel-ne",
        lambda: turned(x(), 1),
        "diagonal edges; positive where it is brighter to the upper right",
        f"{SOURCE}, turned by 45 degrees",
    ),
    Entry(
        "sobel-se",
        lambda: turned(x(), -1),
        "diagonal edges; positive where it is brighter to the lower right",
        f"{SOURCE}, turned by 45 degrees",
    ),
)
BANKS = {"sobel": {"sobel-x": "sobel-x", "sobel-y": "sobel-y"}}
