"""Colour to gray, by the four formulas in use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cnnviz.errors import SpecError
from cnnviz.files import check_bytes

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Weights of red, green and blue: ITU-R BT.601-7 section 2.5.1, BT.709-6 item 3.2.
LUMA = {
    "average": (1 / 3, 1 / 3, 1 / 3),
    "luma601": (0.299, 0.587, 0.114),
    "luma709": (0.2126, 0.7152, 0.0722),
}
FORMULAS = (*LUMA, "linear")
_STRIP = 1 << 17  # values of whole numbers that are floats at a time


def to_gray(pixels: NDArray[Any], formula: str = "luma601") -> NDArray[Any]:
    """Return an image with one channel.

    Parameters
    ----------
    pixels : ndarray, (H, W), (H, W, 1) or (H, W, 3)
        On the 0-255 scale; batches (N, H, W, C) too.
    formula : "average", "luma601", "luma709" or "linear"
        `linear` weights light, not code values: sRGB is expanded (IEC 61966-2-1), weighted as in
        Rec. 709 and compressed again.

    Returns
    -------
    ndarray, (H, W, 1)
        In the precision of `pixels` (float32 for integers); one channel comes back as it is.

    Raises
    ------
    SpecError
        For another formula or number of channels.

    >>> to_gray(np.array([[[100.0, 0.0, 0.0]]])).round(3).tolist()
    [[[29.9]]]
    """
    check_formula(formula)
    if pixels.ndim == 2:
        return pixels[..., np.newaxis]
    channels = pixels.shape[-1]
    if channels == 1:
        return pixels
    if channels != 3:
        raise SpecError(f"gray needs 1 or 3 channels, the image has {channels}")
    if pixels.dtype.kind == "f":
        check_bytes(pixels.size * (28 if formula == "linear" else 8), "the gray image")
        return _gray(pixels, formula)
    check_bytes(pixels.nbytes + 4 * pixels.size // 3, "the gray image")
    gray = np.empty((*pixels.shape[:-1], 1), np.float32)
    step = max(1, _STRIP // pixels[0].size)
    for y in range(0, len(pixels), step):
        gray[y : y + step] = _gray(pixels[y : y + step].astype(np.float32), formula)
    return gray


def check_formula(formula: str) -> None:
    """Raise `SpecError` for another formula."""
    if formula not in FORMULAS:
        raise SpecError(f"gray formula {formula!r} is not one of {', '.join(FORMULAS)}")


def _gray(pixels: NDArray[Any], formula: str) -> NDArray[Any]:
    if formula == "linear":
        return compress(_weigh(_expand(pixels), LUMA["luma709"]))
    return _weigh(pixels, LUMA[formula])


def _weigh(pixels: NDArray[Any], weights: tuple[float, float, float]) -> NDArray[Any]:
    result: NDArray[Any] = pixels @ np.array(weights, pixels.dtype)[:, np.newaxis]
    return result


def _expand(pixels: NDArray[Any]) -> NDArray[Any]:
    """sRGB code values (0-255) to light (0-1); odd in the sign, for values out of range."""
    if pixels.size > 256 and pixels.min() >= 0 and pixels.max() <= 255:
        codes = pixels.astype(np.uint8)
        if np.array_equal(codes, pixels):  # a table is eight times as fast as powers
            table: NDArray[Any] = _expand(np.arange(256, dtype=pixels.dtype))[codes]
            return table
    v = np.abs(pixels) / 255
    light = np.where(v <= 0.04045, v / 12.92, ((v + 0.055) / 1.055) ** 2.4)
    result: NDArray[Any] = np.copysign(light, pixels).astype(pixels.dtype, copy=False)
    return result


def compress(light: NDArray[Any]) -> NDArray[Any]:
    """Light (0-1) to sRGB code values (0-255), the inverse of `_expand`."""
    v = np.abs(light)
    code = np.where(v <= 0.0031308, v * 12.92, 1.055 * v ** (1 / 2.4) - 0.055)
    result: NDArray[Any] = np.copysign(255 * code, light).astype(light.dtype, copy=False)
    return result
