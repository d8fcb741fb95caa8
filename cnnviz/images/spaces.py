"""Colour spaces to RGB by their formulas, rounded once.

Pillow's own way from CIELab, through a table of Little CMS, is off by up to four levels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cnnviz.images.gray import compress

if TYPE_CHECKING:
    from numpy.typing import NDArray

_D50 = np.array([0.9642, 1.0, 0.8251])  # ICC.1:2022, 7.2.16
# XYZ of D50 to linear sRGB (IEC 61966-2-1 after Bradford's adaptation to D65).
_TO_RGB = np.array(
    [
        [3.1338561, -1.6168667, -0.4906146],
        [-0.9787684, 1.9161415, 0.0334540],
        [0.0719453, -0.2289914, 1.4052427],
    ]
)


def cmyk_to_rgb(values: NDArray[np.uint32], white: int) -> NDArray[np.uint32]:
    """Return what light four inks let through, each as if it were ideal."""
    ink, black = values[..., :-1], values[..., -1:]
    return ((white - ink) * (white - black) + white // 2) // white


def lab_to_rgb(values: NDArray[np.uint32], white: int) -> NDArray[np.uint32]:
    """Return 8-bit sRGB of L* (0-255 for 0-100), a* and b* (two's complement); TIFF 6.0, 23."""
    lightness = values[..., 0] * (100 / white)
    signed = (values[..., 1:] ^ 128).astype(np.float64) - 128
    fy = (lightness + 16) / 116
    f = np.stack([fy + signed[..., 0] / 500, fy, fy - signed[..., 1] / 200], axis=-1)
    xyz = np.where(f > 6 / 29, f**3, (f - 4 / 29) * (108 / 841)) * _D50
    light = np.clip(xyz @ _TO_RGB.T, 0, 1)
    return (compress(light) + 0.5).astype(np.uint32)
