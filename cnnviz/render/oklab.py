"""OKLab, in which equal distances look equally large (B. Ottosson, 2020, "A perceptual color
space for image processing"), to and from 8-bit sRGB.
"""

from __future__ import annotations

import numpy as np

_TO_RGB = np.array(
    [
        [4.0767416621, -3.3077115913, 0.2309699292],
        [-1.2684380046, 2.6097574011, -0.3413193965],
        [-0.0041960863, -0.7034186147, 1.7076147010],
    ]
)
_TO_LMS = np.array(
    [
        [1.0, 0.3963377774, 0.2158037573],
        [1.0, -0.1055613458, -0.0638541728],
        [1.0, -0.0894841775, -1.2914855480],
    ]
)


def to_srgb(lab: np.ndarray) -> np.ndarray:
    """Return OKLab rows `(N, 3)` as 8-bit sRGB; what sRGB cannot show is clipped.

    >>> to_srgb(np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 0.0]])).tolist()
    [[255, 255, 255], [0, 0, 0]]
    """
    linear = np.clip(((lab @ _TO_LMS.T) ** 3) @ _TO_RGB.T, 0, 1)
    gamma = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    table: np.ndarray = np.round(255 * gamma).astype(np.uint8)
    return table


def from_srgb(colours: np.ndarray) -> np.ndarray:
    """Return 8-bit sRGB rows `(N, 3)` in OKLab, float64: lightness 0 to 1, then the two hues.

    >>> from_srgb(np.array([[255, 0, 0]])).round(3).tolist()
    [[0.628, 0.225, 0.126]]
    """
    gamma = np.asarray(colours) / 255
    linear = np.where(gamma <= 0.04045, gamma / 12.92, ((gamma + 0.055) / 1.055) ** 2.4)
    lms = np.cbrt(linear @ np.linalg.inv(_TO_RGB).T)
    lab: np.ndarray = lms @ np.linalg.inv(_TO_LMS).T
    return lab
