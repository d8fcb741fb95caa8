"""The activation at the end of a layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cnnviz.contract import Array


def activated(y: Array, name: str | None) -> Array:
    """Return `y` after the activation of that name, in its memory if it may be: it is the layer's.

    `y` itself for none.
    """
    if name is None or name == "linear":
        return y
    if name == "relu":
        import numpy as np

        return np.maximum(y, 0, out=y)
    from cnnviz.ops import activation

    return activation(name)(y)
