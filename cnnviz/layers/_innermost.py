"""What layers share whose windows slide over `(C, H, W, N)`, images innermost."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from cnnviz.geometry import Axis, Shape, Window

if TYPE_CHECKING:
    from cnnviz.contract import Layer


@lru_cache(maxsize=1000)
def axes_of(layer: Layer, shape: Shape) -> tuple[Axis, ...]:
    """Return a layer's window laid on an array `(C, ..., N)`.

    It is kept: to check it takes longer than many a layer.
    """
    in_shape = (*shape[1:-1], shape[0])
    window = layer.window(in_shape)
    assert isinstance(window, Window)
    return window.on(in_shape[:-1])
