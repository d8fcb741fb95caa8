"""Bands of an array that an op goes over several times, on all cores where there are many values.

A band and what is made of it stay in a core's cache from one pass to the next.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import ceil
from typing import TypeVar

import numpy as np

from cnnviz.ops.checks import Array
from cnnviz.ops.threads import together

P = TypeVar("P")

# Values in a band where one core is at work: it and its partial results fit the second-level cache.
# And of several, whose threads wait for each other at each call of NumPy: it should take 30 us.
ALONE = 2**16
TOGETHER = 2**18
# Values, counted once for each pass over them, from which it pays to wake a thread: until it is at
# work, and its end is heard of, 100 to 150 us go by.
SHARED = 2**21


def cut(lines: int, values: int, work: float, portion: float = 1) -> list[slice]:
    """Return bands of `lines` lines of so many values, each of about as many lines.

    `work` are the values of the whole op, counted once for each pass; a band has `portion` of the
    usual number of values.

    >>> cut(9, 2**14, work=0)
    [slice(0, 3, None), slice(3, 6, None), slice(6, 9, None)]
    """
    return [*pieces(lines, step(lines, values, work, portion))]


def step(lines: int, values: int, work: float, portion: float = 1) -> int:
    """Return of how many lines the bands of `cut` are."""
    count = max(1, ceil(lines * values / (portion * (TOGETHER if work >= SHARED else ALONE))))
    if count > 1:
        count |= 1  # one more for the thread that asks: the other begins, and is heard of, later
    return max(1, -(-lines // count))


def pieces(lines: int, step: int) -> Iterator[slice]:
    """Yield bands of `step` lines."""
    for at in range(0, lines, step):
        yield slice(at, min(at + step, lines))


def run(work: Callable[[P], object], parts: Sequence[P], values: float) -> None:
    """Call `work` with each part, on all cores if the op goes over `values` enough.

    The BLAS is not held, as in `together`.
    """
    if values >= SHARED:
        together(work, parts)
    else:
        for part in parts:
            work(part)


def each(
    work: Callable[[Array, Array], object], x: Array, passes: float, portion: float = 1
) -> Array:
    """Return what `work(values, result)` makes of bands of the values of `x`."""
    out = np.empty(x.shape, x.dtype)
    source, result = x.reshape(-1), out.reshape(-1)
    bands = cut(x.size, 1, passes * x.size, portion)
    run(lambda part: work(source[part], result[part]), bands, passes * x.size)
    return out
