"""From values to colours: which scale a map is shown on, and how it is fitted into a box."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cnnviz.errors import SpecError
from cnnviz.render.colormaps import colormap, is_diverging
from cnnviz.render.theme import rgb, theme

if TYPE_CHECKING:
    from cnnviz.report.maps import FeatureMap

DISPLAYS = ("auto", "signed", "minmax", "abs", "clip")
MOST_FACTOR = 40  # a single value is not blown up to fill its box
SAMPLES = 4  # values along a side of what one pixel stands for; more look the same
ARRAY_MAP = "slate"  # the colour map of an input that is no picture
_LITTLE = 1e-30
CROWD, SAMPLE = 1024, 20_000  # values from which on a root scale is considered; values looked at


@dataclass(eq=False, repr=False)
class Scale:
    """A colour scale: `table[0]` stands for `low`, `table[255]` for `high`.

    On a signed scale zero is entry 128 and the limits are equally far from it. A root scale gives
    equal colour steps to equal steps of the square root of the distance from zero (from `low`
    where it is not signed), for values most of which are small: nothing is clipped.
    """

    low: float
    high: float
    table: np.ndarray
    signed: bool = False
    magnitude: bool = False
    root: bool = False
    note: str = ""

    def levels(self, values: np.ndarray) -> np.ndarray:
        """Return the table entry of each value, uint8, `(H, W)`."""
        values = np.abs(values) if self.magnitude else values
        zero, span = (0.0, self.high) if self.signed else (self.low, self.high - self.low)
        scaled = _stretched(values, zero, span)
        if self.root:
            scaled = np.copysign(np.sqrt(np.abs(scaled)), scaled)
        scaled *= 127 if self.signed else 255
        scaled += 128 if self.signed else 0
        np.rint(scaled, out=scaled)
        return np.clip(scaled, 0, 255, out=scaled).astype(np.uint8)

    def at(self, place: float) -> float:
        """Return the value shown at a place of the colour bar, from 0 (left) to 1."""
        t = 2 * place - 1 if self.signed else place
        t = t * abs(t) if self.root else t
        return self.high * t if self.signed else self.low + (self.high - self.low) * t

    def colours(self, values: np.ndarray) -> np.ndarray:
        """Return the colour of each value, uint8, `(H, W, 3)`; NaN is magenta."""
        with np.errstate(invalid="ignore"):
            picture: np.ndarray = self.table[self.levels(values)]
        missing = np.isnan(values)
        if missing.any():
            picture[missing] = rgb(theme("light").nan)
        return picture


def choose(
    low: float,
    high: float,
    *,
    display: str = "auto",
    name: str | None = None,
    theme: str = "light",
    like_image: bool = False,
    crowded: bool = False,
) -> Scale:
    """Choose the scale for values from `low` to `high`.

    `auto` is signed where there are negative values, else gray for what is like an image and the
    sequential blue for other maps; where the values are `crowded` near zero, it is a root scale.
    `name` asks for a colour map.
    """
    if display not in DISPLAYS:
        raise SpecError(f"display {display!r} is not one of {', '.join(DISPLAYS)}")
    root = display == "auto" and not like_image and crowded
    if display == "auto":
        display = "signed" if low < 0 else "image" if like_image else "sequential"
    if display == "signed":
        limit = max(-low, high) or 1.0
        return Scale(-limit, limit, colormap(name or "red-blue", theme), signed=True, root=root)
    if display == "abs":
        limit = max(-low, high) or 1.0
        return Scale(0, limit, colormap(name or "blue", theme), magnitude=True, note="|value|")
    if display == "clip" or (display == "image" and 1 < high <= 255):
        note = "shown clipped to 0–255" if low < 0 or high > 255 else ""
        return Scale(0, 255, colormap(name or "gray", theme), note=note)
    default = "blue" if display == "sequential" else "gray"
    table = colormap(name or default, theme)
    if name and is_diverging(name):  # its centre means zero: keep it there
        limit = max(-low, high) or 1.0
        return Scale(-limit, limit, table, signed=True)
    if low == high:  # one value: a scale from zero has a length
        low, high = min(low, 0.0), max(high, 0.0 if low else 1.0)
    return Scale(low, high, table, root=root)


def of_source(low: float, high: float, *, is_photo: bool, theme: str = "light") -> Scale:
    """Choose the scale of an input: gray for a photo, slate for an array without negatives."""
    name = ARRAY_MAP if low >= 0 and not is_photo else None
    return choose(low, high, name=name, like_image=is_photo, theme=theme)


def is_crowded(values: np.ndarray, limits: tuple[float, float] | None = None) -> bool:
    """Tell whether 99% of the values lie within the half of the scale next to zero.

    Zero is the smallest value where none is negative. Tiny arrays never are: their numbers show.
    `limits` are those of more values, of which these are some.
    """
    if values.size < CROWD:
        return False
    some = values.ravel()[:: max(1, values.size // SAMPLE)]
    low, high = limits or (float(values.min()), float(values.max()))
    zero = 0.0 if low < 0 else low
    distance = np.sort(np.abs(some - np.float32(zero)))
    limit = max(high - zero, zero - low)
    return bool(distance[int(0.99 * (distance.size - 1))] < limit / 2)


def are_crowded(arrays: Sequence[np.ndarray]) -> bool:
    """Tell whether most of them are crowded: maps of one figure have one kind of scale."""
    return 2 * sum(map(is_crowded, arrays)) > len(arrays)


def maps_are_crowded(maps: Sequence[FeatureMap]) -> bool:
    """Tell the same of maps, by what is there of each."""
    return 2 * sum(is_crowded(m.plane, (m.min, m.max)) for m in maps) > len(maps)


def fit(shape: Sequence[int], box: tuple[int, int]) -> tuple[int, int]:
    """Return height and width in px at 1x of an array of `shape` in a box `(width, height)`.

    Enlarged by the largest whole factor, or reduced; the aspect ratio is kept.
    """
    height, width = shape[:2]
    factor = min(box[0] / width, box[1] / height)
    if factor >= 1:
        whole = min(int(factor), MOST_FACTOR)
        return height * whole, width * whole
    return max(1, round(height * factor)), max(1, round(width * factor))


def reduce(values: np.ndarray, height: int, width: int) -> np.ndarray:
    """Return `(H, W)` or `(H, W, 3)` values, averaged by area if they are more than fit.

    Float values stay float32, uint8 ones uint8.
    """
    if values.shape[0] <= height and values.shape[1] <= width:
        return values
    from PIL import Image

    box = Image.Resampling.BOX
    if values.dtype != np.uint8:
        values = np.ascontiguousarray(values, dtype=np.float32)
    return np.asarray(Image.fromarray(values).resize((width, height), box))


def picture(values: np.ndarray, scale: Scale, height: int, width: int) -> np.ndarray:
    """Return `(H, W)` values in colour, averaged by area if they are more than fit.

    Of signed values the colours are averaged, not the values: an edge is positive on one side and
    negative on the other, and of a large photo's edges nothing would be left.
    """
    if not scale.signed or (values.shape[0] <= height and values.shape[1] <= width):
        return scale.colours(reduce(values, height, width))
    rows, columns = steps(values.shape, (height, width))
    return reduce(scale.colours(values[::rows, ::columns]), height, width)


def steps(shape: Sequence[int], size: Sequence[int]) -> tuple[int, int]:
    """Return which of the rows and columns to look at, every nth, to reduce a shape to a size."""
    rows, columns = (max(1, n // (SAMPLES * m)) for n, m in zip(shape, size, strict=True))
    return rows, columns


def map_picture(m: FeatureMap, scale: Scale, height: int, width: int) -> np.ndarray:
    """Return the picture of a map `(H, W)`, of what is there of it if that is enough."""
    return picture(m.sample(*steps(m.shape, (height, width))), scale, height, width)


def pixels(values: np.ndarray, scale: Scale | None, height: int, width: int) -> np.ndarray:
    """Return values in colour, averaged by area where they are more than fit.

    Three channels are a photo, of others the mean is shown on the scale.
    """
    if scale is None or (values.ndim == 3 and values.shape[2] == 3):
        return reduce(photo(values)[0], height, width)
    flat = values if values.ndim == 2 else values.mean(axis=2)
    return picture(flat, scale, height, width)


def photo(values: np.ndarray) -> tuple[np.ndarray, str]:
    """Return three-channel values as uint8 and a note where they had to be scaled to 0-255."""
    if values.dtype == np.uint8:
        return values, ""
    low, high = float(values.min()), float(values.max())
    if low >= 0 and high <= 255:
        return np.rint(values).astype(np.uint8), ""
    span = (high - low) or 1.0
    scaled = _stretched(values, low, span) * 255
    return np.rint(scaled).astype(np.uint8), "scaled to its own range"


def _stretched(values: np.ndarray, zero: float, span: float) -> np.ndarray:
    """Return `(values - zero) / span`, in float64 only where float32 has not the range for it."""
    factor = 1 / (span or 1)
    if _LITTLE < factor < 1 / _LITTLE:
        result = values - np.float32(zero)
        result *= np.float32(factor)
        return result
    return (values.astype(np.float64) - zero) * factor
