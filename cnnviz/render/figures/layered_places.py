"""The places of boxes in layers: near to their neighbours, in line where they can be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from cnnviz.render.figures.layered_order import SWEEPS, Spot, is_linked

STRAIGHT, ROUND = 8.0, 0.02  # the weight of a line that is to be straight, and of a way round


def spread(rows: Sequence[Sequence[Spot]], air: float) -> None:
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


def _wanted(spot: Spot, *, down: bool, late: bool) -> tuple[float, float]:
    """Return where a spot is nearest to its neighbours, at last on both sides, and how much."""
    near = [*spot.above, *spot.below] if late else spot.above if down else spot.below
    weights = [_weight(spot, other) for other in near]
    if not near:
        return spot.x, 1.0
    total = sum(weights)
    return sum(w * other.x for w, other in zip(weights, near, strict=True)) / total, total


def _weight(one: Spot, other: Spot) -> float:
    """Return how straight a line is to be.

    Most on its way through layers and where it is the only one of two boxes, least where a way
    round begins or ends: the boxes keep in line then.
    """
    upper, lower = (one, other) if other in one.below else (other, one)
    if is_linked(upper, lower):
        return STRAIGHT
    return ROUND if one.skips or other.skips else 1.0


def _straighten(rows: Sequence[Sequence[Spot]], air: float) -> None:
    """Bring what is linked in line, where the order in the layers lets it.

    Each chain of linked spots gets one place, to the right of what is on its left in any layer,
    and is then moved to between its neighbours as far as there is room.
    """
    chains = _chains(rows)
    home = {id(spot): place for place, chain in enumerate(chains) for spot in chain}
    left: list[dict[int, float]] = [{} for _ in chains]  # of a chain: px to those on its left
    right: list[dict[int, float]] = [{} for _ in chains]
    for row in rows:
        for one, other in pairwise(row):
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
        for place, spots in enumerate(chains):
            around = [s for spot in spots for s in (*spot.above, *spot.below) if not s.skips]
            near = [s for s in around if home[id(s)] != place]
            if not near or spots[0].skips:
                continue
            wanted = sum(x[home[id(s)]] for s in near) / len(near)
            wanted = min([wanted, *(x[b] - least for b, least in right[place].items())])
            x[place] = max([wanted, *(x[a] + least for a, least in left[place].items())])
    for place, spots in enumerate(chains):
        for spot in spots:
            spot.x = x[place]


def _chains(rows: Sequence[Sequence[Spot]]) -> list[list[Spot]]:
    """Return the spots in parts of which each is linked to the next."""
    chains: dict[int, list[Spot]] = {}
    found = []
    for row in rows:
        for spot in row:
            before = next((s for s in spot.above if is_linked(s, spot)), None)
            if before is None:
                found.append(chains.setdefault(id(spot), []))
            else:
                chains[id(spot)] = chains[id(before)]
            chains[id(spot)].append(spot)
    return found


def _sorted(
    left: Sequence[Mapping[int, float]], right: Sequence[Mapping[int, float]]
) -> list[int] | None:
    """Return the chains from left to right; None where two are on either side of each other."""
    waiting = [len(others) for others in left]
    order = [chain for chain, count in enumerate(waiting) if not count]
    for chain in order:
        for other in right[chain]:
            waiting[other] -= 1
            if not waiting[other]:
                order.append(other)
    return order if len(order) == len(left) else None


def _apart(row: Sequence[Spot], wanted: list[float], weights: list[float], air: float) -> None:
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
