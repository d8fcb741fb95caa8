"""What layers ask of their settings and inputs; each raises `SpecError` with the value."""

from __future__ import annotations

from typing import Any

from cnnviz.contract import Layer
from cnnviz.errors import SpecError
from cnnviz.geometry import Shape

# Known here so that the common specs do not wait for NumPy; `ops.activations` has all.
COMMON_ACTIVATIONS = ("linear", "relu", "sigmoid", "softmax", "tanh")


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


def number(value: Any, name: str, least: float, most: float = float("inf")) -> float:
    """Return a number within `[least, most]`."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        limits = f"of at least {least:g}" if most == float("inf") else f"from {least:g} to {most:g}"
        raise SpecError(f"{name} {value!a} is not a number {limits}")
    return float(value)


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
            hint = "the layer for images ends in 2D"
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
