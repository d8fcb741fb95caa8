"""Boxes in layers, each below all that it takes, and lines between them that cross no box.

The way of Sugiyama, Tagawa and Toda (1981): longest ways from the source give the layers, long
lines get a place of their own in each layer that they pass, the order in a layer follows the
neighbours, and the places are those nearest to the neighbours' with room for every box.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cnnviz.render.scene import Point

SWEEPS = 12
LANE = 14.0  # px of a line that passes a layer
PORT = 16.0  # px between two lines that reach the same box
STRAIGHT, ROUND = 8.0, 0.02  # the weight of a line that is to be straight, and of a way round
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


@dataclass(eq=False, repr=False)
class _Spot:
    """A box, or (where `box` is below 0) a line that passes a layer.

    It skips where another way leads from and to the same boxes.
    """

    box: int
    width: float
    skips: bool = False
    x: float = 0.0
    above: list[_Spot] = field(default_factory=list)
    below: list[_Spot] = field(default_factory=list)


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
    spots = [_Spot(box, width) for box, (width, _) in enumerate(sizes)]
    rows: list[list[_Spot]] = [[] for _ in range(max(levels) + 1)]
    for box, level in enumerate(levels):
        rows[level].append(spots[box])
    skips = _skips(len(sizes), edges)
    ways = [_way(spots, levels, rows, edge, skips=edge in skips) for edge in edges]
    _order(rows)
    _spread(rows, air)
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
    spots: list[_Spot],
    levels: list[int],
    rows: list[list[_Spot]],
    edge: tuple[int, int],
    *,
    skips: bool,
) -> list[_Spot]:
    """Return the spots of a line, with new ones in the layers that it passes."""
    first, second = edge
    passing = [_Spot(-1, LANE, skips) for _ in range(levels[first] + 1, levels[second])]
    for level, spot in enumerate(passing, levels[first] + 1):
        rows[level].append(spot)
    way = [spots[first], *passing, spots[second]]
    for one, other in zip(way, way[1:], strict=False):
        one.below.append(other)
        other.above.append(one)
    return way


def _order(rows: list[list[_Spot]]) -> None:
    """Order each layer by its neighbours, keeping the best of several sweeps."""
    best, least = [list(row) for row in rows], _crossings(rows)
    for sweep in range(SWEEPS):
        down = sweep % 2 == 0
        for row in rows if down else reversed(rows):
            _by_neighbours(rows, row, down=down)
        found = _crossings(rows)
        if found < least:
            best, least = [list(row) for row in rows], found
        if not least:
            break
    rows[:] = best


def _by_neighbours(rows: list[list[_Spot]], row: list[_Spot], *, down: bool) -> None:
    at = {id(spot): place for other in rows for place, spot in enumerate(other)}

    def mean(spot: _Spot) -> float:
        near = spot.above if down else spot.below
        places = [at[id(other)] for other in near]
        return sum(places) / len(places) if places else at[id(spot)]

    row.sort(key=mean)


def _crossings(rows: Sequence[Sequence[_Spot]]) -> int:
    total = 0
    for row, below in zip(rows, rows[1:], strict=False):
        at = {id(spot): place for place, spot in enumerate(below)}
        ends = [at[id(other)] for spot in row for other in sorted(spot.below, key=lambda s: at[id(s)])]
        total += sum(a > b for i, a in enumerate(ends) for b in ends[i + 1 :])
    return total


def _spread(rows: Sequence[Sequence[_Spot]], air: float) -> None:
    """Place the spots of each layer as near to their neighbours as there is room."""
    for row in rows:
        x = 0.0
        for spot in row:
            spot.x, x = x + spot.width / 2, x + spot.width + air
    for sweep in range(4 * SWEEPS):
        down, late = sweep % 2 == 0, sweep >= 2 * SWEEPS
        for row in rows if down else reversed(rows):
            wanted = [_wanted(spot, down=down, late=late) for spot in row]
            _apart(row, [w for w, _ in wanted], [s for _, s in wanted], air)
    _straighten(rows, air)


def _wanted(spot: _Spot, *, down: bool, late: bool) -> tuple[float, float]:
    """Return where a spot is nearest to its neighbours, at last on both sides, and how much."""
    near = [*spot.above, *spot.below] if late else spot.above if down else spot.below
    weights = [_weight(spot, other) for other in near]
    if not near:
        return spot.x, 1.0
    total = sum(weights)
    return sum(w * other.x for w, other in zip(weights, near, strict=True)) / total, total


def _weight(one: _Spot, other: _Spot) -> float:
    """Return how straight a line is to be.

    Most on its way through layers and where it is the only one of two boxes, least where a way
    round begins or ends: the boxes keep in line then.
    """
    upper, lower = (one, other) if other in one.below else (other, one)
    if _is_linked(upper, lower):
        return STRAIGHT
    return ROUND if one.skips or other.skips else 1.0


def _is_linked(upper: _Spot, lower: _Spot) -> bool:
    """Tell whether two spots are to stand in line: both of one way round, or each other's only."""
    if upper.skips or lower.skips:
        return upper.skips and lower.skips
    alone = [spot for spot in upper.below if not spot.skips] == [lower]
    return alone and [spot for spot in lower.above if not spot.skips] == [upper]


