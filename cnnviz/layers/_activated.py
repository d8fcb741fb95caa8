"""The activation at the end of a layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cnnviz.contract import Array


def activated(y: Array, name: str | None) -> Array:
    """Return `y` after the activation of that name; `y` itself for none."""
    if name in (None, "linear"):
        return y
    from cnnviz.ops import activation

    assert name is not None
    return activation(name)(y)
