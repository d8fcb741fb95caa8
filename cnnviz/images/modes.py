"""Pillow's modes to arrays, each by a stated rule."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cnnviz.images.alpha import Samples, by_strips, keyed

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL.Image import Image

_TIFF_BITS, _TIFF_PHOTOMETRIC, _TIFF_SAMPLE_FORMAT = 258, 262, 339
_STRIP = 1 << 18  # pixels that are copied at a time
_DIRECT = ("L", "LA", "La", "RGB", "RGBA", "RGBa")  # as they are, without a conversion


def samples_of(image: Image) -> Samples:
    """Return what a loaded image holds, in the values of its file.

    ======================  =====================================================================
    mode                    result
    ======================  =====================================================================
    1, L                    gray, 8 bits; 1-bit white is 255; signed TIFF: gray, white is unknown
    P, PA                   the colours of the palette, with their transparency
    RGB, RGBX               as they are
    LA, RGBA                as they are, with alpha
    La, RGBa                the same, the colours multiplied by alpha
    L, RGB and a key        (PNG's tRNS) alpha is 0 where a pixel has that colour, else opaque
    CMYK                    (255 - ink) (255 - black) / 255; JPEGs of Adobe are stored inverted
    YCbCr                   ITU-R BT.601, full range (JFIF)
    LAB                     CIELab of D50 to sRGB, by the formulas of CIE 1976 and IEC 61966-2-1
    HSV                     the hexcone formulas
    I;16 in any byte order  gray, white is 65535 (4095 in a 12-bit TIFF)
    I                       gray; white is 65535 from PNG and PPM, else unknown
    F                       gray, white is unknown
    ======================  =====================================================================

    16 bits a channel in colour have no mode; `depth` reads them.
    """
    if image.mode.startswith("I") or image.mode == "F":
        return _gray_of_many_bits(image)
    key = image.info.get("transparency")
    if image.mode in ("1", "L", "RGB") and key is not None:
        values = planes(image.convert("L") if image.mode == "1" else image)
        return keyed(Samples(values, 255), _key(key, values.shape[2]))
    if image.mode in _DIRECT:
        values = planes(image)
        alpha = {"A": "straight", "a": "premultiplied"}.get(image.mode[-1], "")
        if image.mode == "L" and _tags(image).get(_TIFF_SAMPLE_FORMAT) == (2,):
            return Samples(values.view(np.int8), None)
        return Samples(values, 255, alpha)
    if image.mode == "1":
        return Samples(planes(image.convert("L")), 255)
    if image.mode in ("CMYK", "LAB"):
        from cnnviz.images.spaces import cmyk_to_rgb, lab_to_rgb

        rule = cmyk_to_rgb if image.mode == "CMYK" else lab_to_rgb
        return Samples(by_strips(rule, planes(image), 255), 255)
    if image.has_transparency_data:
        return Samples(planes(image.convert("RGBA")), 255, "straight")
    return Samples(planes(image.convert("RGB")), 255)


def planes(image: Image) -> NDArray[Any]:
    """Return the bands of an image as (H, W, C).

    Strip by strip: Pillow gives an image away in pieces and joins them, which takes its size twice
    and, of 12 megapixels, twice the time.
    """
    width, height = image.size
    step = max(1, _STRIP // width)
    if step >= height:
        values = np.asarray(image)
    else:
        first = np.asarray(image.crop((0, 0, width, step)))
        values = np.empty((height, *first.shape[1:]), first.dtype)
        values[:step] = first
        for top in range(step, height, step):
            bottom = min(top + step, height)
            values[top:bottom] = np.asarray(image.crop((0, top, width, bottom)))
    return values if values.ndim == 3 else values[..., np.newaxis]


def _gray_of_many_bits(image: Image) -> Samples:
    values, tags = planes(image), _tags(image)
    white: int | None = None
    if image.mode.startswith("I;16") or (image.mode == "I" and image.format in ("PNG", "PPM")):
        white = 65535
    elif image.mode == "I" and (tags.get(_TIFF_BITS), tags.get(_TIFF_SAMPLE_FORMAT, (1,))) == (
        (32,),
        (1,),
    ):
        values = values.view(np.uint32)  # which Pillow holds in signed integers
    if white and tags.get(_TIFF_BITS) == (12,):
        white = 4095
    if white and tags.get(_TIFF_PHOTOMETRIC) == 0:
        values = white - values  # WhiteIsZero, which Pillow inverts only up to 8 bits
    samples = Samples(values, white)
    key = image.info.get("transparency")
    return keyed(samples, (key,)) if white and isinstance(key, int) else samples


def _key(key: Any, channels: int) -> tuple[int, ...]:
    """A transparent colour in 8 bits: a PNG has it in 16, of which the low ones count."""
    values = key if isinstance(key, tuple) else (key,) * channels
    return tuple(int(value) & 255 for value in values)


def _tags(image: Image) -> dict[int, Any]:
    tags: dict[int, Any] = getattr(image, "tag_v2", {})
    return tags
