"""What each kernel of another tool must be: from that tool itself, or what it documents.

`EXPECTED` has a kernel as it is typed -> a function that works out its coefficients with nothing of
cnnviz, in correlation order. Pillow's are compared by what they do to an image: `PILLOW`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from kernels_expected import Array, bell, deriv, response, table
from PIL import ImageFilter
from skimage import filters

PILLOW = {
    "pillow:blur": ImageFilter.BLUR,
    "pillow:contour": ImageFilter.CONTOUR,
    "pillow:detail": ImageFilter.DETAIL,
    "pillow:edge-enhance": ImageFilter.EDGE_ENHANCE,
    "pillow:edge-enhance-more": ImageFilter.EDGE_ENHANCE_MORE,
    "pillow:emboss": ImageFilter.EMBOSS,
    "pillow:find-edges": ImageFilter.FIND_EDGES,
    "pillow:sharpen": ImageFilter.SHARPEN,
    "pillow:smooth": ImageFilter.SMOOTH,
    "pillow:smooth-more": ImageFilter.SMOOTH_MORE,
}


def by_opencv(call: Callable[..., Array], *args: object, size: int, **kwargs: object) -> Array:
    return response(lambda image: call(image, *args, **kwargs), size)


def gabor(size: int, sigma: float, theta: float, lambd: float, gamma: float, psi: float) -> Array:
    values = cv2.getGaborKernel((size, size), sigma, theta, lambd, gamma, psi, cv2.CV_64F)
    return response(lambda image: cv2.filter2D(image, cv2.CV_64F, values), size)


def by_skimage(call: Callable[..., Array], size: int, **kwargs: object) -> Array:
    return response(lambda image: call(image, **kwargs), size)


OPENCV: dict[str, Callable[[], Array]] = {
    "opencv:box": lambda: by_opencv(cv2.blur, (3, 3), size=3),
    "opencv:box:9": lambda: by_opencv(cv2.blur, (9, 9), size=9),
    "opencv:gabor": lambda: gabor(21, 4, 0, 10, 0.5, np.pi / 2),
    "opencv:gabor:11,2.5,0.7,5,0.8,0.3": lambda: gabor(11, 2.5, 0.7, 5, 0.8, 0.3),
    "opencv:laplacian": lambda: by_opencv(cv2.Laplacian, cv2.CV_64F, size=3),
    "opencv:scharr": lambda: by_opencv(cv2.Scharr, cv2.CV_64F, 1, 0, size=3),
    "opencv:scharr:0,1": lambda: by_opencv(cv2.Scharr, cv2.CV_64F, 0, 1, size=3),
    "opencv:sobel": lambda: by_opencv(cv2.Sobel, cv2.CV_64F, 1, 0, size=3),
    "opencv:gaussian": lambda: by_opencv(cv2.GaussianBlur, (5, 5), 0, size=5),
}
for size in (1, 3, 5, 7, 9, 11, 31):
    for sigma in (0, 1.5):
        OPENCV[f"opencv:gaussian:{size},{sigma}"] = lambda size=size, sigma=sigma: by_opencv(
            cv2.GaussianBlur, (size, size), sigma, size=size
        )
for size in (1, 3, 5, 7, 31):
    OPENCV[f"opencv:laplacian:{size}"] = lambda size=size: by_opencv(
        cv2.Laplacian, cv2.CV_64F, ksize=size, size=max(size, 3)
    )
    for dx, dy in ((1, 0), (0, 1), (1, 1), (2, 0), (0, 2)):
        OPENCV[f"opencv:sobel:{dx},{dy},{size}"] = lambda dx=dx, dy=dy, size=size: deriv(
            dx, dy, size
        )
OPENCV["opencv:sobel:3,1,5"] = lambda: by_opencv(cv2.Sobel, cv2.CV_64F, 3, 1, ksize=5, size=5)

SKIMAGE: dict[str, Callable[[], Array]] = {
    f"scikit-image:{name}": lambda name=name: by_skimage(
        getattr(filters, name.replace("-", "_")), 5 if "farid" in name else 3
    )
    for name in (
        *("farid-h", "farid-v", "prewitt-h", "prewitt-v", "scharr-h", "scharr-v"),
        *("sobel-h", "sobel-v", "laplace"),
    )
} | {
    "scikit-image:roberts-pos-diag": lambda: by_skimage(filters.roberts_pos_diag, 3)[1:, 1:],
    "scikit-image:roberts-neg-diag": lambda: by_skimage(filters.roberts_neg_diag, 3)[1:, 1:],
    "scikit-image:gaussian": lambda: by_skimage(filters.gaussian, 9),
    "scikit-image:gaussian:2.3": lambda: by_skimage(filters.gaussian, 19, sigma=2.3),
    "scikit-image:difference-of-gaussians": lambda: by_skimage(
        filters.difference_of_gaussians, 13, low_sigma=1
    ),
    "scikit-image:difference-of-gaussians:2,3": lambda: by_skimage(
        filters.difference_of_gaussians, 25, low_sigma=2, high_sigma=3
    ),
    "scikit-image:unsharp-mask": lambda: by_skimage(filters.unsharp_mask, 9, preserve_range=True),
    "scikit-image:unsharp-mask:2,0.5": lambda: by_skimage(
        filters.unsharp_mask, 17, radius=2, amount=0.5, preserve_range=True
    ),
}

SETOSA = {
    "setosa:blur": "0.0625 0.125 0.0625; 0.125 0.25 0.125; 0.0625 0.125 0.0625",
    "setosa:bottom-sobel": "-1 -2 -1; 0 0 0; 1 2 1",
    "setosa:emboss": "-2 -1 0; -1 1 1; 0 1 2",
    "setosa:identity": "0 0 0; 0 1 0; 0 0 0",
    "setosa:left-sobel": "1 0 -1; 2 0 -2; 1 0 -1",
    "setosa:outline": "-1 -1 -1; -1 8 -1; -1 -1 -1",
    "setosa:right-sobel": "-1 0 1; -2 0 2; -1 0 1",
    "setosa:sharpen": "0 -1 0; -1 5 -1; 0 -1 0",
    "setosa:top-sobel": "1 2 1; 0 0 0; -1 -2 -1",
}

# What MATLAB documents or prints with four decimals; the test allows for the rounding.
MATLAB = {
    "matlab:average": "0.1111 0.1111 0.1111; 0.1111 0.1111 0.1111; 0.1111 0.1111 0.1111",
    "matlab:disk:1": "0.0251 0.1453 0.0251; 0.1453 0.3183 0.1453; 0.0251 0.1453 0.0251",
    "matlab:disk:2": "0 0.0170 0.0381 0.0170 0; 0.0170 0.0784 0.0796 0.0784 0.0170;"
    "0.0381 0.0796 0.0796 0.0796 0.0381; 0.0170 0.0784 0.0796 0.0784 0.0170;"
    "0 0.0170 0.0381 0.0170 0",
    "matlab:gaussian": "0.0113 0.0838 0.0113; 0.0838 0.6193 0.0838; 0.0113 0.0838 0.0113",
    "matlab:gaussian:5": "0 0 0.0002 0 0; 0 0.0113 0.0837 0.0113 0; 0.0002 0.0837 0.6187 0.0837"
    " 0.0002; 0 0.0113 0.0837 0.0113 0; 0 0 0.0002 0 0",
    "matlab:gaussian:5,1.5": "0.0144 0.0281 0.0351 0.0281 0.0144; 0.0281 0.0547 0.0683 0.0547"
    " 0.0281; 0.0351 0.0683 0.0853 0.0683 0.0351; 0.0281 0.0547 0.0683 0.0547 0.0281;"
    "0.0144 0.0281 0.0351 0.0281 0.0144",
    "matlab:laplacian": "0.1667 0.6667 0.1667; 0.6667 -3.3333 0.6667; 0.1667 0.6667 0.1667",
    "matlab:laplacian:0": "0 1 0; 1 -4 1; 0 1 0",
    "matlab:log": "0.0448 0.0468 0.0564 0.0468 0.0448; 0.0468 0.3167 0.7146 0.3167 0.0468;"
    "0.0564 0.7146 -4.9048 0.7146 0.0564; 0.0468 0.3167 0.7146 0.3167 0.0468;"
    "0.0448 0.0468 0.0564 0.0468 0.0448",
    "matlab:motion": "0.1111 0.1111 0.1111 0.1111 0.1111 0.1111 0.1111 0.1111 0.1111",
    "matlab:motion:3,45": "0 0.0754 0.1883; 0.0754 0.3215 0.0754; 0.1883 0.0754 0",
    "matlab:motion:3,90": "0.3333; 0.3333; 0.3333",
    "matlab:prewitt": "1 1 1; 0 0 0; -1 -1 -1",
    "matlab:sobel": "1 2 1; 0 0 0; -1 -2 -1",
    "matlab:unsharp": "-0.1667 -0.6667 -0.1667; -0.6667 4.3333 -0.6667; -0.1667 -0.6667 -0.1667",
}


def recorded(file: str) -> dict[str, np.ndarray]:
    """Return what a tool printed, by the name that it was asked for; a cell it leaves out is 0."""
    text = (Path(__file__).parent / "data" / file).read_text(encoding="utf-8")
    blocks: dict[str, list[list[float]]] = {}
    for line in text.splitlines():
        if line[0].isalpha():
            rows = blocks.setdefault(line.lower(), [])
        elif line[0] != "#":
            rows.append([0.0 if cell == "." else float(cell) for cell in line.split()])
    return {name: np.array(rows) for name, rows in blocks.items()}


def imagemagick() -> dict[str, Callable[[], Array]]:
    """Return what ImageMagick printed: it convolves with it, so turned by 180 degrees here.

    Zeros make the first cell of a Comet, its origin, the middle.
    """
    found = {}
    for name, printed in recorded("imagemagick.txt").items():
        typed = f"imagemagick:{name}"
        if ":comet" in typed:
            axis, end = printed.shape.index(1) ^ 1, printed[0, 0] < printed[-1, -1]
            pads = [(0, 0), (0, 0)]
            pads[axis] = (0, printed.size - 1) if end else (printed.size - 1, 0)
            printed = np.pad(printed, pads)
        found[typed] = lambda printed=printed: printed[::-1, ::-1]
    return found


IMAGEMAGICK = imagemagick() | {
    "imagemagick:unity": lambda: np.ones((1, 1)),
    "imagemagick:blur": lambda: imagemagick()["imagemagick:blur:0,1"](),
    "imagemagick:gaussian:7,20": lambda: bell(15, 20),
}
EXPECTED = OPENCV | SKIMAGE | IMAGEMAGICK
EXPECTED |= {text: lambda rows=rows: table(rows) for text, rows in (SETOSA | MATLAB).items()}
