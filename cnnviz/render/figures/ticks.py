"""Where an axis has its ticks, and where the names at the ends of curves find room."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, floor, log10

LOG_FROM = 20  # ratio of the largest to the smallest value from which a scale is logarithmic
_SLACK = 1e-9


def linear(low: float, high: float, most: int = 6) -> list[float]:
    """Return at most `most` multiples of 1, 2 or 5 times a power of ten from `low` to `high`.

    >>> linear(0, 0.93), linear(0, 0.93, 3), linear(0.97, 0.993, 4)
    ([0.0, 0.2, 0.4, 0.6, 0.8], [0.0, 0.5], [0.97, 0.98, 0.99])
    """
    if not high > low:
        return [low]
    power = floor(log10((high - low) / most)) - 1
    for exponent in range(power, power + 4):
        for factor in (1, 2, 5):
            step = factor * 10.0**exponent
            first, last = ceil(low / step - _SLACK), floor(high / step + _SLACK)
            if last - first + 1 <= most:
                return [float(f"{i * step:.12g}") for i in range(first, last + 1)]
    return [low]


def logarithmic(low: float, high: float, most: int = 7) -> list[float]:
    """Return 1, 2 and 5 times powers of ten from `low` to `high`, or of a power each nth.

    >>> logarithmic(0.04, 3), logarithmic(1e-9, 1, 4)
    ([0.05, 0.1, 0.2, 0.5, 1.0, 2.0], [1e-09, 1e-06, 0.001, 1.0])
    """
    powers = range(floor(log10(low)), ceil(log10(high)) + 1)
    for factors in ((1, 2, 5), (1, 3), (1,)):
        found = [float(f"{f}e{p}") for p in powers for f in factors]
        found = [v for v in found if low * (1 - _SLACK) <= v <= high * (1 + _SLACK)]
        if len(found) <= most:
            return found
    return found[:: ceil(len(found) / most)]


def apart(wanted: Sequence[float], least: float, low: float, high: float) -> list[float]:
    """Return places that are `least` from each other, in the same order, near those wanted.

    They lie from `low` to `high` if there is room.

    >>> apart([10, 12, 50], 10, 0, 100), apart([98, 97], 10, 0, 100)
    ([6.0, 16.0, 50.0], [100, 90])
    """
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    # Groups that touch are joined and centred on the mean of what they want.
    groups: list[list[int]] = []
    for i in order:
        groups.append([i])
        while len(groups) > 1 and _start(groups[-1], wanted, least, low, high) < (
            _start(groups[-2], wanted, least, low, high) + len(groups[-2]) * least
        ):
            groups[-2:] = [groups[-2] + groups[-1]]
    placed = [0.0] * len(wanted)
    for group in groups:
        first = _start(group, wanted, least, low, high)
        for place, i in enumerate(group):
            placed[i] = first + place * least
    return placed


def _start(
    group: Sequence[int], wanted: Sequence[float], least: float, low: float, high: float
) -> float:
    """Return where the first of a group stands when its middle is where its members want it."""
    mean = sum(wanted[i] for i in group) / len(group)
    span = (len(group) - 1) * least
    return max(low, min(mean - span / 2, high - span))
