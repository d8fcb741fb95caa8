"""The patches of the input that the strongest responses of each map saw."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from cnnviz.render import display
from cnnviz.render.display import Scale
from cnnviz.render.figures import blocks
from cnnviz.render.figures.blocks import HEADING
from cnnviz.render.figures.panels import input_scale
from cnnviz.render.fonts import measure
from cnnviz.render.numbers import number
from cnnviz.render.scene import Scene
from cnnviz.render.theme import CAPTION, GAP, LABEL, MARGIN, WIDE_GAP
from cnnviz.report.maps import FeatureMap, MapSet

if TYPE_CHECKING:
    from cnnviz.report.peaks import Peak

PATCH, STEP = 72, 92  # px of a patch, and from one to the next
LINES = 32  # px of the two lines below a patch
LEAST_ROOM = 8 * STEP - GAP  # px that a row may take in a narrow figure
MOST = 16  # maps whose patches are shown
DETAIL = "strongest, at row, column"

Found = tuple[FeatureMap, "list[Peak]"]


def draw(
    scene: Scene, mapset: MapSet, found: Sequence[Found], y: float, room: float
) -> tuple[float, float]:
    """Draw a strip for each map, side by side as far as `room` goes; return right and bottom."""
    room = max(room, LEAST_ROOM)
    scale = input_scale(mapset, scene.theme.name)
    x, top, right, bottom = float(MARGIN), y, 0.0, y
    for m, peaks in found[:MOST]:
        width = _width(m, peaks, room)
        if x > MARGIN and x + width > MARGIN + room:
            x, top = float(MARGIN), bottom + WIDE_GAP
        blocks.heading(scene, x, top, scene.theme.accent, m.name, DETAIL, room=width + 1)
        per_row = int((room + GAP) // STEP)
        for i, peak in enumerate(peaks):
            row, column = divmod(i, per_row)
            place = x + column * STEP, top + HEADING + row * (PATCH + LINES + GAP)
            _patch(scene, mapset, peak, i + 1, place, scale)
            bottom = max(bottom, place[1] + PATCH + LINES)
        right = max(right, x + width)
        x += width + 2 * WIDE_GAP
    if len(found) > MOST:
        bottom += WIDE_GAP + CAPTION
        text = f"those of the first {MOST} of {len(found)} maps"
        scene.text(MARGIN, bottom, text, colour=scene.theme.secondary)
    return right, bottom


def _width(m: FeatureMap, peaks: Sequence[Peak], room: float) -> float:
    """Return the px that a strip takes: that of its patches or of its heading."""
    patches = min(len(peaks), int((room + GAP) // STEP)) * STEP - GAP
    words = 15 + measure(m.name, LABEL, "bold") + GAP + measure(DETAIL, CAPTION)
    return min(room, max(patches, words))


def _patch(
    scene: Scene,
    mapset: MapSet,
    peak: Peak,
    label: int,
    place: tuple[float, float],
    scale: Scale,
) -> None:
    """Draw the part of a peak's window that lies inside the input, in numbers if it is an array."""
    (x, y), source = place, mapset.source
    (top, bottom), (left, right) = peak.rows, peak.columns
    values = source[max(0, top) : bottom, max(0, left) : right]
    flat = values if values.ndim == 2 else values.mean(axis=2)
    cell = 0 if mapset.is_photo else blocks.cell_size(flat.shape, (PATCH, PATCH))
    if cell:
        blocks.cells(scene, x, y, flat, scale, cell, f"patch {label}")
    else:
        coloured = values.ndim == 3 and values.shape[2] == 3
        pixels = display.photo(np.clip(values, 0, 255))[0] if coloured else scale.colours(flat)
        height, width = display.fit(values.shape, (PATCH, PATCH))
        blocks.tile(scene, x, y, pixels, width, height, f"patch {label}")
    line = y + PATCH + 14
    indent = scene.text(x, line, str(label), face="bold", colour=scene.theme.accent)
    scene.text(x + indent + GAP, line, number(peak.value))
    at = f"at {peak.row}, {peak.column}"
    scene.text(x, line + 14, at, colour=scene.theme.secondary)
