"""Pictures changed at random, each by the seed, the epoch and its own number alone."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike

from cnnviz.errors import SpecError
from cnnviz.files import check_bytes
from cnnviz.geometry import Size, sizes
from cnnviz.ops.checks import Array

# Weyl's increment and the multipliers of the finaliser in SplitMix64.
_GAMMA, _FIRST, _SECOND = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
_ROW, _COLUMN, _FLIP, _HOLE_ROW, _HOLE_COLUMN = range(5)


@dataclass(frozen=True, kw_only=True)
class Augmentation:
    """Which changes are made; each in one pass over a batch.

    Parameters
    ----------
    shift : int
        Pixels by which a picture is moved at most, each way. With `crop` this is a random crop
        after padding by as much.
    crop : int or (int, int), optional
        Rows and columns of the result, at a random place; those of the picture unless given.
    flip : bool
        Left and right are exchanged in half of the pictures.
    cutout : int
        The side of a square hole whose centre is at a random pixel, so that it may be cut off
        (DeVries and Taylor, "Improved Regularization of Convolutional Neural Networks with Cutout",
        2017).
    fill : int or "edge"
        The value, 0 to 255, beyond the rim and in holes; `"edge"` goes on with the last pixel, and
        holes are then 128.

    Raises
    ------
    SpecError
        If a setting is out of range.
    """

    shift: int = 0
    crop: Size | None = None
    flip: bool = False
    cutout: int = 0
    fill: int | str = 0

    def __post_init__(self) -> None:
        for name in ("shift", "cutout"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < 0:
                raise SpecError(f"{name} {value!r} is not a whole number of at least 0")
        if self.crop is not None:
            object.__setattr__(self, "crop", sizes(self.crop, "crop"))
        whole = isinstance(self.fill, int) and not isinstance(self.fill, bool)
        if self.fill != "edge" and not (whole and 0 <= int(self.fill) <= 255):
            raise SpecError(f"fill {self.fill!r} is neither 0 to 255 nor edge")

    @property
    def settings(self) -> dict[str, Any]:
        """Plain data: `Augmentation(**settings)` is the same again."""
        return asdict(self)

    def output_size(self, rows: int, columns: int) -> tuple[int, int]:
        """Return rows and columns of the results, for pictures of that size.

        Raises
        ------
        SpecError
            If a crop is larger than a padded picture.
        """
        height, width = (rows, columns) if self.crop is None else sizes(self.crop, "crop")
        if height > rows + 2 * self.shift or width > columns + 2 * self.shift:
            padded = f"{rows + 2 * self.shift}x{columns + 2 * self.shift}"
            raise SpecError(f"crop {height}x{width} is larger than the padded picture ({padded})")
        return height, width

    def __call__(self, images: Array, numbers: ArrayLike, *, seed: int, epoch: int) -> Array:
        """Return changed copies of pictures.

        What happens to a picture depends on the seed, the epoch and its number only: not on the
        batch it is in, nor on what was drawn before. A run that is resumed sees the same.

        Parameters
        ----------
        images : ndarray, (N, H, W, C)
            Of uint8, or any other type. They are not changed.
        numbers : array_like of int, (N,)
            The place of each picture in the data set.
        seed, epoch : int

        Returns
        -------
        ndarray, (N, *output_size(H, W), C)
            Of the same type.

        Raises
        ------
        SpecError
            If the shapes do not fit each other.
        RefusedError
            If the padded batch is over the byte budget.

        Examples
        --------
        >>> digit = np.arange(4, dtype=np.uint8).reshape(1, 1, 4, 1)
        >>> [Augmentation(flip=True)(digit, [0], seed=0, epoch=e).ravel().tolist() for e in (4, 3)]
        [[3, 2, 1, 0], [0, 1, 2, 3]]
        """
        names = np.asarray(numbers)
        if images.ndim != 4 or names.shape != images.shape[:1] or names.dtype.kind not in "iu":
            what = f"images {images.shape} and numbers {names.dtype} {names.shape}"
            raise SpecError(f"{what} are not (N, H, W, C) and one whole number each")
        draws = _Draws(seed, epoch, names)
        made = self._windows(images, draws)
        if self.flip:
            mirrored = draws.below(2, _FLIP) == 1
            made[mirrored] = made[mirrored, :, ::-1]
        if self.cutout:
            self._cut(made, draws)
        return made

    def centred(self, images: Array) -> Array:
        """Return pictures as training sees them without chance: cropped around the centre."""
        rows, columns = images.shape[1:3]
        height, width = self.output_size(rows, columns)
        top, left = (rows - height) // 2, (columns - width) // 2
        if top < 0 or left < 0:
            raise SpecError(f"crop {height}x{width} is larger than the picture ({rows}x{columns})")
        return images[:, top : top + height, left : left + width]

    def _windows(self, images: Array, draws: _Draws) -> Array:
        """Return each picture through a window at a random place of it, padded."""
        count, rows, columns, channels = images.shape
        height, width = self.output_size(rows, columns)
        pad = self.shift
        size = count * (rows + 2 * pad) * (columns + 2 * pad) * channels * images.itemsize
        check_bytes(3 * size, f"a batch of {count} pictures", hint="use a smaller batch")
        tops = draws.below(rows + 2 * pad - height + 1, _ROW)
        lefts = draws.below(columns + 2 * pad - width + 1, _COLUMN)
        # A row of pixels as one run of values: what is copied at a time is then as long as it gets.
        flat = self._padded(images).reshape(count, rows + 2 * pad, -1)
        views = sliding_window_view(flat, (height, width * channels), axis=(1, 2))
        made: Array = views[np.arange(count), tops, lefts * channels]
        return made.reshape(count, height, width, channels)

    def _padded(self, images: Array) -> Array:
        pad, (count, rows, columns, channels) = self.shift, images.shape
        if not pad:
            return images
        if self.fill == "edge":
            return np.pad(images, ((0, 0), (pad, pad), (pad, pad), (0, 0)), mode="edge")
        shape = (count, rows + 2 * pad, columns + 2 * pad, channels)
        padded = np.full(shape, self.fill, images.dtype)
        padded[:, pad:-pad, pad:-pad] = images
        return padded

    def _cut(self, made: Array, draws: _Draws) -> None:
        """Fill a square in each picture, in place."""
        inside = []
        side = min(self.cutout, 2 * max(made.shape[1:3]))  # which covers all, wherever it is
        for length, draw in zip(made.shape[1:3], (_HOLE_ROW, _HOLE_COLUMN), strict=True):
            first = draws.below(length, draw)[:, None] - side // 2
            places = np.arange(length)
            inside.append((places >= first) & (places < first + side))
        rows, columns = inside
        hole = rows[:, :, None] & columns[:, None, :]
        made[hole] = 128 if self.fill == "edge" else self.fill


class _Draws:
    """Random words by counters instead of a state: any of them without those before it.

    The finaliser of SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number
    generators", 2014) over the seed, the epoch, the picture's number and the draw in turn.
    """

    def __init__(self, seed: int, epoch: int, numbers: Array) -> None:
        start = _mixed(_mixed(np.array([seed % 2**64], np.uint64)) + np.uint64(epoch % 2**64))
        self._keys = _mixed(start + numbers.astype(np.uint64))

    def below(self, count: int, draw: int) -> Array:
        """Return a whole number from 0 to `count - 1` for each picture; `draw` tells draws apart.

        From the upper half of a word, multiplied: even to one in `2^32 / count`.
        """
        words = _mixed(self._keys + np.uint64(draw))
        return (((words >> np.uint64(32)) * np.uint64(count)) >> np.uint64(32)).astype(np.intp)


def _mixed(words: Array) -> Array:
    """Return 64-bit words of which each bit depends on every bit of what was given."""
    words = words + np.uint64(_GAMMA)  # arrays wrap around silently
    words = (words ^ (words >> np.uint64(30))) * np.uint64(_FIRST)
    words = (words ^ (words >> np.uint64(27))) * np.uint64(_SECOND)
    words ^= words >> np.uint64(31)
    return words
