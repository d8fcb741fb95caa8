"""Colour spaces to RGB by the formulas of their standards, in floating point."""

from __future__ import annotations

import numpy as np


def on_white(colour: np.ndarray, alpha: np.ndarray, white: int = 255) -> np.ndarray:
    """Lay (H, W, C) or (H, W) colour over white, rounded to whole levels."""
    share = alpha.astype(float)[..., None] / white
    colour = colour.reshape(*alpha.shape, -1)
    return np.floor(colour * share + white * (1 - share) + 0.5)


def cmyk_to_rgb(cmyk: np.ndarray, white: int = 255) -> np.ndarray:
    ink, black = cmyk[..., :3].astype(float), cmyk[..., 3:].astype(float)
    return (white - ink) * (white - black) / white


def ycbcr_to_rgb(ycbcr: np.ndarray) -> np.ndarray:
    """ITU-T T.871 (JFIF) section 7: Rec. 601 in full range."""
    y, cb, cr = np.moveaxis(ycbcr.astype(float), -1, 0)
    cb, cr = cb - 128, cr - 128
    rgb = [y + 1.402 * cr, y - 0.344136 * cb - 0.714136 * cr, y + 1.772 * cb]
    return np.clip(np.stack(rgb, axis=-1), 0, 255)


def lab_to_rgb(lab: np.ndarray) -> np.ndarray:
    """CIE 1976 L*a*b* of D50, in the bytes of TIFF 6.0 section 23, to sRGB by scikit-image."""
    from skimage.color import lab2xyz, xyz2rgb

    signed = lab[..., 1:].astype(np.int8).astype(float)
    xyz = lab2xyz(np.dstack([lab[..., 0] / 2.55, signed]), illuminant="D50")
    # Bradford's adaptation of D50 to D65, in Lindbloom's figures.
    bradford = [
        [0.9555766, -0.0230393, 0.0631636],
        [-0.0282895, 1.0099416, 0.0210077],
        [0.0122982, -0.0204830, 1.3299098],
    ]
    return 255 * xyz2rgb(xyz @ np.array(bradford).T)
