"""Parts of figures of signals: short ones as stems with numbers, long ones as lines, areas."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cnnviz.render.figures import chart
from cnnviz.render.figures.chart import Frame
from cnnviz.render.fonts import measure
from cnnviz.render.numbers import number
from cnnviz.render.scene import Line, Path, Polygon, Rect, Scene
from cnnviz.render.theme import CAPTION, SMALLEST, mixed

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
    places: np.ndarray,
    values: np.ndarray,
    colour: str,
    *,
    shift: float = 0,
    numbers: bool = False,
    pen: float = PEN,
    line: bool = False,
) -> None:
    """Draw values at places as stems where there is room, else as a line; both as far as seen."""
    seen = (places > frame.left - 1) & (places < frame.right + 1)
    if line or not is_short(frame):
        xs, ys = envelope(places[seen], values[seen], frame)
        if len(xs):
            chart.trace(scene, frame, xs, ys, colour, pen)
        return
    inside = (places >= frame.left) & (places <= frame.right)
    pairs = list(zip(places[inside].tolist(), values[inside].tolist(), strict=True))
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


def area(scene: Scene, frame: Frame, places: np.ndarray, values: np.ndarray, colour: str) -> None:
    """Fill what is between values and 0: a bar a cell, or below a line."""
    fill = mixed(colour, scene.theme.background, FILL)
    if not len(places):
        return
    foot = frame.point(frame.left, 0)[1]
    if is_short(frame):
        wide = min(0.62 * cell(frame), 26)
        for place, value in zip(places.tolist(), values.tolist(), strict=True):
            x, y = frame.point(place, value)
            box = x - wide / 2, min(y, foot), wide, abs(foot - y)
            if box[3] >= 0.5:
                scene.add(Rect(*box, fill=fill))
        return
    xs, ys = envelope(places, values, frame)
    points = [frame.point(a, b) for a, b in zip(xs.tolist(), ys.tolist(), strict=True)]
    if len(points) < 2:
        x, y = points[0]
        points = [(x - 1, y), (x + 1, y)]
    ends = ((points[-1][0], foot), (points[0][0], foot))
    scene.add(Polygon((*points, *ends), fill))


def envelope(places: np.ndarray, values: np.ndarray, frame: Frame) -> tuple[np.ndarray, np.ndarray]:
    """Return the points of a line: of more than two a px, the least and the largest in each px.

    >>> frame = panel((0, 0, 4, 10), (0, 99), (0, 1))
    >>> [a.tolist() for a in envelope(np.arange(100), np.arange(100.0), frame)][1]
    [0.0, 24.0, 25.0, 49.0, 50.0, 74.0, 75.0, 99.0]
    """
    count = max(1, round(frame.width))
    if len(values) <= 2 * count:
        return places.astype(np.float64), values
    starts = np.linspace(0, len(values), count, endpoint=False).astype(np.intp)
    both = np.minimum.reduceat(values, starts), np.maximum.reduceat(values, starts)
    ends = np.append(starts[1:], len(values)) - 1
    xs = np.stack([places[starts], places[ends]], axis=1).reshape(-1)
    # The turn that is nearer to where the last px ended comes first, so that there is no zigzag.
    ys = np.stack(both, axis=1)
    rising = values[ends] >= values[starts]
    ys[~rising] = ys[~rising, ::-1]
    return xs.astype(np.float64), ys.reshape(-1)


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
    """Write names, each behind a piece of its line."""
    for colour, name in named:
        scene.add(Path(((x, y - 4), (x + 16, y - 4)), colour, 2.5))
        scene.text(x + 24, y, name, room=room - 24)
        y += 18
