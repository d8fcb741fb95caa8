"""The linear filters of scikit-image, scaled as there.

Matched: `skimage.filters.sobel_v(image)` and so on. The library convolves; its tables turned by 180
degrees point as this library's: positive where it is brighter to the right, or below.
"""

from __future__ import annotations

import numpy as np

from cnnviz.errors import SpecError
from cnnviz.kernels import farid, prewitt, roberts, scharr, sobel
from cnnviz.kernels._entry import Array, Entry, Number
from cnnviz.kernels.gaussian import gaussian as bell
from cnnviz.kernels.ridge import ridge
from cnnviz.kernels.unsharp import beyond

SOURCE = "scikit-image, filters"
ACROSS = "vertical edges; positive where it is brighter to the right"
DOWN = "horizontal edges; positive where it is brighter below"
LARGEST_SIGMA = 100


def gaussian(sigma: float) -> Array:
    """Return the Gaussian average out to four times sigma."""
    return bell(2 * int(4 * sigma + 0.5) + 1, sigma)


def difference_of_gaussians(low: float, high: float | None) -> Array:
    """Return the narrow Gaussian minus the wide one."""
    high = 1.6 * low if high is None else high
    if high < low:
        raise SpecError(f"high {high:g} is smaller than low {low:g}")
    narrow, wide = gaussian(low), gaussian(high)
    return np.pad(narrow, (len(wide) - len(narrow)) // 2) - wide


def _sigma(name: str, default: float | None) -> Number:
    return Number(name, default, 0.05, LARGEST_SIGMA)


KERNELS = (
    Entry(
        "scikit-image:difference-of-gaussians",
        difference_of_gaussians,
        "details between two sizes; HIGH is 1.6 LOW",
        f"{SOURCE}.difference_of_gaussians",
        (_sigma("low", 1), _sigma("high", None)),
    ),
    Entry("scikit-image:farid-h", lambda: farid.x().T.copy(), DOWN, f"{SOURCE}.farid_h"),
    Entry("scikit-image:farid-v", farid.x, ACROSS, f"{SOURCE}.farid_v"),
    Entry(
        "scikit-image:gaussian",
        gaussian,
        "Gaussian blur, an average out to 4 SIGMA",
        f"{SOURCE}.gaussian",
        (_sigma("sigma", 1),),
    ),
    Entry(
        "scikit-image:laplace",
        lambda: ridge("4"),
        "second derivative with its sign turned; positive in bright ridges",
        f"{SOURCE}.laplace",
    ),
    Entry(
        "scikit-image:prewitt-h", lambda: prewitt.x().T.copy(), DOWN, f"{SOURCE}.prewitt_h", scale=3
    ),
    Entry("scikit-image:prewitt-v", prewitt.x, ACROSS, f"{SOURCE}.prewitt_v", scale=3),
    Entry(
        "scikit-image:roberts-neg-diag",
        roberts.y,
        "fine edges; positive where it is brighter to the lower left",
        f"{SOURCE}.roberts_neg_diag",
    ),
    Entry(
        "scikit-image:roberts-pos-diag",
        roberts.x,
        "fine edges; positive where it is brighter to the lower right",
        f"{SOURCE}.roberts_pos_diag",
    ),
    Entry(
        "scikit-image:scharr-h", lambda: scharr.x().T.copy(), DOWN, f"{SOURCE}.scharr_h", scale=16
    ),
    Entry("scikit-image:scharr-v", scharr.x, ACROSS, f"{SOURCE}.scharr_v", scale=16),
    Entry("scikit-image:sobel-h", lambda: sobel.x().T.copy(), DOWN, f"{SOURCE}.sobel_h", scale=4),
    Entry("scikit-image:sobel-v", sobel.x, ACROSS, f"{SOURCE}.sobel_v", scale=4),
    Entry(
        "scikit-image:unsharp-mask",
        lambda radius, amount: beyond(gaussian(radius), amount),
        "sharper image; RADIUS is the sigma of the blur",
        f"{SOURCE}.unsharp_mask",
        (_sigma("radius", 1), Number("amount", 1, 0, 100)),
    ),
)
