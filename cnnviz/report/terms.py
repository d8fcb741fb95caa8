"""The terms of one output value: patch, kernel, products, sums, each as plain numbers.

Everything is float64. A product of two float32 numbers is exact in it, and `math.fsum` rounds the
sum of all of them once: what the engine makes of the same numbers differs by its own rounding only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from math import fsum
from typing import TYPE_CHECKING, Any

import numpy as np

from cnnviz.errors import SpecError
from cnnviz.files import check_bytes
from cnnviz.geometry import Axis, by, times

if TYPE_CHECKING:
    from cnnviz.geometry.transposed import TransposedAxis

Array = np.ndarray[Any, np.dtype[Any]]
Border = str | float
_PART = 1 << 16  # values that are Python's at a time
Place = tuple[int, int]


@dataclass(eq=False, repr=False)
class Terms:
    """One output value, term by term.

    Attributes
    ----------
    at : (row, column)
        Its place in the output.
    rows, columns : range
        Rows and columns of the input that the window reads; outside the input is padding.
    inside : ndarray of bool, (kh, kw)
        Which cells of the window lie in the input.
    patch, products : ndarray, (kh, kw, C)
        What the window reads, and what each cell adds: its product with the kernel; in a pooling
        the value that counts, 0 where none does.
    kernel : ndarray or None, (kh, kw, C)
        As it is laid on the patch (turned, if the convolution flips it); None in a pooling.
    total : float
        What the products come to, before bias and activation.
    before : float
        With the bias, before the activation.
    value : float
        The result, of these terms.
    engine : float
        The result that the fast code computed, in its own precision.
    divisor : int, optional
        What an average's sum is divided by.
    winner : (row, column), optional
        The cell of the window whose value a maximum or minimum is.
    """

    at: Place
    rows: range
    columns: range
    inside: Array
    patch: Array
    kernel: Array | None
    products: Array
    total: float
    before: float
    value: float
    engine: float
    divisor: int | None = None
    winner: Place | None = None

    @cached_property
    def sums(self) -> list[float]:
        """The sum of the products of each channel."""
        count = self.products.shape[2]
        return [total(self.products[..., c]) for c in range(count)]

    @property
    def difference(self) -> float:
        """The engine's value less that of the terms: its rounding."""
        return self.engine - self.value

    @property
    def padded(self) -> int:
        """Cells of the window in the padding."""
        return int(self.inside.size - np.count_nonzero(self.inside))

    def largest(self, count: int) -> list[tuple[int, int, int]]:
        """Return the cells (row, column, channel) of the largest products, largest first."""
        flat = self.products.ravel()
        parts = [flat[i : i + _PART] for i in range(0, flat.size, _PART)]
        found = [i * _PART + _largest(part, count) for i, part in enumerate(parts)]
        places = np.concatenate(found)
        order = places[_largest(flat[places], count)]
        where = np.unravel_index(order, self.products.shape)
        return list(zip(*(part.tolist() for part in where), strict=True))


