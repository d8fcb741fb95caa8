"""Threads over the images of a batch.

A BLAS with threads of its own runs products on all cores, and leaves all but one idle for the rest.
Told to have one, it leaves the cores to us, and everything is done on them, each part of a batch by
one thread, whose cache holds it. What is computed depends on neither.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from cnnviz.ops.checks import Array

T = TypeVar("T")

# Parts of a batch, whatever the number of threads: sums over them must not depend on the machine.
PARTS = 4
# Values of an array worked on at a time, which stay in the cache.
BAND = 2**15
_BLAS = "OPENBLAS_NUM_THREADS"


def take_cores() -> None:
    """Leave the cores to `spread`, and keep memory for the next step: for long work on batches.

    Only before NumPy is loaded can its BLAS be told.
    """
    if "numpy" not in sys.modules:
        os.environ.setdefault(_BLAS, "1")
    with contextlib.suppress(AttributeError, OSError, TypeError):
        import ctypes

        # The C library of Linux gives large arrays back to the system when they are let go, and to
        # get one anew takes as long as to fill it. M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX:
        for option, value in ((-1, 2**31 - 1), (-3, 2**30), (-8, 1)):
            ctypes.CDLL(None).mallopt(option, value)


def spread(work: Callable[[slice], T], count: int, step: int | None = None) -> list[T]:
    """Return what `work` makes of slices of `count` things, at most `step` a slice, in their order.

    The slices are of whole parts of the things, so that neighbours are worked on by one thread.

    >>> spread(lambda images: (images.start, images.stop), 9)
    [(0, 3), (3, 6), (6, 9)]
    >>> spread(lambda images: images.stop - images.start, 9, step=2)
    [2, 1, 2, 1, 2, 1]
    """
    size = -(-count // PARTS)
    parts = [range(first, min(first + size, count)) for first in range(0, count, size)]
    step = step or size

    def whole(part: range) -> list[T]:
        cut = part[::step]
        return [work(slice(first, min(first + step, part.stop))) for first in cut]

    helpers = min(threads(), len(parts)) - 1
    made = list(map(whole, parts)) if helpers < 1 else _shared(whole, parts, helpers)
    return [each for part in made for each in part]


def elementwise(function: Callable[..., object], *arrays: Array, out: Array) -> Array:
    """Return `out` after `function(*parts, out=part)` for parts of arrays of its shape."""
    if out.size < 2 * BAND:
        function(*arrays, out=out)
        return out
    step = max(1, BAND // out[0].size)
    spread(lambda part: function(*(a[part] for a in arrays), out=out[part]), len(out), step)
    return out


def _shared(work: Callable[[range], list[T]], parts: list[range], helpers: int) -> list[list[T]]:
    """Return what `work` makes of the parts, this thread and some helpers each taking the next."""
    import numpy as np

    waiting, made = deque(enumerate(parts)), [[] for _ in parts]  # type: ignore[var-annotated]
    settings = np.geterr()  # they belong to a thread

    def run() -> None:
        with np.errstate(**settings):
            while True:
                try:
                    index, part = waiting.popleft()
                except IndexError:  # another thread took the last one
                    return
                made[index] = work(part)

    others = [_pool().submit(run) for _ in range(helpers)]
    run()
    for other in others:
        if not other.cancel():
            other.result()
    return made


@cache
def threads() -> int:
    """Return how many threads there are: as many as cores, or one where BLAS has its own."""
    return (os.cpu_count() or 1) if os.environ.get(_BLAS) == "1" else 1


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads(), "cnnviz")