def _straighten(rows: Sequence[Sequence[_Spot]], air: float) -> None:
    """Bring what is linked in line, where the order in the layers lets it.

    Each chain of linked spots gets one place, to the right of what is on its left in any layer,
    and is then moved to between its neighbours as far as there is room.
    """
    chains = _chains(rows)
    home = {id(spot): place for place, chain in enumerate(chains) for spot in chain}
    left: list[dict[int, float]] = [{} for _ in chains]  # of a chain: px to those on its left
    right: list[dict[int, float]] = [{} for _ in chains]
    for row in rows:
        for one, other in zip(row, row[1:], strict=False):
            a, b = home[id(one)], home[id(other)]
            least = max((one.width + other.width) / 2 + air, left[b].get(a, 0))
            left[b][a] = right[a][b] = least
    order = _sorted(left, right)
    if order is None:
        return
    x = [sum(spot.x for spot in chain) / len(chain) for chain in chains]
    for chain in order:
        x[chain] = max([x[chain], *(x[a] + least for a, least in left[chain].items())])
    for _ in range(SWEEPS):
        for place, chain in enumerate(chains):
            near = [s for spot in chain for s in (*spot.above, *spot.below)
                    if home[id(s)] != place and not s.skips]  # fmt: skip
            if not near or chain[0].skips:
                continue
            wanted = sum(x[home[id(s)]] for s in near) / len(near)
            wanted = min([wanted, *(x[b] - least for b, least in right[place].items())])
            x[place] = max([wanted, *(x[a] + least for a, least in left[place].items())])
    for place, chain in enumerate(chains):
        for spot in chain:
            spot.x = x[place]


def _chains(rows: Sequence[Sequence[_Spot]]) -> list[list[_Spot]]:
    """Return the spots in parts of which each is linked to the next."""
    chains: dict[int, list[_Spot]] = {}
    found = []
    for row in rows:
        for spot in row:
            before = next((s for s in spot.above if _is_linked(s, spot)), None)
            if before is None:
                found.append(chains.setdefault(id(spot), []))
            else:
                chains[id(spot)] = chains[id(before)]
            chains[id(spot)].append(spot)
    return found


def _sorted(left: Sequence[Mapping[int, float]], right: Sequence[Mapping[int, float]]) -> list[int] | None:
    """Return the chains from left to right; None where two are on either side of each other."""
    waiting = [len(others) for others in left]
    order = [chain for chain, count in enumerate(waiting) if not count]
    for chain in order:
        for other in right[chain]:
            waiting[other] -= 1
            if not waiting[other]:
                order.append(other)
    return order if len(order) == len(left) else None


def _apart(row: Sequence[_Spot], wanted: list[float], weights: list[float], air: float) -> None:
    """Set the places nearest to the wanted ones (least squares) that keep order and distance.

    By pooling neighbours that would overlap: isotonic regression.
    """
    shift, offsets = 0.0, []
    for before, spot in zip([None, *row], row, strict=False):
        shift += 0 if before is None else (before.width + spot.width) / 2 + air
        offsets.append(shift)
    pools: list[list[float]] = []  # mean, weight, how many
    for want, weight, offset in zip(wanted, weights, offsets, strict=True):
        pools.append([want - offset, weight, 1])
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            mean, heavy, count = pools.pop()
            own = pools[-1]
            own[0] = (own[0] * own[1] + mean * heavy) / (own[1] + heavy)
            own[1], own[2] = own[1] + heavy, own[2] + count
    means = [mean for mean, _, count in pools for _ in range(int(count))]
    for spot, mean, offset in zip(row, means, offsets, strict=True):
        spot.x = mean + offset


def _tops(
    rows: Sequence[Sequence[_Spot]], sizes: Sequence[tuple[float, float]], gap: float
) -> tuple[list[float], list[float]]:
    tops, heights, y = [], [], 0.0
    for row in rows:
        tall = max(sizes[spot.box][1] for spot in row if spot.box >= 0)
        tops.append(y)
        heights.append(tall)
        y += tall + gap
    return tops, heights


def _line(
    way: Sequence[_Spot],
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


def _port(before: _Spot, spot: _Spot) -> float:
    """Return where a line reaches a box: beside the others, in the order of where they come from."""
    come = sorted(spot.above, key=lambda other: other.x)
    place = next(i for i, other in enumerate(come) if other is before)
    step = min(PORT, spot.width / (len(come) + 1))
    return spot.x + (place - (len(come) - 1) / 2) * step


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
