"""Borders: where each row and column of a padded image comes from.

A padded image is described by two index maps instead of a copy, so that a band of its rows can be
laid out when it is needed, in the layout that the reader wants.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cnnviz.calls import Do, now
from cnnviz.errors import SpecError, unknown_name
from cnnviz.files import check_bytes
from cnnviz.geometry import Axis, Padding, Window
from cnnviz.ops.checks import Array, as_batch

Border = str | float
BORDERS = ("zero", "constant", "edge", "reflect", "symmetric", "wrap")

_NOWHERE = np.array(-1)

_Mode = Literal["edge", "reflect", "symmetric", "wrap"]


@dataclass(eq=False, repr=False)
class Padded:
    """An image with a border that is not laid out yet.

    `rows` and `columns` hold the source index of each padded row and column, if the border has
    sources; of none, or of a `constant` one, they are -1 throughout, and only their number counts.
    """

    rows: NDArray[np.intp]
    columns: NDArray[np.intp]
    before: tuple[int, int]
    constant: float | None

    @classmethod
    def of(cls, axes: tuple[Axis, ...], border: Border = "zero") -> Padded:
        """Describe the padding that `axes` ask for.

        Raises
        ------
        SpecError
            If `border` is not one of `BORDERS` or a finite number.
        """
        constant = _constant(border)
        cells = sum(axis.before + axis.size + axis.after for axis in axes)
        check_bytes(3 * 8 * cells, f"a padded image of {cells} rows and columns")
        rows, columns = (_sources(axis, border, constant is not None) for axis in axes)
        return cls(rows, columns, (axes[0].before, axes[1].before), constant)

    def fill(self, out: Array, image: Array, first: int, do: Do = now) -> None:
        """Write the padded rows `first, first + 1, …` of `image` into `out`.

        Both have rows and columns as their leading axes (any strides, so that a transposed view
        changes the layout on the way); `out` is as wide as the padded image.
        """
        height, width = image.shape[:2]
        top, left = self.before
        start = min(max(top - first, 0), len(out))
        stop = min(max(top + height - first, start), len(out))
        inside = out[:, left : left + width]
        do(np.copyto, inside[start:stop], image[first + start - top : first + stop - top])
        for part in (slice(0, start), slice(stop, len(out))):
            if part.start < part.stop:
                sources = self.rows[first + part.start : first + part.stop]
                self._fill(inside[part], image, (sources,), do)
        for part in (slice(0, left), slice(left + width, out.shape[1])):
            if part.start < part.stop:
                sources = left + self.columns[part]
                self._fill(out[:, part], out, (slice(None), sources), do)

    def _fill(self, border: Array, image: Array, sources: tuple[Any, ...], do: Do) -> None:
        """Fill a border with the constant, or with what is at `sources`."""
        if self.constant is None:
            do(lambda: np.copyto(border, image[sources]))
        else:
            do(border.fill, self.constant)


def pad2d(x: ArrayLike, padding: Padding, *, border: Border = "zero") -> Array:
    """Pad the rows and columns of an image or a batch.

    Parameters
    ----------
    x : array_like
        `(H, W)`, `(H, W, C)` or `(N, H, W, C)`.
    padding : int or nested tuple
        `n`, `(h, w)` or `((top, bottom), (left, right))` cells.
    border : str or float
        `"zero"`, or `numpy.pad`'s `"constant"` (0), `"edge"`, `"reflect"`, `"symmetric"`,
        `"wrap"`, or a number to pad with.

    Returns
    -------
    ndarray
        Of the rank and type of `x`.

    >>> pad2d([[1, 2, 3]], ((0, 0), (2, 2)), border="reflect").tolist()
    [[3, 2, 1, 2, 3, 2, 1]]
    """
    batch = as_batch(x)
    window = Window.of(1, padding=padding)
    axes = window.on(batch.shape[1:3])
    padded = Padded.of(axes, border)
    shape = (len(batch), len(padded.rows), len(padded.columns), batch.shape[3])
    check_bytes(batch.itemsize * shape[0] * shape[1] * shape[2] * shape[3], "the padded image")
    out = np.empty(shape, batch.dtype)
    padded.fill(np.moveaxis(out, 0, 2), np.moveaxis(batch, 0, 2), 0)
    rank = np.ndim(x)
    return cast(Array, out[0, :, :, 0] if rank == 2 else out[0] if rank == 3 else out)


def _constant(border: Border) -> float | None:
    """Return the value of a constant border, None if the border repeats the image."""
    if isinstance(border, str):
        if border not in BORDERS:
            raise unknown_name("border", border, [*BORDERS, "a number"])
        return 0.0 if border in ("zero", "constant") else None
    try:
        value = float(border)
    except (TypeError, ValueError):
        raise unknown_name("border", str(border), [*BORDERS, "a number"]) from None
    if not np.isfinite(value):
        raise SpecError(f"border {value} is not a finite number")
    return value


def _sources(axis: Axis, border: Border, constant: bool) -> NDArray[np.intp]:
    pad: Any = (axis.before, axis.after)
    if constant or not any(pad):
        return np.ndarray(axis.size + sum(pad), np.intp, _NOWHERE, strides=(0,))
    cells = np.arange(axis.size)
    return np.pad(cells, pad, mode=cast(_Mode, border))
