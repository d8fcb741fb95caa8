"""Arrays of pixels and of class numbers, brought to one form: uint8 pictures, classes from 0."""

from __future__ import annotations

from collections.abc import Sequence
from math import isqrt
from typing import TYPE_CHECKING, Any

import numpy as np

from cnnviz.errors import InputError
from cnnviz.files import check_bytes
from cnnviz.geometry import Shape, times
from cnnviz.training.data.examples import Examples, Found, Pixels, Wanted

if TYPE_CHECKING:
    from cnnviz.contract import Array

MAX_CLASSES = 10_000
_STRIP = 2**22  # values worked on at a time


class Part:
    """The pixels and class numbers of one part, as its source has them.

    Parameters
    ----------
    x : ndarray
        `(N, H, W)`, `(N, H, W, C)` or, a row a picture, `(N, values)`.
    y : ndarray
        Whole numbers, `(N,)` or `(N, 1)`.
    where : str
        What messages call the pixels.
    y_where : str, optional
        What messages call the numbers, if they are not from the same file.
    """

    def __init__(self, x: Array, y: Array, where: str, y_where: str | None = None) -> None:
        self.x, self.where, self.y_where = x, where, y_where or where
        self.y = _whole(y, self.y_where)
        if len(x) != len(self.y):
            what = f"{len(self.y)} labels for {len(x)} pictures"
            raise InputError(what, path=self.y_where)


def found(kind: str, train: Part, held: Part | None, wanted: Wanted) -> Found:
    """Return a source of arrays: labels are the class numbers, values 0-255.

    Classes count from 0, or from 1 if there is no 0. Where no value of the training part is over
    1, white is 1 and all values are multiplied by 255.

    Raises
    ------
    InputError
        If values are not finite or not 0-255, or a class has no pictures.
    """
    parts = [train, *([held] if held else [])]
    first, last, notes = int(train.y.min()), int(train.y.max()), []
    _check_classes(train, first, last)
    if held and len(held.y) and not first <= held.y.min() <= held.y.max() <= last:
        beyond = held.y[(held.y < first) | (held.y > last)][0]
        what = f"label {beyond}, where those of the training part go from {first} to {last}"
        raise InputError(what, path=held.y_where)
    if first:
        notes.append("classes count from 1")
    factor = 255.0 if _extremes(train.x, train.where)[1] <= 1 else 1.0
    if factor != 1:
        notes.append("values 0 to 1 multiplied by 255")
    made: list[Examples] = []
    for part in parts:
        pixels = _bytes(_pictures(part.x, wanted.input_shape, part.where), factor, part.where)
        made.append(Pixels(pixels, part.y - first, part.where))
    labels = tuple(map(str, range(first, last + 1)))
    return Found(kind, labels, made[0], made[1] if held else None, tuple(notes))


def picture_shape(values: int, input_shape: Shape) -> Shape | None:
    """Return the shape of a picture of so many values, if one is plain.

    >>> picture_shape(784, (32, 32, 3)), picture_shape(3072, (32, 32, 3)), picture_shape(10, (4, 4))
    ((28, 28, 1), (32, 32, 3), None)
    """
    if not values:
        return None
    height, width, channels = (*input_shape, 1)[:3]
    if values == height * width * channels:
        return height, width, channels
    for depth in (1, 3):
        side = isqrt(values // depth)
        if side * side * depth == values:
            return side, side, depth
    return None


def _pictures(x: Array, input_shape: Shape, where: str) -> Array:
    shape = picture_shape(x.shape[1], input_shape) if x.ndim == 2 else (*x.shape[1:], 1)[:3]
    if shape is None:
        what = f"{x.shape[1]} values a picture are no square"
        raise InputError(what, path=where, hint="give them as (N, H, W, C) in an .npz")
    if x.ndim > 4 or shape[2] not in (1, 3, input_shape[2]):
        what = f"pictures are (N, H, W) or (N, H, W, C), not {times(x.shape)}"
        hint = "move the channels to the end" if x.ndim == 4 and x.shape[1] in (1, 3) else None
        raise InputError(what, path=where, hint=hint)
    return x.reshape(len(x), *shape)


def _bytes(x: Array, factor: float, where: str) -> Array:
    """Return pixels as uint8, rounded."""
    low, high = _extremes(x, where)
    if low < 0 or high * factor > 255:
        what = f"values from {low:g} to {high:g} are not 0 to {255 / factor:g}"
        raise InputError(what, path=where, hint="store the pixels as they are, not standardised")
    if x.dtype == np.uint8 and factor == 1:
        return np.ascontiguousarray(x)
    check_bytes(x.nbytes + x.size + 16 * min(x.size, _STRIP), where)
    result = np.empty(x.shape, np.uint8)
    for rows in _strips(x):
        result[rows] = np.rint(x[rows] * factor)
    return result


def _extremes(x: Array, where: str) -> tuple[float, float]:
    lows, highs = [], []
    for rows in _strips(x):
        strip = x[rows]
        if strip.dtype.kind == "f" and not (finite := np.isfinite(strip)).all():
            bad = rows.start + int(np.argmin(finite.reshape(len(strip), -1).all(1)))
            raise InputError(f"picture {bad} has values that are NaN or infinite", path=where)
        lows.append(float(strip.min()))
        highs.append(float(strip.max()))
    return min(lows), max(highs)


def _strips(x: Array) -> Sequence[slice]:
    step = max(1, _STRIP // max(1, x[0].size))
    return [slice(start, start + step) for start in range(0, len(x), step)]


def _whole(y: Array, where: str) -> Array:
    """Return class numbers as int64 `(N,)`."""
    if y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    if y.ndim != 1:
        what = f"labels are (N,), not {times(y.shape)}"
        raise InputError(what, path=where, hint="store the number of the class, not one-hot rows")
    values: np.ndarray[Any, Any] = y.astype(np.float64)
    wrong = ~((values >= 0) & (values < MAX_CLASSES) & (values == np.floor(values)))  # NaN too
    if wrong.any():
        place = int(np.argmax(wrong))
        what = f"label {y[place]:g} of picture {place} is no whole number from 0"
        raise InputError(f"{what} to {MAX_CLASSES - 1}", path=where)
    return values.astype(np.int64)


def _check_classes(part: Part, first: int, last: int) -> None:
    if first > 1:
        raise InputError(f"the labels begin at {first}, not at 0 or 1", path=part.y_where)
    missing = np.flatnonzero(np.bincount(part.y, minlength=last + 1)[first:] == 0) + first
    if missing.size:
        what = f"class {missing[0]} has no pictures, and labels go from {first} to {last}"
        raise InputError(what, path=part.y_where)
    if first == last:
        raise InputError(f"all pictures are of class {first}", path=part.y_where)
