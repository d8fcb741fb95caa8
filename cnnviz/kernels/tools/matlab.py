"""The kernels of MATLAB's fspecial, with its parameters and defaults.

Matched: `imfilter(image, fspecial("sobel"))`, a correlation. Its prewitt and sobel answer where it
is brighter above.
"""

from __future__ import annotations

import sys

import numpy as np

from cnnviz.kernels._entry import LARGEST, Array, Entry, Number, angle, count
from cnnviz.kernels._stencil import array, facing, offsets
from cnnviz.kernels.box import box
from cnnviz.kernels.compass import NORTH
from cnnviz.kernels.gaussian import gaussian as bell
from cnnviz.kernels.identity import identity
from cnnviz.kernels.log import log

SOURCE = "MATLAB, fspecial"
EPS = sys.float_info.epsilon


def disk(radius: float) -> Array:
    """Return the mean over a disk; a cell on its rim weighs the part that is inside."""
    cells = int(np.ceil(radius - 0.5))
    rims = np.arange(-cells, cells + 2) - 0.5
    area = _quarter(np.abs(rims)[:, None], np.abs(rims)[None, :], radius)
    area *= np.sign(rims)[:, None] * np.sign(rims)[None, :]
    # Rounded, so that a cell outside weighs exactly 0.
    covered: Array = np.abs(np.round(np.diff(np.diff(area, axis=0), axis=1), 13))
    covered /= covered.sum()
    return covered


def _quarter(x: Array, y: Array, radius: float) -> Array:
    """Return the area of a disk around 0 within the rectangles from 0 to `x` and `y`."""
    x, y = np.minimum(x, radius), np.minimum(y, radius)
    full = np.minimum(np.sqrt(radius**2 - y**2), x)  # up to here the rectangle is inside

    def under_the_arc(x: Array) -> Array:
        arc: Array = (x * np.sqrt(radius**2 - x**2) + radius**2 * np.arcsin(x / radius)) / 2
        return arc

    area: Array = full * y + under_the_arc(x) - under_the_arc(full)
    return area


def gaussian(hsize: int, sigma: float) -> Array:
    """Return the Gaussian average, without what double precision cannot add."""
    kernel = bell(hsize, sigma)
    kernel[kernel < EPS * kernel.max()] = 0
    kernel /= kernel.sum()
    return kernel


def laplacian(alpha: float) -> Array:
    """Return the Laplacian, with a share for the diagonal neighbours."""
    side, corner = 1 - alpha, alpha
    rows = [[corner, side, corner], [side, -4, side], [corner, side, corner]]
    return array(rows) / (alpha + 1)


def motion(length: float, theta: float) -> Array:
    """Return the average along a line; a cell weighs 1 minus its distance from the line.

    A cell farther than half the length from the middle counts its distance from the line's end.
    """
    half, turn = (length - 1) / 2, np.radians(theta % 180)
    cos, sin = np.cos(turn), np.sin(turn)
    # Cut towards 0, so that beyond 90 degrees a column of zeros may stay.
    columns, rows = (abs(int(half * to + np.sign(to) - length * EPS)) for to in (cos, sin))
    x, y = offsets(2 * columns + 1)[None, :], -offsets(2 * rows + 1)[:, None]
    across, along = y * cos - x * sin, np.abs(x * cos + y * sin)
    past = np.hypot(x, y) >= half
    distance = np.where(past, np.hypot(across, along - half), np.abs(across))
    weights: Array = np.maximum(1 + EPS - distance, 0)
    weights /= weights.sum()
    return weights


def _hsize(default: int) -> Number:
    return count("hsize", default, 1)


KERNELS = (
    Entry("matlab:average", box, "box blur, an average", SOURCE, (_hsize(3),)),
    Entry(
        "matlab:disk",
        disk,
        "average over a disk with a soft rim, the blur of a lens out of focus",
        SOURCE,
        (Number("radius", 5, 1, LARGEST // 2),),
    ),
    Entry(
        "matlab:gaussian",
        gaussian,
        "Gaussian blur, an average",
        SOURCE,
        (_hsize(3), Number("sigma", 0.5, 0.05, 1000)),
    ),
    Entry(
        "matlab:laplacian",
        laplacian,
        "second derivative; ALPHA is the share of the diagonals; positive in dark dips",
        SOURCE,
        (Number("alpha", 0.2, 0, 1),),
    ),
    Entry(
        "matlab:log",
        log,
        "Laplacian of Gaussian; positive in dark blobs",
        SOURCE,
        (_hsize(5), Number("sigma", 0.5, 0.05, 1000)),
    ),
    Entry(
        "matlab:motion",
        motion,
        "motion blur, the average along a line of LEN cells at THETA degrees",
        SOURCE,
        (Number("len", 9, 1, LARGEST), angle(0, "theta")),
    ),
    Entry(
        "matlab:prewitt",
        lambda: facing(array(NORTH["compass-3"]), "n"),
        "horizontal edges; positive where it is brighter above",
        SOURCE,
    ),
    Entry(
        "matlab:sobel",
        lambda: facing(array(NORTH["compass"]), "n"),
        "horizontal edges; positive where it is brighter above",
        SOURCE,
    ),
    Entry(
        "matlab:unsharp",
        lambda alpha: identity() - laplacian(alpha),
        "sharper image, the image minus its Laplacian",
        SOURCE,
        (Number("alpha", 0.2, 0, 1),),
    ),
)
