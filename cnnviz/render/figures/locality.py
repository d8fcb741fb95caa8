"""How the correlation of two pixels falls with their distance: curves, and a map around a pixel."""

from __future__ import annotations

import numpy as np

from cnnviz.render import display
from cnnviz.render.figures import blocks, chart
from cnnviz.render.figures.blocks import HEADING
from cnnviz.render.figures.chart import Curve, Frame
from cnnviz.render.fonts import measure
from cnnviz.render.numbers import MINUS, number
from cnnviz.render.scene import Line, Rect, Scene
from cnnviz.render.theme import CAPTION, GAP, LABEL, MARGIN
from cnnviz.report.locality import Locality

WIDTH, HEIGHT = 520, 240  # px of the chart
NEAR = 12  # pixels shown on each side of the middle of the map
CELL, MOST_CELL = 10, 30  # px of one
LEAST_BAR = 112  # px of a colour bar
SLACK = 0.05  # a curve may fall so far below 0 without a longer axis
WINDOWS = (3, 7)  # receptive fields outlined on the map


def draw(scene: Scene, locality: Locality, x: float, y: float) -> tuple[float, float]:
    """Draw both; return right and bottom."""
    wide = chart.TICK_ROOM + WIDTH + chart.LEGEND_ROOM
    room = wide + 2 * MARGIN + (2 * NEAR + 1) * CELL
    blocks.heading(scene, x, y, scene.theme.map, "locality", _words(locality), room=room)
    if np.isnan(locality.both).all():
        words = measure("locality", LABEL, "bold") + measure(_words(locality), CAPTION)
        return x + 15 + words + GAP, y + HEADING
    top = y + HEADING + GAP
    bottom = _curves(scene, locality, x + chart.TICK_ROOM, top)
    right, foot = _around(scene, locality, x + wide + 2 * MARGIN, top)
    return max(right, x + room), max(bottom, foot)


def _words(locality: Locality) -> str:
    """Return in a sentence what the curves say."""
    if np.isnan(locality.both).all():
        return "not defined: no two pixels differ"
    half, curve = locality.half, locality.both
    near, shuffled = (f"{round(c[1], 3) + 0.0:.3f}" for c in (curve, locality.shuffled))
    parts = [f"neighbours correlate by {near}"]
    farthest = np.flatnonzero(~np.isnan(curve))[-1]
    parts.append(
        f"above 0.5 up to {farthest} px" if half is None else f"below 0.5 from {half} px on"
    )
    return f"{', '.join(parts)}; the same pixels shuffled: {shuffled}".replace("-", MINUS)


def _curves(scene: Scene, locality: Locality, x: float, y: float) -> float:
    """Draw the curves; return the bottom."""
    theme, defined = scene.theme, ~np.isnan(locality.both)
    reach = max(1, int(np.flatnonzero(defined)[-1]))
    drawn = [
        Curve("both", locality.both, theme.text, 2.5),
        Curve("along rows", locality.horizontal, theme.map, 1.5),
        Curve("along columns", locality.vertical, theme.pool, 1.5),
        Curve("shuffled", locality.shuffled, theme.secondary, 1.5),
    ]
    lowest = min(float(np.nanmin(c.values, initial=0)) for c in drawn)
    low = 0.0 if lowest > -SLACK else -0.25 * np.ceil(-lowest / 0.25)
    frame = Frame(x, y, WIDTH, HEIGHT, reach, low, 1)
    ticks = np.arange(0, reach + 1, max(1, reach // 8)).tolist()
    levels = np.arange(low, 1.01, 0.25).tolist()
    chart.axes(scene, frame, ticks, levels, name="distance of two pixels in px")
    chart.curves(scene, frame, drawn)
    if locality.half is not None:
        left, top = frame.point(locality.half, float(locality.both[locality.half]))
        foot = frame.y + frame.height
        scene.add(Line((round(left), top), (round(left), foot), theme.accent, 2))
    return y + HEIGHT + chart.AXIS_ROOM


def _around(scene: Scene, locality: Locality, x: float, y: float) -> tuple[float, float]:
    """Draw the correlation with every pixel around one; return right and bottom."""
    plane = locality.plane
    middle = plane.shape[0] // 2, plane.shape[1] // 2
    reach = min(NEAR, middle[0]), min(NEAR, middle[1])
    cell = min(MOST_CELL, (2 * NEAR + 1) * CELL // (2 * max(reach) + 1))
    rows, columns = (slice(m - r, m + r + 1) for m, r in zip(middle, reach, strict=True))
    near = plane[rows, columns].astype(np.float32)
    height, width = near.shape[0] * cell, near.shape[1] * cell
    low = min(0.0, float(np.nanmin(near)))
    scale = display.choose(low, 1.0, theme=scene.theme.name)
    blocks.tile(scene, x, y, scale.colours(near), width, height, "correlation around a pixel")
    told = []
    for size in WINDOWS:
        r = size // 2
        if r > min(reach):
            continue
        window = plane[middle[0] - r : middle[0] + r + 1, middle[1] - r : middle[1] + r + 1]
        told.append(f"{size}×{size}: at least {number(float(np.nanmin(window)), 2)}")
        left, top = x + (reach[1] - r) * cell, y + (reach[0] - r) * cell
        box = left, top, size * cell, size * cell
        scene.add(Rect(*box, stroke=scene.theme.kernel, line=2))
    bar = max(width, LEAST_BAR)
    blocks.bar(scene, x, y + height + 6, bar, scale)
    line = y + height + 42
    colour = scene.theme.secondary
    first = scene.text(x, line, "correlation with the pixel in the middle", colour=colour)
    second = scene.text(x, line + 14, "in a window of  " + "   ".join(told), colour=colour)
    line += 14
    if np.isnan(near).any():
        line += 14
        scene.text(x, line, "magenta: all such pixels are alike", colour=colour)
    return x + max(bar, first, second), line + 4
