"""Region, value range and size: what is asked of an image after it is decoded."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from operator import index
from typing import TYPE_CHECKING, Any

import numpy as np

from cnnviz.errors import InputError, RefusedError, SpecError
from cnnviz.files import check_bytes
from cnnviz.geometry import times

if TYPE_CHECKING:
    from numpy.typing import NDArray

Region = tuple[int, int, int, int]
Resize = int | tuple[int, int]

MAX_FRAMES = 1000
ALPHAS = ("white", "drop", "channel")


def check_adjustments(
    region: Region | None,
    resize: Resize | None,
    pixel_range: tuple[float, float] | None,
    alpha: str,
    max_pixels: int,
    frame: int,
) -> None:
    """Raise for what is wrong whatever the image.

    Raises
    ------
    SpecError
        If a setting has no meaning.
    RefusedError
        If a frame is asked for that is beyond those looked at.
    """
    if region is not None:
        x, y, w, h = _integers(region, 4, "region", "X,Y,W,H")
        if min(x, y) < 0 or min(w, h) < 1:
            raise SpecError(f"region {x},{y},{w},{h} needs X, Y of 0 or more and W, H of 1 or more")
    if resize is not None:
        target = (resize,) if not isinstance(resize, Sequence) else resize
        if min(_integers(target, len(target) if len(target) == 1 else 2, "resize", "N or WxH")) < 1:
            raise SpecError(f"resize {times(target)} needs sizes of 1 or more")
    if pixel_range is not None:
        low, high = pixel_range
        if low == high or not isfinite(high - low):
            raise SpecError(f"pixel range {low:g},{high:g} is not two different finite numbers")
    if alpha not in ALPHAS:
        raise SpecError(f"alpha {alpha!r} is not one of {', '.join(ALPHAS)}")
    if index(max_pixels) < 1:
        raise SpecError(f"max_pixels {max_pixels} is not 1 or more")
    if index(frame) < 0:
        raise SpecError(f"frame {frame} is not 0 or more")
    if frame >= MAX_FRAMES:
        raise RefusedError(f"frame {frame} is not among the first {MAX_FRAMES}, from 0")


def crop(pixels: NDArray[Any], region: Region, path: str) -> NDArray[Any]:
    """Return the `(x, y, w, h)` part of an image, as a view."""
    x, y, w, h = region
    height, width = pixels.shape[:2]
    if x + w > width or y + h > height:
        raise SpecError(
            f"{path}: region {x},{y},{w},{h} is not inside the image",
            path=path,
            hint=f"the image is {width} wide and {height} high",
        )
    return pixels[y : y + h, x : x + w]


def rescaled(
    pixels: NDArray[Any], white: int | None, pixel_range: tuple[float, float] | None, path: str
) -> tuple[NDArray[Any], tuple[str, ...]]:
    """Bring the file's values to the 0-255 scale and say how.

    `white` is the file's value of white; None if the format does not say it.
    """
    if pixel_range is not None:
        low, high = pixel_range
        # float64: the difference of two large 32-bit integers would lose its last bits.
        with np.errstate(over="ignore", invalid="ignore"):
            values = (pixels.astype(np.float64) - low) * (255.0 / (high - low))
        return values, (f"values {low:g} to {high:g} mapped to 0 to 255",)
    if white is None:
        low, high = pixels.min(), pixels.max()
        raise InputError(
            f"{path}: {pixels.dtype} pixels from {low:g} to {high:g} do not say what white is",
            path=path,
            hint="give the values of black and white, --pixel-range LO,HI",
        )
    if white == 255:
        return pixels, ()
    values = pixels.astype(np.float32)
    values *= 255  # exact up to 16 bits, so that one rounding is left and white is 255
    values /= white
    done = f"divided by {white // 255}" if white % 255 == 0 else "mapped to 0 to 255"
    return values, (f"values 0 to {white} {done}",)


def resized(pixels: NDArray[Any], resize: Resize, max_pixels: int) -> NDArray[Any]:
    """Resize with Pillow's bilinear filter, which widens on reduction (antialiasing).

    8-bit photos stay in 8 bits (rounded); other values are resized in float32, each channel alone.
    """
    from PIL import Image

    height, width = pixels.shape[:2]
    w, h = target_size(width, height, resize)
    channels = pixels[0, 0].size
    if w * h > max_pixels:
        raise RefusedError(f"resize to {w}x{h} is more than {max_pixels} pixels")
    values = w * h * channels + (1 if pixels.dtype == np.uint8 else 2) * pixels.size
    check_bytes(pixels.nbytes + 4 * values, f"resize to {w}x{h}")
    filter_ = Image.Resampling.BILINEAR
    if (w, h) == (width, height):
        return pixels
    if pixels.dtype == np.uint8:
        plain = np.ascontiguousarray(pixels[..., 0] if channels == 1 else pixels)
        return np.asarray(Image.fromarray(plain).resize((w, h), filter_)).reshape(h, w, channels)
    planes = np.ascontiguousarray(pixels, dtype=np.float32).reshape(height, width, channels)
    result = np.empty((h, w, channels), np.float32)
    for c in range(channels):
        plane = Image.fromarray(np.ascontiguousarray(planes[..., c]))
        result[..., c] = np.asarray(plane.resize((w, h), filter_))
    return result.reshape((h, w, *pixels.shape[2:]))


def target_size(width: int, height: int, resize: Resize) -> tuple[int, int]:
    """Return the (w, h) that `resize` asks for; a single number is the longer side's length.

    >>> target_size(451, 300, 100)
    (100, 67)
    """
    if isinstance(resize, Sequence):
        w, h = resize
        return w, h
    longer = max(width, height)
    return (
        max(1, (2 * width * resize + longer) // (2 * longer)),
        max(1, (2 * height * resize + longer) // (2 * longer)),
    )


def _integers(values: Sequence[Any], count: int, name: str, form: str) -> tuple[int, ...]:
    try:
        result = tuple(map(index, values))
    except TypeError:
        result = ()
    if len(result) != count:
        raise SpecError(f"{name} {values!r} is not {form} in whole numbers")
    return result
