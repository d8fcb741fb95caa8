"""The named convolution kernels and shapes of ImageMagick 7 (16 bits a channel).

Matched: `magick IMAGE -morphology Convolve Sobel:45 ...` before it clips. That is true convolution:
the tables that ImageMagick prints are turned by 180 degrees here. Shapes are ones, not averages, as
there. Its FreiChen is left out: some of its masks are not those of the paper (see `frei-chen`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from cnnviz.kernels import cross, diamond, frei, kirsch, plus
from cnnviz.kernels._entry import Array, Choice, Entry, Number, count
from cnnviz.kernels._stencil import DIRECTIONS, array, binomial_row, facing, grid, product
from cnnviz.kernels.box import box
from cnnviz.kernels.compass import NORTH
from cnnviz.kernels.edge import edge
from cnnviz.kernels.gaussian import gaussian as bell
from cnnviz.kernels.mexican import mexican_hat
from cnnviz.kernels.ridge import ridge

SOURCE = "ImageMagick, -morphology Convolve"
FAINTEST = 1 / 65535  # a Gaussian ends before a weight that changes no 16-bit value
SAMPLES = 3  # of a one-dimensional Gaussian in each cell
LAPLACIANS: dict[str, Callable[[], Array]] = {
    "0": edge,
    "1": lambda: ridge("4"),
    "2": lambda: array(frei.MASKS["8"]),
    "3": lambda: array(frei.MASKS["7"]),
    "5": lambda: 4 - _squares(2),
    "7": lambda: 8 - _squares(3),
    "15": lambda: mexican_hat("5"),
    "19": lambda: mexican_hat("9"),
}


def _squares(radius: int) -> Array:
    x, y = grid(2 * radius + 1)
    squares: Array = x**2 + y**2
    return squares


def _reach(sigma: float, axes: int) -> int:
    """Return the cells from the middle to the end of a Gaussian along 1 or 2 axes."""
    weights = np.exp(-(np.arange(1025) ** 2) / (2 * sigma**2))
    sums = 2 * np.cumsum(weights) - 1
    faint = weights / sums**axes < FAINTEST
    return max(2, int(np.argmax(faint[2:])) + 2) - 1


def _width(radius: int, sigma: float, axes: int = 2) -> int:
    return 2 * (radius or _reach(sigma, axes)) + 1


def _balanced(kernel: Array) -> Array:
    """Scale the positive weights to sum to 1, and the negative ones to -1."""
    above, below = np.maximum(kernel, 0), np.minimum(kernel, 0)
    balanced: Array = above / (above.sum() or 1) - below / (below.sum() or 1)
    return balanced


def gaussian(radius: int, sigma: float) -> Array:
    """Return the Gaussian average."""
    return bell(_width(radius, sigma), sigma)


def dog(radius: int, sigma1: float, sigma2: float) -> Array:
    """Return the difference of two Gaussians."""
    squares = _squares(_width(radius, max(sigma1, sigma2)) // 2)
    first, second = (
        np.exp(-squares / (2 * sigma**2)) / (2 * np.pi * sigma**2) for sigma in (sigma1, sigma2)
    )
    return _balanced(first - second)


def log(radius: int, sigma: float) -> Array:
    """Return the Laplacian of a Gaussian, positive in its middle."""
    rings = _squares(_width(radius, sigma) // 2) / (2 * sigma**2)
    return _balanced((1 - rings) * np.exp(-rings))


def _samples(first: int, last: int, sigma: float) -> Array:
    """Return the averages of a Gaussian over cells of three samples each, sum 1."""
    weights = np.exp(-(np.arange(first, last) ** 2) / (2 * (SAMPLES * sigma) ** 2))
    cells: Array = weights.reshape(-1, SAMPLES).sum(axis=1)
    cells /= cells.sum()
    return cells


def blur(radius: int, sigma: float, angle: str) -> Array:
    """Return the Gaussian average along a row or a column."""
    width = _width(radius, sigma, axes=1)
    row = _samples(-(SAMPLES * width // 2), SAMPLES * width // 2 + 1, sigma)[None, :]
    return row if angle == "0" else row.T


def comet(width: int, sigma: float, angle: str) -> Array:
    """Return half a Gaussian, the tail of what moved; zeros keep its head in the middle."""
    width = width or _reach(sigma, 1) + 1
    tail = _samples(0, SAMPLES * width, sigma)
    row = np.concatenate([tail[::-1], np.zeros(width - 1)])[None, :]
    row = row if angle in ("0", "90") else row[:, ::-1]
    return np.array(row if angle in ("0", "180") else row.T)


def octagon(radius: int) -> Array:
    """Return ones within an octagon."""
    x, y = grid(2 * radius + 1)
    return (np.abs(x) + np.abs(y) <= radius + radius // 2).astype(np.float64)


def ring(radius1: float, radius2: float) -> Array:
    """Return ones farther than one radius and within the other."""
    inner, outer = sorted((radius1, radius2))
    squares = _squares(int(outer))
    return ((squares > int(inner**2)) & (squares <= int(outer**2))).astype(np.float64)


def disk(radius: float) -> Array:
    """Return ones within a radius."""
    return (_squares(int(radius)) <= int(radius**2)).astype(np.float64)


def _turning(name: str, north: Sequence[Sequence[float]], summary: str) -> Entry:
    """Return the entry for a mask that ImageMagick turns clockwise from the right."""

    def build(angle: str) -> Array:
        return facing(array(north), DIRECTIONS[(int(angle) // 45 + 2) % 8])

    angles = tuple(str(angle) for angle in range(0, 360, 45))
    return Entry(f"imagemagick:{name}", build, summary, SOURCE, (Choice("angle", "0", angles),))


def _shape(name: str, build: Callable[..., Array], *parameters: Number) -> Entry:
    return Entry(
        f"imagemagick:{name}",
        build,
        f"sum over {'an' if name[0] in 'aeiou' else 'a'} {name}",
        SOURCE,
        parameters,
    )


def _ones(average: Array) -> Array:
    return (average > 0).astype(np.float64)


RADIUS = count("radius", 0, 0, 511)
SIGMA = Number("sigma", 1, 0.05, 100)
ROBERTS = ((0, 1, 0), (0, -1, 0), (0, 0, 0))
EDGES = "edges; positive where it is brighter to the right, ANGLE turns clockwise"

KERNELS = (
    Entry(
        "imagemagick:binomial",
        lambda radius: product(binomial_row(2 * radius + 1), binomial_row(2 * radius + 1)),
        "smooth blur in whole numbers; a sum, not an average",
        SOURCE,
        (count("radius", 1, 1, 10),),
    ),
    Entry(
        "imagemagick:blur",
        blur,
        "Gaussian blur along a line, an average; RADIUS 0 fits SIGMA",
        SOURCE,
        (RADIUS, SIGMA, Choice("angle", "0", ("0", "90"))),
    ),
    Entry(
        "imagemagick:comet",
        comet,
        "motion blur with a tail, an average; WIDTH 0 fits SIGMA",
        SOURCE,
        (count("width", 0, 0, 512), SIGMA, Choice("angle", "0", ("0", "90", "180", "270"))),
    ),
    _turning("compass", NORTH["compass-prewitt"], EDGES),
    _shape("cross", lambda radius: _ones(cross.cross(2 * radius + 1)), count("radius", 2, 1, 511)),
    _shape(
        "diamond", lambda radius: _ones(diamond.diamond(2 * radius + 1)), count("radius", 1, 1, 511)
    ),
    _shape("disk", disk, Number("radius", 4.3, 1, 511)),
    Entry(
        "imagemagick:dog",
        dog,
        "difference of Gaussians, details between two sizes; positive in bright blobs",
        SOURCE,
        (RADIUS, Number("sigma1", 1, 0.05, 100), Number("sigma2", 1.6, 0.05, 100)),
    ),
    Entry(
        "imagemagick:gaussian",
        gaussian,
        "Gaussian blur, an average; RADIUS 0 fits SIGMA",
        SOURCE,
        (RADIUS, SIGMA),
    ),
    _turning("kirsch", kirsch.NORTH, f"strong {EDGES}"),
    Entry(
        "imagemagick:laplacian",
        lambda kind: LAPLACIANS[kind]() + 0.0,
        "second derivative with its sign turned, eight tables; positive in bright blobs",
        SOURCE,
        (Choice("type", "0", tuple(LAPLACIANS)),),
    ),
    Entry(
        "imagemagick:log",
        log,
        "Laplacian of Gaussian; positive in bright blobs",
        SOURCE,
        (RADIUS, SIGMA),
    ),
    _shape("octagon", octagon, count("radius", 2, 1, 511)),
    _shape("plus", lambda radius: _ones(plus.plus(2 * radius + 1)), count("radius", 2, 1, 511)),
    _turning("prewitt", NORTH["compass-3"], EDGES),
    _shape(
        "rectangle",
        lambda width, height: np.ones((height, width)),
        count("width", 3, 1),
        count("height", 3, 1),
    ),
    _shape("ring", ring, Number("radius1", 2.65, 0, 511), Number("radius2", 3.32, 1, 511)),
    _turning("roberts", ROBERTS, f"fine {EDGES}"),
    _turning("sobel", NORTH["compass"], EDGES),
    _shape("square", lambda radius: _ones(box(2 * radius + 1)), count("radius", 1, 1, 511)),
    Entry("imagemagick:unity", lambda: array([[1]]), "the image itself", SOURCE),
)
