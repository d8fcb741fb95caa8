"""Arrays to work in that a thread uses again: new memory costs more than what is done in it."""

from __future__ import annotations

from _thread import _local
from math import prod

import numpy as np

from cnnviz.geometry import Shape
from cnnviz.ops.checks import Array

# Where a line of the cache begins: sums written across two take twice as long.
LINE = 64
# Bytes up to which an array is kept: more would be held for the life of the process.
KEPT = 2**25
# Values in a buffer of NumPy: of 2**10 or 2**11 sums of rows are fastest.
BUFFER = 2**10

_own = _local()


def scratch(name: str, shape: Shape, dtype: np.dtype[np.floating]) -> Array:
    """Return an array of this thread, with whatever is in it; the next of that name is the same.

    >>> first = scratch("doctest", (2, 3), np.dtype(float))
    >>> np.shares_memory(first, scratch("doctest", (6,), np.dtype(float)))
    True
    """
    held: tuple[Array, Shape, np.dtype, Array] | None = getattr(_own, name, None)
    if held is not None and held[1] == shape and held[2] == dtype:
        return held[3]
    count = prod(shape) * dtype.itemsize
    room = np.empty(0, np.uint8) if held is None else held[0]
    if room.size < count:
        room = np.empty(count + LINE, np.uint8)
        _own.renewed = renewed() + 1
        start = -room.ctypes.data % LINE
        room = room[start : start + count]
    array: Array = room[:count].view(dtype).reshape(shape)
    if count <= KEPT:
        setattr(_own, name, (room, shape, dtype, array))
    return array


def renewed() -> int:
    """Return how often this thread was given new memory: views of what was before hold that."""
    count: int = getattr(_own, "renewed", 0)
    return count


class small_buffers(np.errstate):
    """Have NumPy's buffers fit the first-level cache in the block, and what overflows ignored.

    From 2.3 on it copies pieces of an array that has gaps, if rows are shorter than a quarter of
    its buffer, into that buffer first. Of the usual 8192 values the buffers of two arrays and their
    result do not fit: the maximum of two rows took twice as long.
    """

    def __init__(self) -> None:
        super().__init__(all="ignore")

    def __enter__(self) -> None:
        super().__enter__()
        if np.__version__ >= "2":  # whose buffers are set for the block only
            np.setbufsize(BUFFER)
