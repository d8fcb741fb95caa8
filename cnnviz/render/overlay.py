"""A map laid over the photo it was made from, each value where its window was centred."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cnnviz.geometry import Axis
from cnnviz.render import display
from cnnviz.render.display import Scale
from cnnviz.report.maps import FeatureMap

if TYPE_CHECKING:
    from PIL import Image

STRENGTH = 0.9  # opacity of strong responses
STRONG = 0.99  # share of the responses that are weaker: a few extremes would hide all others
FADED = 0.4  # of the photo, towards the colour of zero, so that colours show on it


def footprint(axis: Axis) -> tuple[float, float]:
    """Return the span of input cells that the map covers, a stride around each window's centre."""
    first = axis.start(0) + axis.extent / 2 - axis.stride / 2
    return first, first + axis.output * axis.stride


def overlay(
    source: np.ndarray, feature_map: FeatureMap, scale: Scale, height: int, width: int
) -> np.ndarray:
    """Return `(height, width, 3)` uint8: the source in gray, coloured where the map responds."""
    from PIL import Image

    gray = source
    if source.ndim == 3:  # bytes have their mean in floats, not in float64
        gray = source.mean(axis=2, dtype=np.float32 if source.dtype == np.uint8 else None)
    base = display.choose(float(gray.min()), float(gray.max()), display="auto", like_image=True)
    under = display.reduce(gray, height, width)
    nearest = Image.Resampling.NEAREST
    if under.shape != (height, width):
        # Enlarged here, before it is mixed with the map.
        under = np.asarray(
            Image.fromarray(under.astype(np.float32)).resize((width, height), nearest)
        )
    picture = base.colours(under).astype(np.float32)
    picture += FADED * (scale.table[_zero(scale)[0]].astype(np.float32) - picture)
    spans: list[tuple[int, int]] = []
    for axis, size in zip(feature_map.axes, (height, width), strict=True):
        first, last = footprint(axis)
        spans.append((round(first * size / axis.size), round(last * size / axis.size)))
    (top, bottom), (left, right) = spans
    box = max(1, right - left), max(1, bottom - top)
    layer = np.asarray(_layer(feature_map, scale, box), np.float32)
    layer = layer[max(0, -top) : height - top, max(0, -left) : width - left]
    top, left = max(0, top), max(0, left)
    place = np.s_[top : top + layer.shape[0], left : left + layer.shape[1]]
    alpha = layer[..., 3:] / 255
    picture[place] = picture[place] * (1 - alpha) + layer[..., :3] * alpha
    return np.rint(np.clip(picture, 0, 255)).astype(np.uint8)


def _layer(feature_map: FeatureMap, scale: Scale, box: tuple[int, int]) -> Image.Image:
    """Return values as colours and their opacity, RGBA, in a box.

    Colours are averaged where the box is smaller, since values of both signs would cancel out.
    """
    from PIL import Image

    values = feature_map.sample(*display.steps(feature_map.shape, box[::-1]))
    steps = display.steps(values.shape, box[::-1])
    levels = scale.levels(values.astype(np.float32)[:: steps[0], :: steps[1]])
    zero, span = _zero(scale)
    place = np.arange(256) - zero
    strength = np.minimum(np.abs(place) / span, 1)
    order = np.argsort(strength, kind="stable")
    weaker = np.cumsum(np.bincount(levels.ravel(), minlength=256)[order]) / levels.size
    strong = float(strength[order[np.searchsorted(weaker, STRONG)]]) or 1.0
    alpha = STRENGTH * np.minimum(strength / strong, 1)
    # The clear half of the scale, so that weak responses are transparent rather than pale.
    vivid = np.sign(place) * np.rint(span * (0.5 + strength / 2)) + zero
    tint = scale.table[np.clip(vivid, 0, 255).astype(np.uint8)]
    table = np.column_stack([tint, np.rint(255 * alpha)]).astype(np.uint8)
    return Image.fromarray(table[levels]).resize(box, Image.Resampling.BOX)


def _zero(scale: Scale) -> tuple[int, int]:
    """Return the table entry of zero (or of the smallest value), and the entries beside it."""
    return (128, 127) if scale.signed else (0, 255)
