"""What layers ask of their settings and inputs; each raises `SpecError` with the value."""

from __future__ import annotations

import sys
from typing import Any

from cnnviz.contract import Layer
from cnnviz.errors import SpecError
from cnnviz.geometry import Shape

# Known here so that the common specs do not wait for NumPy; `ops.activations` has all.
COMMON_ACTIVATIONS = ("linear", "relu", "sigmoid", "softmax", "tanh")
LARGEST = sys.float_info.max


def canonical(layer: Layer, **values: Any) -> None:
    """Replace fields of a frozen layer by their checked form, from its `__post_init__`."""
    for name, value in values.items():
        object.__setattr__(layer, name, value)


def count(value: Any, name: str) -> int:
    """Return a positive integer."""
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise SpecError(f"{name} {value!a} is not a positive integer")
    return value


def flag(value: Any, name: str) -> bool:
    """Return a truth value, which no number or text stands for."""
    if not isinstance(value, bool):
        raise SpecError(f"{name} {value!a} is not true or false")
    return value


def integer(value: Any, name: str) -> int:
    """Return an integer of any sign."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise SpecError(f"{name} {value!a} is not an integer")
    return value


def number(value: Any, name: str, least: float = -LARGEST, most: float = LARGEST) -> float:
    """Return a finite number within `[least, most]`."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        limits = "" if least == -LARGEST else f" of at least {least:g}"
        limits = limits if most == LARGEST else f" from {least:g} to {most:g}"
        raise SpecError(f"{name} {value!a} is not a number{limits}")
    return float(value)


def numbers(value: Any, name: str) -> float | tuple[float, ...]:
    """Return one finite number, or several, one a channel."""
    if not isinstance(value, list | tuple) or not value:
        return number(value, name)
    several = tuple(number(each, name) for each in value)
    return several if len(several) > 1 else several[0]


def activation(value: Any) -> str | None:
    """Return the name of a known activation, or None for none."""
    if value is None or value in COMMON_ACTIVATIONS:
        return value  # type: ignore[no-any-return]
    if not isinstance(value, str):
        raise SpecError(f"activation {value!a} is not a name")
    from cnnviz.ops import activation as known

    known(value)
    return value.lower()


def one(in_shapes: tuple[Shape, ...]) -> Shape:
    """Return the shape of the only input."""
    if len(in_shapes) != 1:
        raise SpecError(f"takes one input, not {len(in_shapes)}")
    return in_shapes[0]


def several(in_shapes: tuple[Shape, ...]) -> tuple[Shape, ...]:
    """Return the shapes of two inputs or more."""
    if len(in_shapes) < 2:
        raise SpecError(f"takes two inputs or more, not {len(in_shapes)}", hint="name its inputs")
    return in_shapes


def axis(value: int, shape: Shape) -> int:
    """Return where in `shape` an axis is.

    A shape has no batch axis here, so positive axes count from 1, as in Keras.
    """
    if value not in (*range(1, len(shape) + 1), *range(-len(shape), 0)):
        raise SpecError(f"axis {value} is not an axis of {shape}", hint="use -1")
    return value - 1 if value > 0 else value + len(shape)


def image(in_shapes: tuple[Shape, ...]) -> Shape:
    """Return the shape of the only input, which is `(H, W, C)`."""
    return spatial(in_shapes, 2)


def spatial(in_shapes: tuple[Shape, ...], rank: int) -> Shape:
    """Return the shape of the only input: `(L, C)` for a rank of 1, `(H, W, C)` for 2."""
    shape = one(in_shapes)
    if len(shape) != rank + 1:
        form = "(L, C)" if rank == 1 else "(H, W, C)"
        if len(shape) == rank:
            hint = "add the channels"
        elif len(shape) > rank:
            hint = "the layer for images ends in 2D, and a sequence begins with Input((L, C))"
        else:
            hint = "use it before Flatten and Dense"
        raise SpecError(f"takes an input {form}, not {shape}", hint=hint)
    return shape


def groups(value: Any, filters: int) -> int:
    """Return a number of groups that divides the filters."""
    if filters % count(value, "groups"):
        raise SpecError(f"groups {value} does not divide filters {filters}")
    return int(value)


def grouped(channels: int, groups: int) -> None:
    """Refuse input channels that the groups do not divide."""
    if channels % groups:
        raise SpecError(f"groups {groups} does not divide {channels} input channels")
