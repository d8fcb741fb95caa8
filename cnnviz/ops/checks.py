"""What every op asks of its arrays before it allocates anything."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cnnviz.errors import InputError, SpecError

Array = NDArray[Any]


def as_batch(x: ArrayLike) -> Array:
    """Return `x` as a view `(N, H, W, C)`, its numbers as they are.

    Parameters
    ----------
    x : array_like
        `(H, W)`, `(H, W, C)` or `(N, H, W, C)`.

    Raises
    ------
    SpecError
        If the rank is another, an axis is empty or the values are not real numbers.
    """
    array = filled(x, (2, 3, 4), "(H, W), (H, W, C) or (N, H, W, C)")
    if array.ndim == 2:
        return array[np.newaxis, :, :, np.newaxis]
    return array[np.newaxis] if array.ndim == 3 else array


def filled(x: ArrayLike, ranks: tuple[int, ...], forms: str) -> Array:
    """Return `x` as an array of real numbers that has values and one of the ranks."""
    array = real_array(x, "the input")
    if array.ndim not in ranks:
        raise SpecError(f"the input has {array.ndim} axes {array.shape}", hint=f"give {forms}")
    if array.size == 0:
        raise SpecError(f"the input is empty {array.shape}")
    return array


def real_array(values: ArrayLike, what: str) -> Array:
    """Return `values` as an array of real numbers, or raise `SpecError`."""
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise SpecError(f"{what} is not an array: its rows differ in length") from error
    if array.dtype.kind not in "biuf":
        raise SpecError(f"{what} holds {array.dtype} values", hint="give real numbers")
    return array


def result_type(x: Array) -> type[np.floating[Any]]:
    """Return the type an op computes in: float64 if `x` is float64, otherwise float32."""
    return np.float64 if x.dtype == np.float64 else np.float32


def check_finite(array: Array, what: str) -> None:
    """Refuse NaN and infinity.

    Raises
    ------
    InputError
        Naming `what` and counting its non-finite values.

    >>> check_finite(np.array([1.0, np.nan, np.inf]), "kernel")
    Traceback (most recent call last):
    cnnviz.errors.InputError: kernel has 2 non-finite values (NaN or Inf) among 3
    """
    refuse_not_finite(array.size - int(np.count_nonzero(np.isfinite(array))), array.size, what)


def refuse_not_finite(count: int, size: int, what: str) -> None:
    """Refuse what has `count` values that are not finite among `size`, by name: `InputError`."""
    if count:
        values = "value" if count == 1 else "values"
        raise InputError(f"{what} has {count} non-finite {values} (NaN or Inf) among {size}")


def floats(x: ArrayLike) -> Array:
    """Return `x` in the type that an op computes in, as it is if it has it."""
    array = real_array(x, "the input")
    return array.astype(result_type(array), copy=False)


def number(value: float, name: str, least: float = -np.inf) -> float:
    """Return a finite number of at least `least`, or raise `SpecError`."""
    real = isinstance(value, int | float | np.integer | np.floating)
    if isinstance(value, bool) or not real or not least <= value < np.inf or value == -np.inf:
        limit = f" of at least {least:g}" if least > -np.inf else ""
        raise SpecError(f"{name} {value!r} is not a number{limit}")
    return float(value)


def axis_of(axis: int, x: Array) -> int:
    """Return `axis` counted from the first of `x`, or raise `SpecError`."""
    if isinstance(axis, bool) or not isinstance(axis, int) or not -x.ndim <= axis < x.ndim:
        raise SpecError(f"axis {axis!r} is not an axis of {x.shape}")
    if x.shape[axis] == 0:
        raise SpecError(f"the input is empty {x.shape}")
    return axis % x.ndim
