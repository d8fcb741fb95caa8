"""Kernels as people write them: whole numbers with a factor, and the factors of a product."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import gcd, lcm

import numpy as np

_MOST_DENOMINATOR, _MOST_WHOLE = 10_000, 100_000
_SLACK, _NOISE = 1e-12, 1e-15  # of a value, of the largest one: a few roundings
_MOST_VALUES = 10_000


def whole(values: np.ndarray) -> tuple[np.ndarray, int] | None:
    """Return whole numbers and the denominator below them, or None where there are none.

    >>> whole(np.array([[0.0625, 0.125]]))
    (array([[1, 2]]), 16)
    >>> whole(np.array([[2**0.5]])) is None
    True
    """
    flat = np.unique(values)
    largest = float(np.abs(flat).max(initial=0.0))
    if values.size > _MOST_VALUES or largest > _MOST_WHOLE:
        return None
    denominator = 1
    for value in flat.tolist():
        near = Fraction(value).limit_denominator(_MOST_DENOMINATOR)
        if abs(float(near) - value) > max(_SLACK * abs(value), _NOISE * largest):
            return None
        denominator = lcm(denominator, near.denominator)
        if denominator > _MOST_WHOLE:
            return None
    numbers = np.rint(values * denominator)
    if np.abs(numbers).max(initial=0.0) > _MOST_WHOLE:
        return None
    return numbers.astype(np.int64), denominator


def total(values: np.ndarray) -> float:
    """Return the sum of a kernel's values, without what rounding leaves of zero.

    >>> total(np.array([0.1, 0.2, -0.3]))
    0.0
    """
    found, size = float(values.sum()), float(np.abs(values).sum())
    return 0.0 if abs(found) < 1e-12 * size else found


@dataclass(eq=False, repr=False)
class Product:
    """A kernel as `column` times `row`, divided by `denominator`.

    `exact` says that column and row are whole numbers.
    """

    column: np.ndarray
    row: np.ndarray
    denominator: int = 1
    exact: bool = False

    @property
    def values(self) -> np.ndarray:
        """The kernel that they make."""
        return np.outer(self.column, self.row) / self.denominator


def rank_of(values: np.ndarray) -> tuple[int, np.ndarray]:
    """Return the rank of a kernel `(kh, kw)` and its singular values, largest first."""
    singular = np.linalg.svd(values, compute_uv=False)
    least = singular[0] * max(values.shape) * np.finfo(np.float64).eps
    return int(np.count_nonzero(singular > least)), singular


def factors(values: np.ndarray) -> Product:
    """Return the factors of a kernel of rank 1: whole ones, else of equal sums or lengths.

    The one that does not change its sign, the smoothing one, is positive.

    >>> found = factors(np.array([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]]))
    >>> found.column.tolist(), found.row.tolist()
    ([1, 2, 1], [-1, 0, 1])
    """
    numbers = whole(values)
    if numbers is not None:
        matrix, denominator = numbers
        first = matrix[np.flatnonzero(matrix.any(axis=1))[0]]
        row = first // gcd(*first.tolist())
        column = matrix @ row // int(row @ row)
        if np.array_equal(np.outer(column, row), matrix):
            return Product(*_signed(column, row), denominator, exact=True)
    column, row = values.sum(axis=1), values.sum(axis=0)
    if _is_one_signed(values):  # an average: both factors are averages too
        side = float(np.sqrt(abs(values.sum())))
        return Product(*_signed(column / side, row / np.copysign(side, values.sum())))
    u, s, v = np.linalg.svd(values)
    return Product(*_signed(u[:, 0] * np.sqrt(s[0]), v[0] * np.sqrt(s[0])))


def _signed(column: np.ndarray, row: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Turn both signs where the smoothing factor is negative, else where the row is to fall."""
    if _is_one_signed(column):
        turn = column.sum() < 0
    elif _is_one_signed(row):
        turn = row.sum() < 0
    else:
        turn = row[np.flatnonzero(row)[0]] < 0
    return (-column, -row) if turn else (column, row)


def _is_one_signed(vector: np.ndarray) -> bool:
    return bool((vector >= 0).all() or (vector <= 0).all())
