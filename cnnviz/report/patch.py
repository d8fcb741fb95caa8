"""A part of an image that is shown in numbers, and which one is worth showing."""

from __future__ import annotations

from dataclasses import dataclass
from math import isqrt

import numpy as np

from cnnviz.errors import SpecError
from cnnviz.files import check_bytes
from cnnviz.geometry import Size

LARGEST = 16
MOST_COMPARED = 20_000  # patches, about


@dataclass(eq=False, repr=False)
class Patch:
    """A part of an image, by its first pixel and its size."""

    row: int
    column: int
    height: int
    width: int

    @property
    def slices(self) -> str:
        """The part as NumPy writes it, `[8:16, 0:8]`."""
        return f"[{self.row}:{self.row + self.height}, {self.column}:{self.column + self.width}]"

    def of(self, values: np.ndarray) -> np.ndarray:
        """Return this part of an array `(H, W, ...)`."""
        rows = slice(self.row, self.row + self.height)
        return values[rows, self.column : self.column + self.width]


def choose(source: np.ndarray, size: Size, at: tuple[int, int] | None = None) -> Patch:
    """Return the patch of an image `(H, W, C)` at a pixel, or where its colours vary most.

    Raises
    ------
    SpecError
        If it is larger than 16 or begins outside the image.

    >>> choose(np.zeros((5, 9, 1)), 4, (2, 7)).slices
    '[2:5, 7:9]'
    """
    size = (size, size) if isinstance(size, int) else (size[0], size[1])
    if max(size) > LARGEST:
        raise SpecError(f"patch {size[0]}x{size[1]} is more than {LARGEST}x{LARGEST}")
    height, width = source.shape[:2]
    row, column = _most_varied(source, size) if at is None else at
    if row >= height or column >= width:
        raise SpecError(
            f"the patch at {row},{column} is not inside the image",
            hint=f"it has rows 0 to {height - 1} and columns 0 to {width - 1}",
        )
    return Patch(row, column, min(size[0], height - row), min(size[1], width - column))


def _most_varied(source: np.ndarray, size: tuple[int, int]) -> tuple[int, int]:
    """Return the first pixel of the patch, of those side by side, whose colours vary most.

    Its hues do, in every channel; failing that in some; its values where there is no colour. Of a
    large image not every patch is compared.
    """
    height, width = (min(s, side) for s, side in zip(size, source.shape, strict=False))
    rows, columns = source.shape[0] // height, source.shape[1] // width
    step = 1 + isqrt(rows * columns // MOST_COMPARED)
    # Views up to here: what is not compared is not copied.
    blocks = source[: rows * height].reshape(rows, height, source.shape[1], -1)[::step]
    blocks = blocks[:, :, : columns * width].reshape(len(blocks), height, columns, width, -1)
    blocks = blocks[:, :, ::step]
    check_bytes(source.nbytes + 24 * blocks.size, "the choice of a patch")
    blocks = blocks.astype(np.float64)  # squares of 1e38 overflow in float32
    spread = blocks.var(axis=(1, 3))
    hue = (blocks - blocks.mean(axis=4, keepdims=True)).var(axis=(1, 3)).sum(axis=2)
    for varied in (hue * spread.min(axis=2), hue, spread.sum(axis=2)):
        row, column = divmod(int(varied.argmax()), varied.shape[1])
        if varied[row, column] > 0:
            break
    return row * step * height, column * step * width
