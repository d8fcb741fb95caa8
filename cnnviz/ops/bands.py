"""Bands of an array that an op goes over several times, on all cores where there are many values.

A band and what is made of it stay in a core's cache from one pass to the next.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import local
from typing import TypeVar

import numpy as np
from numpy.typing import DTypeLike

from cnnviz.ops.checks import Array
from cnnviz.ops.threads import share

P = TypeVar("P")

# Values in a band: with its partial results it fits a second-level cache, and a call on it takes
# long enough (30 us) that threads seldom wait for the interpreter's lock.
BAND = 2**18
# Values, counted once for each pass over them, from which it pays to wake a thread (50 to 100 us).
SHARED = 2**20
# Bytes that a thread keeps for its partial results.
KEPT = 2**22


def cut(lines: int, values: int, band: int | None = None) -> list[slice]:
    """Return slices of `lines` lines of so many values, of about as many lines each.

    >>> cut(9, 2**16)
    [slice(0, 3, None), slice(3, 6, None), slice(6, 9, None)]
    """
    count = max(1, -(-lines * values // (band or BAND)))
    if count > 1:
        count |= 1  # one more for the thread that asks: the other begins, and is heard of, later
    step = -(-lines // count)
    return [slice(at, min(at + step, lines)) for at in range(0, lines, step)]


def run(work: Callable[[P], object], parts: Sequence[P], values: float) -> None:
    """Call `work` with each part, on all cores if there are `values` enough."""
    if values >= SHARED:
        share(work, parts)
    else:
        for part in parts:
            work(part)


_kept = local()


def room(shape: tuple[int, ...], dtype: DTypeLike) -> Array:
    """Return an array for a band's partial results: this thread's last one, if it is such a one.

    Of memory from the system each first touch of a page costs as much as a pass over it. What is
    larger than a few bands is not kept.
    """
    kept: Array | None = getattr(_kept, "room", None)
    if kept is None or kept.shape != shape or kept.dtype != dtype:
        kept = np.empty(shape, dtype)
        _kept.room = kept if kept.nbytes <= KEPT else None
    return kept
