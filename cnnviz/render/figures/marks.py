"""Marks on tiles: unread pixels dimmed, peaks numbered, winners outlined."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from cnnviz.geometry import Axis
from cnnviz.render import display
from cnnviz.render.figures import blocks
from cnnviz.render.figures.blocks import HEADING
from cnnviz.render.fonts import measure
from cnnviz.render.numbers import times
from cnnviz.render.scene import DIMMED, Rect, Scene
from cnnviz.render.theme import CAPTION, LABEL, MARGIN, WIDE_GAP
from cnnviz.report.maps import FeatureMap, MapSet

if TYPE_CHECKING:
    from cnnviz.report.peaks import Peak

WINNER_CELL = 16  # px of a pixel in the panel of winners
MOST_ROWS = 28  # rows and columns of that panel: a digit of MNIST is shown whole
WINNERS_CAPTION = "windows in green, the first maximum of each marked"


def dim_unread(
    pixels: np.ndarray, rows: Axis, columns: Axis, background: tuple[int, int, int]
) -> np.ndarray:
    """Fade the pixels at the end that no window reads, where they are large enough to be seen."""
    if not rows.unread and not columns.unread:
        return pixels
    height, width = pixels.shape[:2]
    read_rows = round(height * (rows.size - rows.unread) / rows.size)
    read_columns = round(width * (columns.size - columns.unread) / columns.size)
    mixed = pixels * (1 - DIMMED) + np.array(background) * DIMMED
    result = np.rint(mixed).astype(np.uint8)
    result[:read_rows, :read_columns] = pixels[:read_rows, :read_columns]
    return result


def mark_inputs(
    scene: Scene,
    x: float,
    y: float,
    width: float,
    height: float,
    m: FeatureMap,
    found: list[Peak],
) -> None:
    """Outline the windows of the peaks on the input."""
    sx, sy = width / m.axes[1].size, height / m.axes[0].size
    for i, peak in enumerate(found):
        (top, bottom), (left, right) = peak.rows, peak.columns
        box = (x + left * sx, y + top * sy, (right - left) * sx, (bottom - top) * sy)
        _numbered(scene, box, i + 1)


def mark_outputs(
    scene: Scene,
    x: float,
    y: float,
    width: float,
    height: float,
    m: FeatureMap,
    found: list[Peak],
) -> None:
    """Outline the peaks on their map."""
    sx, sy = width / m.shape[1], height / m.shape[0]
    for i, peak in enumerate(found):
        _numbered(scene, (x + peak.column * sx, y + peak.row * sy, sx, sy), i + 1)


def _numbered(scene: Scene, box: tuple[float, float, float, float], label: int) -> None:
    """Outline a box, at least 9 px large, with its number beside it on a readable ground."""
    x, y, width, height = box
    grow_x, grow_y = max(0.0, 9 - width) / 2, max(0.0, 9 - height) / 2
    x, y, width, height = x - grow_x, y - grow_y, width + 2 * grow_x, height + 2 * grow_y
    theme = scene.theme
    scene.add(Rect(x - 1, y - 1, width + 2, height + 2, stroke=theme.background))
    scene.add(Rect(x, y, width, height, stroke=theme.accent, line=2))
    ground = measure(str(label), CAPTION, "bold") + 5
    scene.add(Rect(x + width + 1, y - 3, ground, 12, fill=theme.background))
    middle = x + width + 1 + ground / 2
    scene.text(middle, y + 7, str(label), colour=theme.accent, face="bold", anchor="middle")


def pool_card(scene: Scene, x: float, y: float, m: FeatureMap) -> tuple[int, int]:
    """Draw a pooling window as an empty grid with its name; return the size of the grid."""
    theme, (rows, columns) = scene.theme, m.axes
    name = m.name.split("[")[0]
    whole = rows.kernel_size == rows.size and columns.kernel_size == columns.size
    shape = rows.kernel_size, columns.kernel_size
    blocks.heading(scene, x, y, theme.pool, name, room=120)
    cell = min(24, 96 // max(shape)) if max(shape) <= 12 else 0
    height, width = (shape[0] * cell, shape[1] * cell) if cell else (48, 48)
    top = y + HEADING
    scene.add(Rect(x, top, width, height, fill=theme.background, stroke=theme.pool, line=2))
    for i in range(1, shape[0] if cell else 0):
        scene.add(Rect(x, top + i * cell, width, 1, fill=theme.pool))
    for j in range(1, shape[1] if cell else 0):
        scene.add(Rect(x + j * cell, top, 1, height, fill=theme.pool))
    caption = (
        "the whole map" if whole else f"{times(shape)}, stride {_by(rows.stride, columns.stride)}"
    )
    scene.text(x, top + height + 16, caption, colour=theme.secondary)
    return height, max(width, 96)


def _by(rows: int, columns: int) -> str:
    return str(rows) if rows == columns else times((rows, columns))


def winner_share(mapset: MapSet, maps: Sequence[FeatureMap]) -> float:
    """Return the share of the input values that won at least one window."""
    planes = [plane for m in maps for plane in _planes(m.winners)]
    return sum(np.unique(plane).size for plane in planes) / mapset.source.size


def winner_panels(
    scene: Scene, mapset: MapSet, maps: Sequence[FeatureMap], y: float
) -> tuple[float, float]:
    """Draw, for each channel, a part of the input with windows and winners outlined."""
    m = maps[0]
    spans = _part(m.axes[0], MOST_ROWS), _part(m.axes[1], MOST_ROWS)
    (top, bottom), (left, right) = spans
    title = f"winners: {winner_share(mapset, maps):.1%} of the input values"
    blocks.heading(scene, MARGIN, y, scene.theme.accent, title, room=600)
    planes = _planes(m.winners)[:3]
    names = ("R", "G", "B") if len(planes) == 3 else ("",)
    x, place, height = float(MARGIN), y + HEADING + (18 if len(planes) == 3 else 0), 0.0
    for i, (name, winners) in enumerate(zip(names, planes, strict=False)):
        source = mapset.source if mapset.source.ndim == 2 else mapset.source[:, :, i]
        part = source[top:bottom, left:right]
        display_as = "minmax" if part.min() >= 0 else "signed"
        low, high = float(part.min()), float(part.max())
        scale = display.choose(low, high, display=display_as, theme=scene.theme.name)
        height, width = part.shape[0] * WINNER_CELL, part.shape[1] * WINNER_CELL
        if name:
            scene.text(x, place - 6, name, face="bold", size=LABEL)
        pixels = scale.colours(part)
        blocks.tile(scene, x, place, pixels, width, height, f"winners {name}")
        mark_winners(scene, (x, place), WINNER_CELL, winners, m.axes, spans)
        x += width + WIDE_GAP
    line = place + height + 16
    caption = f"rows {top} to {bottom - 1}, columns {left} to {right - 1}: {WINNERS_CAPTION}"
    width = scene.text(MARGIN, line, caption, colour=scene.theme.secondary)
    return max(x - WIDE_GAP, MARGIN + width), line + 4


def mark_winners(
    scene: Scene,
    place: tuple[float, float],
    cell: float,
    winners: np.ndarray,
    axes: tuple[Axis, ...],
    spans: tuple[tuple[int, int], tuple[int, int]],
) -> None:
    """Outline the windows that lie inside a part of the input, and the winner of each."""
    theme, (rows, columns) = scene.theme, axes
    (x, y), ((top, bottom), (left, right)) = place, spans
    for i in range(rows.output):
        for j in range(columns.output):
            r, c = rows.start(i), columns.start(j)
            if r < top or c < left or r + rows.extent > bottom or c + columns.extent > right:
                continue
            box = x + (c - left) * cell, y + (r - top) * cell
            scene.add(Rect(*box, columns.extent * cell, rows.extent * cell, stroke=theme.pool))
            row, column = divmod(int(winners[i, j]), columns.size)
            inside = x + (column - left) * cell + 2, y + (row - top) * cell + 2
            scene.add(Rect(*inside, cell - 4, cell - 4, stroke=theme.accent, line=2))


def _planes(winners: np.ndarray | None) -> list[np.ndarray]:
    """Return the winners of each channel, `(H, W)`."""
    if winners is None:
        return []
    return [winners] if winners.ndim == 2 else list(np.moveaxis(winners, 2, 0))


def _part(axis: Axis, most: int) -> tuple[int, int]:
    """Return a span of about `most` cells in the middle that starts with a window."""
    if axis.size <= most:
        return 0, axis.size
    count = max(1, (most - axis.extent) // axis.stride + 1)
    first = max(0, (axis.output - count) // 2)
    start = max(0, axis.start(first))
    return start, min(axis.size, axis.start(first + count - 1) + axis.extent)
