"""Pillow's modes to arrays, each by a stated rule."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL.Image import Image

_GRAY = ("1", "L", "LA", "La")
_TIFF_BITS, _TIFF_PHOTOMETRIC = 258, 262


def values_of(image: Image, alpha: str) -> tuple[NDArray[Any], int | None, tuple[str, ...]]:
    """Return (H, W, C) values, the value of white (None if unknown), and notes.

    =====================================  ================================================
    mode                                   result
    =====================================  ================================================
    1, L                                   gray, 8 bits; 1-bit white is 255
    P, RGB, RGBX, CMYK, YCbCr, LAB, HSV    colour, 8 bits, by Pillow's conversion to RGB
    LA, La, PA, RGBA, RGBa, transparency   the same after alpha is composited, dropped or kept
    I;16 and its byte orders               gray, white is 65535 (4095 in a 12-bit TIFF)
    I                                      gray; white is 65535 from PNG and PPM, else unknown
    F                                      gray, white is unknown
    =====================================  ================================================
    """
    if image.mode.startswith("I") or image.mode == "F":
        return _deep(image, alpha)
    gray = image.mode in _GRAY
    if not image.has_transparency_data:
        return _planes(_converted(image, "L" if gray else "RGB")), 255, ()
    values = _planes(_converted(image, "LA" if gray else "RGBA"))
    return _without_alpha(values, alpha)


def _deep(image: Image, alpha: str) -> tuple[NDArray[Any], int | None, tuple[str, ...]]:
    """More than 8 bits; Pillow has them only in gray."""
    values = _planes(image)
    white: int | None = None
    if image.mode.startswith("I;16") or (image.mode == "I" and image.format in ("PNG", "PPM")):
        white = 65535
    tags = getattr(image, "tag_v2", {})
    if white and tags.get(_TIFF_BITS) == (12,):
        white = 4095
    if white and tags.get(_TIFF_PHOTOMETRIC) == 0:
        values = white - values  # WhiteIsZero, which Pillow inverts only up to 8 bits
    key = image.info.get("transparency")
    if not white or not isinstance(key, int) or alpha == "drop":
        return values, white, ()
    opaque = values != key
    if alpha == "channel":
        return np.concatenate([values, opaque * values.dtype.type(white)], axis=2), white, ()
    return np.where(opaque, values, white), white, ("alpha composited on white",)


def _without_alpha(values: NDArray[Any], alpha: str) -> tuple[NDArray[Any], int, tuple[str, ...]]:
    colour, a = values[..., :-1], values[..., -1:]
    if alpha == "channel":
        return values, 255, ()
    if a.min() == 255:
        return colour, 255, ()
    if alpha == "drop":
        return colour, 255, ("alpha dropped",)
    # Rounded to whole levels, as every viewer shows it; 255 * 255 + 127 fits 16 bits.
    a = a.astype(np.uint16)
    blend = (colour * a + (255 - a) * 255 + 127) // 255
    return blend.astype(np.uint8), 255, ("alpha composited on white",)


def _converted(image: Image, mode: str) -> Image:
    # Pillow copies the pixels when there is nothing to convert.
    return image if image.mode == mode else image.convert(mode)


def _planes(image: Image) -> NDArray[Any]:
    values = np.asarray(image)
    return values if values.ndim == 3 else values[..., np.newaxis]
