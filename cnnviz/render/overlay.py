"""A map laid over the photo it was made from, each value where its window was centred."""

from __future__ import annotations

import numpy as np

from cnnviz.geometry import Axis
from cnnviz.render import display
from cnnviz.render.display import Scale
from cnnviz.report.maps import FeatureMap

STRENGTH = 0.85  # opacity of the strongest response


def footprint(axis: Axis) -> tuple[float, float]:
    """Return the span of input cells that the map covers, a stride around each window's centre."""
    first = axis.start(0) + axis.extent / 2 - axis.stride / 2
    return first, first + axis.output * axis.stride


def overlay(
    source: np.ndarray, feature_map: FeatureMap, scale: Scale, height: int, width: int
) -> np.ndarray:
    """Return `(height, width, 3)` uint8: the source in gray, coloured where the map responds."""
    from PIL import Image

    gray = source.mean(axis=2) if source.ndim == 3 else source
    base = display.choose(float(gray.min()), float(gray.max()), display="auto", like_image=True)
    under = display.reduce(gray, height, width)
    nearest = Image.Resampling.NEAREST
    if under.shape != (height, width):
        # Enlarged here, before it is mixed with the map.
        under = np.asarray(
            Image.fromarray(under.astype(np.float32)).resize((width, height), nearest)
        )
    picture = base.colours(under).astype(np.float32)
    spans: list[tuple[int, int]] = []
    for axis, size in zip(feature_map.axes, (height, width), strict=True):
        first, last = footprint(axis)
        spans.append((round(first * size / axis.size), round(last * size / axis.size)))
    (top, bottom), (left, right) = spans
    values = feature_map.values.astype(np.float32)
    box = max(1, right - left), max(1, bottom - top)
    values = np.asarray(Image.fromarray(values).resize(box, Image.Resampling.BOX))
    values = values[max(0, -top) : height - top, max(0, -left) : width - left]
    top, left = max(0, top), max(0, left)
    place = np.s_[top : top + values.shape[0], left : left + values.shape[1]]
    # The level is the distance from zero; the colour is the clear half of the scale, so that weak
    # responses are transparent rather than pale.
    levels = scale.levels(values).astype(np.int16)
    zero, span = (128, 127) if scale.signed else (0, 255)
    strength = np.abs(levels - zero) / span
    vivid = np.sign(levels - zero) * np.rint(span * (0.5 + strength / 2)) + zero
    alpha = STRENGTH * np.clip(strength, 0, 1)[..., None]
    tint = scale.table[np.clip(vivid, 0, 255).astype(np.uint8)]
    picture[place] = picture[place] * (1 - alpha) + tint * alpha
    return np.rint(np.clip(picture, 0, 255)).astype(np.uint8)
