"""The linear filters of OpenCV's imgproc, with its parameters and defaults.

Matched: `cv2.Sobel`, `Scharr`, `Laplacian`, `GaussianBlur`, `blur`, and `filter2D` with
`getGaborKernel`; all are correlations. Angles are radians, as there.
"""

from __future__ import annotations

from math import degrees, pi

import numpy as np

from cnnviz.errors import SpecError
from cnnviz.kernels import gabor, scharr
from cnnviz.kernels._entry import LARGEST, Array, Entry, Number, count
from cnnviz.kernels._stencil import binomial_row, product
from cnnviz.kernels.box import box
from cnnviz.kernels.gaussian import gaussian as bell

SOURCE = "OpenCV, imgproc"
# GaussianBlur without a sigma takes these rows up to size 9, in 256ths; 3 and 5 are Pascal's.
ROWS = {1: (256,), 3: (64, 128), 5: (16, 64, 96), 7: (8, 28, 56, 72), 9: (4, 13, 30, 51, 60)}


def sobel(dx: int, dy: int, ksize: int) -> Array:
    """Return the derivative `dx` times to the right and `dy` times down."""
    if dx + dy == 0:
        raise SpecError("dx and dy are both 0")
    across, down = _size(ksize, dx), _size(ksize, dy)
    if dx >= across or dy >= down:
        raise SpecError(f"ksize {ksize} is too small for dx {dx}, dy {dy}")
    return product(binomial_row(down, dy), binomial_row(across, dx))


def _size(ksize: int, order: int) -> int:
    """Return the cells along one axis: size 1 does not smooth, but a difference takes 3."""
    return 3 if ksize == 1 and order else ksize


def scharr_of(dx: int, dy: int) -> Array:
    """Return the derivative to the right or down."""
    if dx + dy != 1:
        raise SpecError(f"dx {dx} and dy {dy} do not sum to 1")
    return scharr.x() if dx else scharr.x().T.copy()


def laplacian(ksize: int) -> Array:
    """Return the sum of both second derivatives."""
    bend = binomial_row(max(ksize, 3), 2)
    smooth = np.array((0.0, 1.0, 0.0)) if ksize == 1 else binomial_row(ksize)
    across = product(smooth, bend)
    return across + across.T


def gaussian(ksize: int, sigma: float) -> Array:
    """Return the Gaussian average; a sigma of 0 stands for OpenCV's rule and small tables."""
    if sigma == 0 and ksize in ROWS:
        half = np.array(ROWS[ksize]) / 256
        row = np.concatenate([half, half[-2::-1]])
        return product(row, row)
    return bell(ksize, max(sigma, 0.01) if sigma else None)  # below it is one cell: no 0/0


def gabor_of(
    ksize: int, sigma: float, theta: float, lambd: float, gamma: float, psi: float
) -> Array:
    """Return getGaborKernel; it turns clockwise as seen, and its wave runs the other way."""
    return gabor.gabor(ksize, -degrees(theta), lambd, sigma, gamma, -degrees(psi))


def _ksize(default: int, high: int = LARGEST) -> Number:
    return Number("ksize", default, 1, high, odd=True)


KERNELS = (
    Entry("opencv:box", box, "box blur, an average", f"{SOURCE}: blur", (_ksize(3),)),
    Entry(
        "opencv:gabor",
        gabor_of,
        "stripes of one width and direction; THETA and PSI in radians",
        f"{SOURCE}: getGaborKernel",
        (
            _ksize(21),
            Number("sigma", 4, 0.05, 1000),
            Number("theta", 0, -7, 7),
            Number("lambd", 10, 2, 2 * LARGEST),
            Number("gamma", 0.5, 0.01, 100),
            Number("psi", pi / 2, -7, 7),
        ),
    ),
    Entry(
        "opencv:gaussian",
        gaussian,
        "Gaussian blur, an average; SIGMA 0 takes tables up to size 9",
        f"{SOURCE}: GaussianBlur, getGaussianKernel",
        (_ksize(5), Number("sigma", 0, 0, 1000)),
    ),
    Entry(
        "opencv:laplacian",
        laplacian,
        "second derivative; positive in dark dips",
        f"{SOURCE}: Laplacian",
        (_ksize(1, 31),),
    ),
    Entry(
        "opencv:scharr",
        scharr_of,
        "edges; positive where it is brighter to the right, with 0,1 below",
        f"{SOURCE}: Scharr",
        (count("dx", 1, 0, 1), count("dy", 0, 0, 1)),
    ),
    Entry(
        "opencv:sobel",
        sobel,
        "edges, derivatives of any order; positive where it is brighter to the right, below",
        f"{SOURCE}: Sobel, getDerivKernels",
        (count("dx", 1, 0, 30), count("dy", 0, 0, 30), _ksize(3, 31)),
    ),
)
