"""What each kernel of the library must be, from another library, a printed table or a formula.

`EXPECTED` has a kernel as it is typed -> a function that works out its coefficients with nothing of
cnnviz, in correlation order. `tests/test_kernels_values.py` compares, and asks for every kernel.
"""

from __future__ import annotations

from collections.abc import Callable
from math import comb, cos, exp, pi, sqrt

import cv2
import numpy as np
from scipy import linalg, ndimage
from scipy.signal import windows
from skimage import filters, morphology

Array = np.ndarray
COMPASS = ("n", "ne", "e", "se", "s", "sw", "w", "nw")


def response(filtering: Callable[[Array], Array], rows: int, columns: int = 0) -> Array:
    """Return the correlation kernel of a linear filter: its answer to one bright cell, turned."""
    columns = columns or rows
    size = 2 * max(rows, columns) + 1
    image = np.zeros((size, size))
    image[size // 2, size // 2] = 1
    turned = filtering(image)[::-1, ::-1]
    top, left = (size - rows) // 2, (size - columns) // 2
    return turned[top : top + rows, left : left + columns]


def table(text: str) -> Array:
    """Return the kernel of a printed table, rows by `;`."""
    return np.array([[float(cell) for cell in row.split()] for row in text.split(";")])


def compass(north: str, north_east: str) -> dict[str, Array]:
    """Return the eight turns of two printed masks."""
    masks = {}
    for quarters in range(4):
        for eighths, mask in enumerate((north, north_east)):
            turned = np.rot90(table(mask), -quarters)
            masks[COMPASS[2 * quarters + eighths]] = turned
    return masks


def averaged(shape: Array) -> Array:
    return shape / shape.sum()


def deriv(dx: int, dy: int, size: int) -> Array:
    across, down = cv2.getDerivKernels(dx, dy, size, ktype=cv2.CV_64F)
    return down @ across.T


def bell(size: int, sigma: float) -> Array:
    column = cv2.getGaussianKernel(size, sigma, cv2.CV_64F)
    return column @ column.T


def opencv_sigma(size: int) -> float:
    return 0.3 * ((size - 1) * 0.5 - 1) + 0.8


def smoothed(order: tuple[int, int], size: int, sigma: float) -> Array:
    """Return the derivative of SciPy's Gaussian, cut to `size`."""
    return response(
        lambda image: ndimage.gaussian_filter(image, sigma, order, radius=size // 2), size
    )


def plane_fit(size: int) -> Array:
    """Return the slope to the right of the least-squares plane, times the sum of squares."""
    y, x = np.mgrid[:size, :size] - (size - 1) / 2
    planes = np.linalg.pinv(np.stack([x.ravel(), y.ravel(), np.ones(size**2)], axis=1))
    return planes[0].reshape(size, size) * (x**2).sum()


def rings(size: int, sigma: float, tau: float) -> Array:
    half = size // 2
    values = np.zeros((size, size))
    for i in range(size):
        for j in range(size):
            r = sqrt((i - half) ** 2 + (j - half) ** 2)
            values[i, j] = cos(pi * tau * r / sigma) * exp(-r * r / (2 * sigma * sigma))
    return values - values.mean()


def along_a_line(size: int, angle: float) -> Array:
    """Return 1 minus the distance from a line, which is measured to 20001 of its points."""
    steps = np.linspace(-(size - 1) / 2, (size - 1) / 2, 20001)
    points = np.exp(1j * np.radians(angle)) * steps
    weights = np.zeros((size, size))
    for i in range(size):
        for j in range(size):
            cell = (j - size // 2) - 1j * (i - size // 2)
            weights[i, j] = max(0.0, 1 - np.abs(points - cell).min())
    weights[weights < 1e-9] = 0
    return averaged(weights)


def pascal(size: int) -> Array:
    row = [comb(size - 1, i) for i in range(size)]
    return averaged(np.outer(row, row).astype(float))


def one(size: int) -> Array:
    return response(lambda image: image, size)


EXPECTED: dict[str, Callable[[], Array]] = {
    # averages
    "binomial": lambda: table("1 2 1; 2 4 2; 1 2 1") / 16,
    "binomial:7": lambda: pascal(7),
    "box": lambda: response(lambda image: cv2.blur(image, (3, 3)), 3),
    "box:7": lambda: response(lambda image: ndimage.uniform_filter(image, 7), 7),
    "gaussian": lambda: bell(5, 1.1),
    "gaussian:21": lambda: bell(21, opencv_sigma(21)),
    "gaussian:15,2": lambda: smoothed((0, 0), 15, 2),
    "motion": lambda: table("0; 0; 0; 0; 1; 0; 0; 0; 0") * np.full(9, 1 / 9),
    "motion:9,45": lambda: along_a_line(9, 45),
    "motion:7,20": lambda: along_a_line(7, 20),
    "tent": lambda: table("1 2 1; 2 4 2; 1 2 1") / 16,
    "tent:9": lambda: averaged(np.outer(windows.triang(9), windows.triang(9))),
    "square": lambda: averaged(cv2.getStructuringElement(cv2.MORPH_RECT, (3, 3)).astype(float)),
    "rectangle": lambda: response(lambda image: cv2.blur(image, (5, 3)), 3, 5),
    "plus": lambda: averaged(cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3)).astype(float)),
    "plus:7": lambda: averaged(cv2.getStructuringElement(cv2.MORPH_CROSS, (7, 7)).astype(float)),
    "cross": lambda: table("1 0 1; 0 1 0; 1 0 1") / 5,
    "cross:5": lambda: averaged(np.maximum(np.eye(5), np.eye(5)[::-1])),
    "diamond": lambda: averaged(morphology.diamond(2).astype(float)),
    "diamond:9": lambda: averaged(morphology.diamond(4).astype(float)),
    "octagon": lambda: averaged(morphology.octagon(3, 2).astype(float)),
    "octagon:5": lambda: averaged(morphology.octagon(3, 1).astype(float)),
    "octagon:15": lambda: averaged(morphology.octagon(7, 4).astype(float)),
    "disk": lambda: averaged(morphology.disk(3, strict_radius=False).astype(float)),
    "disk:15": lambda: averaged(morphology.disk(7, strict_radius=False).astype(float)),
    "ring": lambda: averaged(
        morphology.disk(3, strict_radius=False)
        - np.pad(morphology.disk(2, strict_radius=False), 1).astype(float)
    ),
    "ring:9,3": lambda: averaged(
        morphology.disk(4, strict_radius=False)
        - np.pad(morphology.disk(1, strict_radius=False), 3).astype(float)
    ),
    # first derivatives
    "difference-x": lambda: response(lambda image: np.diff(image, append=0), 3)[1:2, 1:],
    "difference-y": lambda: response(lambda image: np.diff(image, axis=0, append=0), 3)[1:, 1:2],
    "gradient-x": lambda: 2 * response(lambda image: np.gradient(image, axis=1), 1, 3),
    "gradient-y": lambda: 2 * response(lambda image: np.gradient(image, axis=0), 3, 1),
    "sobel-x": lambda: response(lambda image: ndimage.sobel(image, 1), 3),
    "sobel-y": lambda: response(lambda image: ndimage.sobel(image, 0), 3),
    "sobel-x:7": lambda: deriv(1, 0, 7),
    "sobel-y:31": lambda: deriv(0, 1, 31),
    "sobel-ne": lambda: table("0 1 2; -1 0 1; -2 -1 0"),
    "sobel-se": lambda: table("-2 -1 0; -1 0 1; 0 1 2"),
    "prewitt-x": lambda: response(lambda image: ndimage.prewitt(image, 1), 3),
    "prewitt-y": lambda: response(lambda image: ndimage.prewitt(image, 0), 3),
    "prewitt-x:5": lambda: plane_fit(5),
    "prewitt-y:9": lambda: plane_fit(9).T,
    "prewitt-ne": lambda: table("0 1 1; -1 0 1; -1 -1 0"),
    "prewitt-se": lambda: table("-1 -1 0; -1 0 1; 0 1 1"),
    "scharr-x": lambda: deriv(1, 0, cv2.FILTER_SCHARR),
    "scharr-y": lambda: deriv(0, 1, cv2.FILTER_SCHARR),
    "farid-x": lambda: response(filters.farid_v, 5),
    "farid-y": lambda: response(filters.farid_h, 5),
    "roberts-x": lambda: response(filters.roberts_pos_diag, 3)[1:, 1:],
    "roberts-y": lambda: response(filters.roberts_neg_diag, 3)[1:, 1:],
    "gaussian-x": lambda: smoothed((0, 1), 7, opencv_sigma(7)),
    "gaussian-y:15,2": lambda: smoothed((1, 0), 15, 2),
    "haar-sum": lambda: np.outer(linalg.hadamard(2)[0], linalg.hadamard(2)[0]) / 2,
    "haar-x": lambda: -np.outer(linalg.hadamard(2)[0], linalg.hadamard(2)[1]) / 2,
    "haar-y": lambda: -np.outer(linalg.hadamard(2)[1], linalg.hadamard(2)[0]) / 2,
    "haar-xy": lambda: np.outer(linalg.hadamard(2)[1], linalg.hadamard(2)[1]) / 2,
    # second derivatives
    "laplacian": lambda: response(ndimage.laplace, 3),
    "laplacian:8": lambda: ndimage.generate_binary_structure(2, 2) - 9 * one(3),
    "edge": lambda: 9 * one(3) - ndimage.generate_binary_structure(2, 2),
    "ridge": lambda: table("0 -1 0; -1 4 -1; 0 -1 0"),
    "ridge:8": lambda: table("-1 -1 -1; -1 8 -1; -1 -1 -1"),
    "hessian-xx": lambda: response(lambda im: ndimage.correlate1d(im, (1, -2, 1), 1), 1, 3),
    "hessian-yy": lambda: response(lambda im: ndimage.correlate1d(im, (1, -2, 1), 0), 3, 1),
    "hessian-xy": lambda: response(lambda im: np.gradient(np.gradient(im, axis=0), axis=1), 3),
    "dog": lambda: bell(9, 1) - bell(9, 1.6),
    "dog:15,1,3": lambda: smoothed((0, 0), 15, 1) - smoothed((0, 0), 15, 3),
    "log": lambda: centred_log(9, 1.4),
    "log:25,2": lambda: centred_log(25, 2),
    "mexican-hat": lambda: table(
        "0 0 -1 0 0; 0 -1 -2 -1 0; -1 -2 16 -2 -1; 0 -1 -2 -1 0; 0 0 -1 0 0"
    ),
    "mexican-hat:9": lambda: table(
        "0 -1 -1 -2 -2 -2 -1 -1 0; -1 -2 -4 -5 -5 -5 -4 -2 -1; -1 -4 -5 -3 0 -3 -5 -4 -1;"
        "-2 -5 -3 12 24 12 -3 -5 -2; -2 -5 0 24 40 24 0 -5 -2; -2 -5 -3 12 24 12 -3 -5 -2;"
        "-1 -4 -5 -3 0 -3 -5 -4 -1; -1 -2 -4 -5 -5 -5 -4 -2 -1; 0 -1 -1 -2 -2 -2 -1 -1 0"
    ),
    "line-h": lambda: table("-1 -1 -1; 2 2 2; -1 -1 -1"),
    "line-v": lambda: table("-1 2 -1; -1 2 -1; -1 2 -1"),
    "line-45": lambda: table("-1 -1 2; -1 2 -1; 2 -1 -1"),
    "line-135": lambda: table("2 -1 -1; -1 2 -1; -1 -1 2"),
    # textures
    "gabor": lambda: cv2.getGaborKernel((15, 15), 2.8, 0, 5, 0.5, 0, cv2.CV_64F),
    "gabor:21,30": lambda: cv2.getGaborKernel(
        (21, 21), 3.92, np.radians(-30), 7, 0.5, 0, cv2.CV_64F
    ),
    "gabor:11,135,5,2.5,0.7,30": lambda: cv2.getGaborKernel(
        (11, 11), 2.5, np.radians(-135), 5, 0.7, np.radians(-30), cv2.CV_64F
    ),
    "schmid": lambda: rings(49, 10, 3),
    "schmid:49,2,1": lambda: rings(49, 2, 1),
    "schmid:49,10,4": lambda: rings(49, 10, 4),
    # image to image
    "identity": lambda: one(3),
    "sharpen": lambda: one(3) - response(ndimage.laplace, 3),
    "sharpen:8": lambda: table("-1 -1 -1; -1 9 -1; -1 -1 -1"),
    "high-pass": lambda: table("-1 -1 -1; -1 8 -1; -1 -1 -1") / 9,
    "high-pass:7": lambda: response(lambda image: image - ndimage.uniform_filter(image, 7), 7),
    "unsharp": lambda: 2 * one(5) - bell(5, 1),
    "unsharp:15,2,0.5": lambda: 1.5 * one(15) - 0.5 * smoothed((0, 0), 15, 2),
    "unsharp-binomial": lambda: (
        table("1 4 6 4 1; 4 16 24 16 4; 6 24 -476 24 6; 4 16 24 16 4; 1 4 6 4 1") / -256
    ),
}


def centred_log(size: int, sigma: float) -> Array:
    """Return the Laplacian of the sampled Gaussian by its formula, cell by cell, sum 0."""
    half = size // 2
    squares = [[(i - half) ** 2 + (j - half) ** 2 for j in range(size)] for i in range(size)]
    bells = np.array([[exp(-s / (2 * sigma**2)) for s in row] for row in squares])
    bends = np.array([[(s - 2 * sigma**2) / sigma**4 for s in row] for row in squares])
    values = bells / bells.sum() * bends
    return values - values.mean()


def _families() -> dict[str, Array]:
    """Return the kernels that come in sets: the compasses, Frei and Chen's and Laws's masks."""
    found = {}
    masks = {
        "kirsch": ("5 5 5; -3 0 -3; -3 -3 -3", "-3 5 5; -3 0 5; -3 -3 -3"),
        "compass": ("1 2 1; 0 0 0; -1 -2 -1", "0 1 2; -1 0 1; -2 -1 0"),
        "compass-3": ("1 1 1; 0 0 0; -1 -1 -1", "0 1 1; -1 0 1; -1 -1 0"),
        "compass-prewitt": ("1 1 1; 1 -2 1; -1 -1 -1", "1 1 1; -1 -2 1; -1 -1 1"),
        "emboss": ("1 2 1; 0 1 0; -1 -2 -1", "0 1 2; -1 1 1; -2 -1 0"),
    }
    for name, (north, north_east) in masks.items():
        turns = compass(north, north_east)
        found |= {f"{name}:{direction}": mask for direction, mask in turns.items()}
    two = sqrt(2)
    edge, smooth, bend = (1, 0, -1), (1, two, 1), (1, -2, 1)
    frei_chen = (
        np.outer(edge, smooth) / sqrt(8),
        np.outer(smooth, edge) / sqrt(8),
        np.array([[0, -1, two], [1, 0, -1], [-two, 1, 0]]) / sqrt(8),
        np.array([[two, -1, 0], [-1, 0, 1], [0, 1, -two]]) / sqrt(8),
        table("0 1 0; -1 0 -1; 0 1 0") / 2,
        -np.outer(edge, edge) / 2,
        np.outer(bend, bend) / 6,
        table("-2 1 -2; 1 4 1; -2 1 -2") / 6,
        np.ones((3, 3)) / 3,
    )
    found |= {f"frei-chen:{i}": mask for i, mask in enumerate(frei_chen, 1)}
    level, slope, spot = (1, 2, 1), (-1, 0, 1), (-1, 2, -1)
    laws = {
        "l5": np.convolve(level, level),
        "e5": np.convolve(level, slope),
        "s5": np.convolve(level, spot),
        "w5": -np.convolve(slope, spot),
        "r5": np.convolve(spot, spot),
    }
    found |= {f"laws:{a},{b}": np.outer(laws[a], laws[b]) for a in laws for b in laws}
    nevatia_babu = (
        "-100 -100 0 100 100; -100 -100 0 100 100; -100 -100 0 100 100;"
        "-100 -100 0 100 100; -100 -100 0 100 100",
        "-100 32 100 100 100; -100 -78 92 100 100; -100 -100 0 100 100;"
        "-100 -100 -92 78 100; -100 -100 -100 -32 100",
        "100 100 100 100 100; -32 78 100 100 100; -100 -92 0 92 100;"
        "-100 -100 -100 -78 32; -100 -100 -100 -100 -100",
        "100 100 100 100 100; 100 100 100 100 100; 0 0 0 0 0;"
        "-100 -100 -100 -100 -100; -100 -100 -100 -100 -100",
        "100 100 100 100 100; 100 100 100 78 -32; 100 92 0 -92 -100;"
        "32 -78 -100 -100 -100; -100 -100 -100 -100 -100",
        "100 100 100 32 -100; 100 100 92 -78 -100; 100 100 0 -100 -100;"
        "100 78 -92 -100 -100; 100 -32 -100 -100 -100",
    )
    for i, mask in enumerate(nevatia_babu):
        found |= {f"nevatia-babu:{30 * i}": table(mask)}
        found |= {f"nevatia-babu:{30 * i + 180}": 0 - table(mask)}
    return found


EXPECTED |= {typed: lambda mask=mask: mask for typed, mask in _families().items()}