@dataclass(eq=False, repr=False)
class Arithmetic:
    """What slides over what, and what is done with it: it explains any one value of a map.

    Attributes
    ----------
    source : ndarray, (H, W, C)
        The channels that the window reads.
    axes : (rows, columns)
    output : ndarray, (H', W')
        The map, as the engine computed it.
    kernel : ndarray or None, (kh, kw, C)
        As it is laid on the patch; None in a pooling.
    border : str or float
        What padding holds.
    bias : float
    activation : callable, optional
        Takes all values before it at one place, float64, and returns as many.
    others : ndarray, optional
        `(F,)` of the values before the activation at a place, for one that needs all filters.
    pooling : str
        `max`, `min`, `average` or `lp`, with `p`.
    """

    source: Array
    axes: tuple[Axis, ...]
    output: Array
    kernel: Array | None = None
    border: Border = "zero"
    bias: float = 0.0
    activation: Callable[..., Array] | None = None
    others: Callable[[Place], tuple[Array, int]] | None = None
    pooling: str = ""
    p: float = 2
    include_pad: bool = False

    @cached_property
    def limits(self) -> tuple[float, float]:
        """The smallest and the largest value that a window may read in the source."""
        return float(self.source.min()), float(self.source.max())

    @property
    def skips_padding(self) -> bool:
        """Whether padding has no part in a value."""
        return self.pooling in ("max", "min") or (
            self.pooling == "average" and not self.include_pad
        )

    @property
    def most(self) -> str:
        """What the value at `strongest` is, in words."""
        if not self.pooling:
            return "the strongest response"
        return "the largest value" if self.output.min() >= 0 else "the value farthest from zero"

    def strongest(self) -> Place:
        """Return the place of the value that is farthest from zero."""
        row, column = divmod(int(np.abs(self.output).argmax()), self.output.shape[1])
        return row, column

    def terms(self, at: Place) -> Terms:
        """Return the terms of the value at a place of the output.

        Raises
        ------
        SpecError
            If there is no such place.
        """
        rows, columns = self.axes
        row, column = at
        if not (0 <= row < rows.output and 0 <= column < columns.output):
            raise SpecError(
                f"--at {row},{column} is not in the output, {rows.output}x{columns.output}",
                hint=f"its rows are 0 to {rows.output - 1}, its columns 0 to {columns.output - 1}",
            )
        across, down = columns.cells(column), rows.cells(row)
        inside = np.outer(
            [0 <= r < rows.size for r in down], [0 <= c < columns.size for c in across]
        )
        patch = self._patch(row, column)
        engine = float(self.output[row, column])
        divisor, winner = None, None
        if self.kernel is None:
            products, added, divisor, winner = self._pooled(patch, inside, at)
            value = added
        else:
            products = patch * self.kernel
            added = total(products)
            value = self._activated(added + self.bias, at)
        before = added + self.bias
        return Terms(
            *(at, down, across, inside, patch, self.kernel, products),
            *(added, before, value, engine, divisor, winner),
        )

    def _activated(self, before: float, at: Place) -> float:
        if self.activation is None:
            return before
        if self.others is not None:
            values, place = self.others(at)
            return float(self.activation(values)[place])
        return float(self.activation(np.array([before]))[0])

    def _patch(self, row: int, column: int) -> Array:
        """Return what the window reads, its padding filled, float64."""
        from cnnviz.ops.padding import Padded

        rows, columns = self.axes
        check_bytes(24 * rows.kernel_size * columns.kernel_size * self.source.shape[2], "a patch")
        beyond = any(_beyond(axis) for axis in self.axes)  # ceil mode
        padded = Padded.of(self.axes, 0.0 if beyond else self.border)
        found = []
        for axis, place, sources in zip(
            self.axes, (row, column), (padded.rows, padded.columns), strict=True
        ):
            border = sources.tolist() if padded.constant is None else []
            found.append([_source(cell, axis, border) for cell in axis.cells(place)])
        down, across = (np.array(part) for part in found)
        patch: Array = self.source[down[:, None], across[None, :]].astype(np.float64)
        outside = (down < 0)[:, None] | (across < 0)[None, :]
        if outside.any():
            patch[outside] = padded.constant or 0.0
        return patch

    def _pooled(
        self, patch: Array, inside: Array, at: Place
    ) -> tuple[Array, float, int | None, Place | None]:
        """Return what each cell adds, the value, what a mean is divided by, and who won."""
        from cnnviz.ops.windows import counts

        values = patch[..., 0]
        if self.pooling in ("max", "min"):
            worst = -np.inf if self.pooling == "max" else np.inf
            shown = values if inside.all() else np.where(inside, values, worst)
            place = int(shown.argmax() if self.pooling == "max" else shown.argmin())
            products = np.zeros(patch.shape)  # not zeros_like, which writes each
            products[..., 0].flat[place] = values.flat[place]
            row, column = divmod(place, values.shape[1])
            return products, float(values[row, column]), None, (row, column)
        if self.pooling == "average":
            divisor = 1
            for axis, place in zip(self.axes, at, strict=True):
                divisor *= int(counts(axis, include_pad=self.include_pad)[place])
            return patch, total(values) / divisor, divisor, None
        powers = np.abs(patch) ** self.p
        return powers, float(total(powers) ** (1 / self.p)), None, None


def _largest(values: Array, count: int) -> Array:
    """Return the places of the values that are farthest from zero, in this order."""
    sizes = np.abs(values)
    least = np.partition(sizes, -count)[-count] if sizes.size > count else 0
    found = np.flatnonzero(sizes >= least)
    return found[np.argsort(-sizes[found], kind="stable")[:count]]


def total(values: Array, *others: float) -> float:
    """Return the sum of all values, and of some others, rounded once."""
    flat = values.ravel()
    parts = (flat[i : i + _PART].tolist() for i in range(0, flat.size, _PART))
    return fsum(chain(others, chain.from_iterable(parts)))


def _beyond(axis: Axis) -> bool:
    """Tell whether the last window reads behind the padding."""
    return axis.start(axis.output - 1) + axis.extent > axis.size + max(0, axis.after)


def geometry_words(axes: Sequence[Axis | TransposedAxis]) -> str:
    """Return a window in words, `3x3, stride 2, dilation 2`."""
    rows, columns = axes
    text = times((rows.kernel_size, columns.kernel_size))
    if (rows.stride, columns.stride) != (1, 1):
        text += f", stride {by((rows.stride, columns.stride))}"
    if (rows.dilation, columns.dilation) != (1, 1):
        text += f", dilation {by((rows.dilation, columns.dilation))}"
    return text


def _source(cell: int, axis: Axis, border: Sequence[int]) -> int:
    """Return the cell of the image that a window's cell holds, -1 for none."""
    if 0 <= cell < axis.size:
        return cell
    return int(border[cell + axis.before]) if cell + axis.before < len(border) else -1
