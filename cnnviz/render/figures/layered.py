"""Boxes in layers, each below all that it takes, and lines between them that cross no box.

The way of Sugiyama, Tagawa and Toda (1981): longest ways from the source give the layers, long
lines get a place of their own in each layer that they pass, the order in a layer follows the
neighbours, and the places are those nearest to the neighbours' with room for every box.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from cnnviz.render.figures.layered_order import Spot, is_linked, order
from cnnviz.render.figures.layered_places import spread
from cnnviz.render.scene import Point

LANE = 14.0  # px of a line that passes a layer
PORT = 16.0  # px between two lines that reach the same box
STEPS = 14  # points of a bend


@dataclass(eq=False, repr=False)
class Placed:
    """Boxes with their left and top, lines as points, and the px of all.

    Attributes
    ----------
    boxes : list of (float, float)
    lines : list of tuple of point
        In the order of the edges.
    """

    boxes: list[Point]
    lines: list[tuple[Point, ...]]
    width: float
    height: float


def place(
    sizes: Sequence[tuple[float, float]],
    edges: Sequence[tuple[int, int]],
    *,
    air: float = 16.0,
    gap: float = 34.0,
) -> Placed:
    """Return where boxes stand.

    Parameters
    ----------
    sizes : sequence of (float, float)
        Width and height of each box, each behind all that it takes.
    edges : sequence of (int, int)
        From which box to which.
    air, gap : float
        Px between boxes beside each other, and between layers.
    """
    levels = _levels(len(sizes), edges)
    spots = [Spot(box, width) for box, (width, _) in enumerate(sizes)]
    rows: list[list[Spot]] = [[] for _ in range(max(levels) + 1)]
    for box, level in enumerate(levels):
        rows[level].append(spots[box])
    skips = _skips(len(sizes), edges)
    ways = [_way(spots, levels, rows, edge, skips=edge in skips) for edge in edges]
    order(rows)
    spread(rows, air)
    tops, heights = _tops(rows, sizes, gap)
    left = min(spot.x - spot.width / 2 for row in rows for spot in row)
    right = max(spot.x + spot.width / 2 for row in rows for spot in row)
    for row in rows:
        for spot in row:
            spot.x -= left
    boxes = [
        (spots[box].x - w / 2, tops[levels[box]] + (heights[levels[box]] - h) / 2)
        for box, (w, h) in enumerate(sizes)
    ]
    lines = [
        _line(way, boxes, sizes, tops[levels[first] :], heights[levels[first] :])
        for way, (first, _) in zip(ways, edges, strict=True)
    ]
    return Placed(boxes, lines, right - left, tops[-1] + heights[-1])


def _levels(count: int, edges: Sequence[tuple[int, int]]) -> list[int]:
    levels = [0] * count
    for first, second in sorted(edges, key=lambda edge: edge[1]):
        levels[second] = max(levels[second], levels[first] + 1)
    return levels


def _skips(count: int, edges: Sequence[tuple[int, int]]) -> set[tuple[int, int]]:
    """Return the edges beside which there is another way."""
    below: list[set[int]] = [set() for _ in range(count)]
    for first, second in edges:
        below[first].add(second)
    behind: list[set[int]] = [set() for _ in range(count)]
    for box in reversed(range(count)):
        behind[box] = below[box].union(*(behind[other] for other in below[box]))
    return {(a, b) for a, b in edges if any(b in behind[other] for other in below[a])}


def _way(
    spots: list[Spot],
    levels: list[int],
    rows: list[list[Spot]],
    edge: tuple[int, int],
    *,
    skips: bool,
) -> list[Spot]:
    """Return the spots of a line, with new ones in the layers that it passes."""
    first, second = edge
    passing = [Spot(-1, LANE, skips) for _ in range(levels[first] + 1, levels[second])]
    for level, spot in enumerate(passing, levels[first] + 1):
        rows[level].append(spot)
    way = [spots[first], *passing, spots[second]]
    for one, other in pairwise(way):
        one.below.append(other)
        other.above.append(one)
    return way


def _tops(
    rows: Sequence[Sequence[Spot]], sizes: Sequence[tuple[float, float]], gap: float
) -> tuple[list[float], list[float]]:
    tops, heights, y = [], [], 0.0
    for row in rows:
        tall = max(sizes[spot.box][1] for spot in row if spot.box >= 0)
        tops.append(y)
        heights.append(tall)
        y += tall + gap
    return tops, heights


def _line(
    way: Sequence[Spot],
    boxes: Sequence[Point],
    sizes: Sequence[tuple[float, float]],
    tops: Sequence[float],
    heights: Sequence[float],
) -> tuple[Point, ...]:
    """Return the points of a line: straight through layers, bent between them."""
    first, last = way[0].box, way[-1].box
    points: list[Point] = [(way[0].x, boxes[first][1] + sizes[first][1])]
    points.append((way[0].x, tops[0] + heights[0]))
    for level, spot in enumerate(way[1:], 1):
        x = spot.x if spot.box < 0 else _port(way[-2], spot)
        points += _bend(points[-1], (x, tops[level]))
        if spot.box < 0:
            points.append((x, tops[level] + heights[level]))
    points.append((points[-1][0], boxes[last][1]))
    return tuple(points)


def _port(before: Spot, spot: Spot) -> float:
    """Return where a line reaches a box: beside the others, in the order of where they come from.

    One from right above comes straight.
    """
    come = sorted(spot.above, key=lambda other: other.x)
    place = next(i for i, other in enumerate(come) if other is before)
    straight = [i for i, other in enumerate(come) if is_linked(other, spot)]
    middle = straight[0] if straight else (len(come) - 1) / 2
    step = min(PORT, spot.width / (2 * len(come)))
    return spot.x + (place - middle) * step


def _bend(start: Point, end: Point) -> list[Point]:
    """Return points of a curve that leaves and arrives vertically."""
    if abs(start[0] - end[0]) < 0.5:
        return [end]
    points = []
    for step in range(1, STEPS + 1):
        t = step / STEPS
        across, down = t * t * (3 - 2 * t), t
        x = start[0] + across * (end[0] - start[0])
        points.append((x, start[1] + down * (end[1] - start[1])))
    return points
