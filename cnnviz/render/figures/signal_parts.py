"""Parts of figures of signals: short ones as stems with numbers, long ones as lines, areas."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, floor

import numpy as np

from cnnviz.render.figures import chart, ticks
from cnnviz.render.figures.chart import Frame
from cnnviz.render.fonts import measure
from cnnviz.render.numbers import count, number
from cnnviz.render.scene import Line, Path, Polygon, Rect, Scene
from cnnviz.render.theme import CAPTION, GAP, SMALLEST, WIDE_GAP, mixed

STEM = 13  # px of a cell from which values are stems
DOT, PEN = 3.5, 2  # px: radius of a stem's head, width of a line
FILL = 0.62  # of the background in the colour of an area
AIR, TEXT_AIR = 0.08, 0.34  # of the height, above and below; with numbers at the stems


def panel(
    box: tuple[float, float, float, float],
    span: tuple[float, float],
    limits: tuple[float, float],
    *,
    numbers: bool = False,
) -> Frame:
    """Return a chart of the cells from first to last, with room around the limits of its values."""
    x, y, width, height = box
    low, high = min(0.0, *limits), max(0.0, *limits)
    air = (TEXT_AIR if numbers else AIR) * ((high - low) or 1.0)
    low, high = low - air * (low < 0), high + air * (high > 0)
    if high == low:
        high = low + 1
    return Frame(x, y, width, height, span[1] + 0.5, low, high, left=span[0] - 0.5)


def cell(frame: Frame) -> float:
    """Return the px of a cell."""
    return frame.width / (frame.right - frame.left)


def is_short(frame: Frame) -> bool:
    """Tell whether there is room for stems."""
    return cell(frame) >= STEM


def zero(scene: Scene, frame: Frame) -> None:
    """Draw the line at 0."""
    y = round(frame.point(frame.left, 0)[1])
    scene.add(Line((frame.x, y), (frame.x + frame.width, y), scene.theme.rule))


def outside(scene: Scene, frame: Frame, size: int) -> None:
    """Hatch what is padding: all that is not from 0 to `size`."""
    edges = frame.point(-0.5, 0)[0], frame.point(size - 0.5, 0)[0]
    right = frame.x + frame.width
    for a, b in ((frame.x, edges[0]), (edges[1], right)):
        a, b = max(a, frame.x), min(b, right)
        if b - a > 1:
            scene.add(Rect(a, frame.y, b - a, frame.height, hatch=scene.theme.rule))


def signal(
    scene: Scene,
    frame: Frame,
    start: float,
    values: np.ndarray,
    colour: str,
    *,
    step: float = 1,
    shift: float = 0,
    numbers: bool = False,
    pen: float = PEN,
    line: bool = False,
) -> None:
    """Draw values, `step` apart from `start` on, as far as they are in the chart.

    They are stems where there is room, else a line.
    """
    first = max(0, ceil((frame.left - start) / step))
    last = max(first, floor((frame.right - start) / step))
    values, start = values[first : last + 1], start + first * step
    if line or not is_short(frame):
        if len(values):
            chart.trace(scene, frame, *envelope(start, step, values, frame), colour, pen)
        return
    pairs = [(start + i * step, value) for i, value in enumerate(values.tolist())]
    foot = round(frame.point(frame.left, 0)[1])
    for place, value in pairs:
        x, y = frame.point(place, value)
        scene.add(Rect(x + shift - 1, min(y, foot), 2, max(1, abs(foot - y)), fill=colour))
        chart.dot(scene, (x + shift, y), min(DOT, 0.18 * cell(frame)), colour)
    if numbers and pairs:
        _numbers(scene, frame, pairs)


def _numbers(scene: Scene, frame: Frame, pairs: Sequence[tuple[float, float]]) -> None:
    """Write the values at the ends of stems, if they fit."""
    for digits in (4, 3, 2):
        texts = [number(value, digits) for _, value in pairs]
        widest = max(texts, key=len)
        size = float(CAPTION)
        while size > SMALLEST and measure(widest, size) > cell(frame) - 3:
            size -= 0.5
        if measure(widest, size) <= cell(frame) - 3:
            break
    else:
        return
    for (place, value), text in zip(pairs, texts, strict=True):
        x, y = frame.point(place, value)
        scene.text(x, y + (size + 3 if value < 0 else -7), text, size=size, anchor="middle")


def area(
    scene: Scene,
    frame: Frame,
    start: float,
    values: np.ndarray,
    colour: str,
    *,
    step: float = 1,
    share: float = FILL,
    line: bool = False,
) -> None:
    """Fill what is between values and 0: a bar a cell, or below a line."""
    fill = mixed(colour, scene.theme.background, share)
    if not len(values):
        return
    foot = frame.bottom if frame.log else frame.point(frame.left, 0)[1]
    if is_short(frame) and not line:
        wide = min(0.62 * cell(frame), 26)
        for i, value in enumerate(values.tolist()):
            x, y = frame.point(start + i * step, value)
            if abs(foot - y) >= 0.5:
                scene.add(Rect(x - wide / 2, min(y, foot), wide, abs(foot - y), fill=fill))
        return
    xs, ys = envelope(start, step, values, frame)
    ys = np.clip(ys, frame.low, frame.high)
    points = [frame.point(a, b) for a, b in zip(xs.tolist(), ys.tolist(), strict=True)]
    if len(points) < 2:
        x, y = points[0]
        points = [(x - 1, y), (x + 1, y)]
    scene.add(Polygon((*points, (points[-1][0], foot), (points[0][0], foot)), fill))


def envelope(
    start: float, step: float, values: np.ndarray, frame: Frame
) -> tuple[np.ndarray, np.ndarray]:
    """Return the points of a line through values: of many, the least and the largest in each px.

    >>> frame = panel((0, 0, 4, 10), (0, 99), (0, 1))
    >>> [a.tolist() for a in envelope(0, 1, np.arange(100.0), frame)][1]
    [0.0, 24.0, 25.0, 49.0, 50.0, 74.0, 75.0, 99.0]
    """
    most = max(1, round(len(values) * step * cell(frame)))
    if len(values) <= 2 * most:
        return start + step * np.arange(len(values)), values
    starts = np.linspace(0, len(values), most, endpoint=False).astype(np.intp)
    ends = np.append(starts[1:], len(values)) - 1
    both = np.minimum.reduceat(values, starts), np.maximum.reduceat(values, starts)
    ys = np.stack(both, axis=1)
    falling = values[ends] < values[starts]  # then the largest comes first
    ys[falling] = ys[falling, ::-1]
    xs = start + step * np.stack([starts, ends], axis=1)
    return xs.reshape(-1), ys.reshape(-1)


def numbered(
    scene: Scene,
    frame: Frame,
    span: tuple[int, int],
    *,
    start: float = 0,
    step: float = 1,
    letter: str = "",
) -> None:
    """Write whole numbers below a chart, as many as fit; number `n` stands at `start + step n`."""
    wide = max(measure(count(n), CAPTION) for n in span) + WIDE_GAP
    px = step * cell(frame)
    if px >= wide:
        numbers = list(range(span[0], span[1] + 1))
    else:
        most = max(1, min(10, int(px * (span[1] - span[0]) / wide)))
        numbers = [round(v) for v in ticks.linear(*span, most) if v == round(v)]
    left, right = frame.x - WIDE_GAP, frame.x + frame.width + WIDE_GAP
    shown = []
    for n in numbers:
        x, half = frame.point(start + step * n, frame.high)[0], measure(count(n), CAPTION) / 2
        if left <= x - half and x + half <= right:
            shown.append(n)
    chart.ticks(scene, frame, [start + step * n for n in shown], [count(n) for n in shown])
    colour = scene.theme.secondary
    scene.text(right + GAP, frame.bottom + 16, letter, colour=colour)


def window(scene: Scene, frame: Frame, first: float, last: float) -> None:
    """Outline the cells that a window reads."""
    left = max(frame.x, frame.point(first - 0.5, 0)[0])
    right = min(frame.x + frame.width, frame.point(last + 0.5, 0)[0])
    if right - left < 4:
        middle = (left + right) / 2
        left, right = middle - 2, middle + 2
    box = left, frame.y, right - left, frame.height
    scene.add(Rect(*box, stroke=scene.theme.accent, line=2))


def legend(scene: Scene, x: float, y: float, named: Sequence[tuple[str, str]], room: float) -> None:
    """Write names, each behind a piece of its line or its dot."""
    for colour, name in named:
        if colour == scene.theme.accent:  # of a place
            chart.dot(scene, (x + 8, y - 4), 4.5, colour)
        else:
            scene.add(Path(((x, y - 4), (x + 16, y - 4)), colour, 2.5))
        scene.text(x + 24, y, name, room=room - 24)
        y += 18
