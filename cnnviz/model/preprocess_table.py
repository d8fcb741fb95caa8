"""The values of a spec's `[preprocess]` table, each read by its field's name."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any

from cnnviz.errors import SpecError
from cnnviz.geometry import Shape

_LARGEST = 2**15


def fitted(table: Mapping[str, Any] | None, input_shape: Shape) -> Mapping[str, Any] | None:
    """Return a table made for another input with its sizes in proportion to this one.

    >>> fitted({"resize": 256, "crop": 224, "scale": "1/255"}, (112, 112, 3))
    {'resize': 128, 'crop': (112, 112), 'scale': '1/255'}
    """
    if table is None or len(input_shape) != 3:
        return table
    resize, crop = (
        _sides(name, table[name]) if name in table else None for name in ("resize", "crop")
    )
    base = resize if crop is None else crop
    if base is None or (crop is None and isinstance(base, int)):
        return table  # the crop is the input's size by itself
    old = (base, base) if isinstance(base, int) else base
    rows, columns = (new / own for new, own in zip(input_shape[:2], old, strict=True))
    fields: dict[str, Any] = {} if crop is None else {"crop": input_shape[:2]}
    if isinstance(resize, int):
        fields["resize"] = max(1, round(resize * min(rows, columns)))
    elif resize is not None:
        fields["resize"] = max(1, round(resize[0] * rows)), max(1, round(resize[1] * columns))
    return {**table, **fields}


def _length(name: str, value: Any) -> int:
    whole = isinstance(value, int) and not isinstance(value, bool)
    if not whole or not 1 <= value <= _LARGEST:
        raise SpecError(f"{name} {value!a} is not a size from 1 to {_LARGEST}")
    return int(value)


def _sides(name: str, value: Any) -> int | Shape:
    if not isinstance(value, tuple | list):
        return _length(name, value)
    if len(value) != 2:
        raise SpecError(f"{name} {value!a} is not one size or two (rows, columns)")
    return tuple(_length(name, side) for side in value)


def _truth(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise SpecError(f"{name} {value!a} is not true or false")
    return value


def _number(name: str, value: Any) -> float:
    """Return a finite number, also one that is written as a fraction, `"1/255"`."""
    if isinstance(value, str):
        above, slash, below = value.partition("/")
        try:
            value = float(above) / float(below) if slash else None
        except (ValueError, ZeroDivisionError, OverflowError):
            value = None
    plain = isinstance(value, int | float) and not isinstance(value, bool)
    if not plain or not isfinite(value) or abs(value) > 1e30:
        raise SpecError(f"{name} is not a number or a fraction", hint=f'write {name} = "1/255"')
    return float(value)


def _numbers(name: str, value: Any) -> float | tuple[float, ...]:
    if not isinstance(value, tuple | list):
        return _number(name, value)
    if not value:
        raise SpecError(f"{name} is empty")
    return tuple(_number(name, item) for item in value)


def _divisors(name: str, value: Any) -> float | tuple[float, ...]:
    numbers = _numbers(name, value)
    if min(numbers if isinstance(numbers, tuple) else (numbers,)) < 1e-30:
        raise SpecError(f"{name} {value!a} is not above 0")
    return numbers


def _word(*words: str) -> Any:
    def read(name: str, value: Any) -> str:
        if value not in words:
            raise SpecError(f"{name} {value!a} is not {' or '.join(words)}")
        return str(value)

    return read


READERS: dict[str, Any] = {
    "resize": _sides,
    "filter": _word("nearest", "bilinear", "bicubic", "lanczos"),
    "antialias": _truth,
    "crop": _sides,
    "channels": _word("rgb", "bgr"),
    "invert": _truth,
    "scale": _number,
    "mean": _numbers,
    "std": _divisors,
}
