"""Bands of an array that an op goes over several times, on all cores where there are many values.

A band and what is made of it stay in a core's cache from one pass to the next.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from cnnviz.ops.threads import share

P = TypeVar("P")

# Values in a band: with its partial results it fits a second-level cache, and a call on it takes
# long enough (30 us) that threads seldom wait for the interpreter's lock.
BAND = 2**17
# Values, counted once for each pass over them, from which it pays to wake a thread (50 to 100 us).
SHARED = 2**20


def cut(lines: int, values: int, band: int | None = None) -> list[slice]:
    """Return slices of `lines` lines of so many values, of about as many lines each.

    >>> cut(8, 2**15)
    [slice(0, 4, None), slice(4, 8, None)]
    """
    count = max(1, -(-lines * values // (band or BAND)))
    if count > 1:
        count += count % 2  # of an odd number one core would take one more
    step = -(-lines // count)
    return [slice(at, min(at + step, lines)) for at in range(0, lines, step)]


def run(work: Callable[[P], object], parts: Sequence[P], values: float) -> None:
    """Call `work` with each part, on all cores if there are `values` enough."""
    if values >= SHARED:
        share(work, parts)
    else:
        for part in parts:
            work(part)
