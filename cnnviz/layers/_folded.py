"""Scales and offsets of channels, taken into the weights of the layer before."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cnnviz.contract import Array, Layer, Weights


def folded(
    layer: Any, weights: Weights, scale: Array, offset: Array
) -> tuple[Layer, Weights] | None:
    """Return the layer with a bias, and the weights with which it makes `scale y + offset`.

    For layers with `kernel`, whose last axes are the filters; None if an activation comes between,
    or the kernel is not there.
    """
    import numpy as np

    if layer.activation not in (None, "linear") or "kernel" not in weights:
        return None
    kernel = np.asarray(weights["kernel"], np.float32)
    filters = kernel.shape[-1:] if kernel.shape[-1] == len(scale) else kernel.shape[-2:]
    bias = weights["bias"] * scale + offset if layer.use_bias else offset
    scaled = kernel * scale.reshape(filters).astype(np.float32)
    return replace(layer, use_bias=True), {"kernel": scaled, "bias": bias.astype(np.float32)}
