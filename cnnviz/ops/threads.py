"""Threads over the images of a batch, for convolutions.

A BLAS with threads of its own runs products on all cores; it is then left alone with them. Told to
have one, it leaves the cores to us: each part of a batch is convolved by one thread, with what has
to be laid out for the products and from memory that its core has at hand. No thread waits for
another within a layer, so that a machine with other work on it slows down much less.

Elementwise work is not shared: it is limited by memory, and threads would hinder each other at the
interpreter's lock.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections import deque
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

T = TypeVar("T")

# Images in a part, whatever the number of threads: sums over parts must not depend on the machine.
PART = 16
# Multiply-adds from which it pays to wake a thread.
WORK = 2**25
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
        # get one anew takes as long as to fill it. M_TRIM_THRESHOLD, M_MMAP_THRESHOLD (older ones
        # take no more than 2**25) and M_ARENA_MAX:
        for option, value in ((-1, 2**31 - 1), (-3, 2**25), (-3, 2**30), (-8, 1)):
            ctypes.CDLL(None).mallopt(option, value)


def spread(work: Callable[[slice], T], count: int, macs: float) -> list[T]:
    """Return what `work` makes of parts of `count` images, in their order.

    `macs` are the multiply-adds of them all; of a few there is one part.

    >>> spread(lambda images: (images.start, images.stop), 36, 1e9)
    [(0, 12), (12, 24), (24, 36)]
    """
    size = count if macs < WORK else -(-count // -(-count // PART))
    parts = [slice(first, min(first + size, count)) for first in range(0, count, size)]
    helpers = min(threads(), len(parts)) - 1
    return _shared(work, parts, helpers) if helpers > 0 else list(map(work, parts))


def _shared(work: Callable[[slice], T], parts: list[slice], helpers: int) -> list[T]:
    """Return what `work` makes of the parts, this thread and some helpers each taking the next."""
    import numpy as np

    waiting, made = deque(enumerate(parts)), dict[int, T]()
    settings = np.geterr()  # they belong to a thread

    def run() -> None:
        with np.errstate(**settings):
            while True:
                try:
                    index, part = waiting.popleft()
                except IndexError:  # another thread has taken the last one
                    return
                made[index] = work(part)

    others = [_pool().submit(run) for _ in range(helpers)]
    run()
    for other in others:
        if not other.cancel():
            other.result()
    return [made[index] for index in range(len(parts))]


@cache
def threads() -> int:
    """Return how many threads there are: as many as cores, or one where BLAS has its own."""
    if os.environ.get(_BLAS) != "1":
        return 1
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@cache
def _pool() -> ThreadPoolExecutor:
    from concurrent.futures import ThreadPoolExecutor  # costs start-up

    return ThreadPoolExecutor(threads(), "cnnviz")
