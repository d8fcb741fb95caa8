"""Arrays to work in that a thread uses again: new memory costs more than what is done in it."""

from __future__ import annotations

from _thread import _local
from math import prod

import numpy as np

from cnnviz.geometry import Shape
from cnnviz.ops.checks import Array

# Bytes up to which an array is kept: more would be held for the life of the process.
KEPT = 2**25

_own = _local()


def scratch(name: str, shape: Shape, dtype: np.dtype[np.floating]) -> Array:
    """Return an array of this thread, with whatever is in it; the next of that name is the same.

    >>> first = scratch("doctest", (2, 3), np.dtype(float))
    >>> np.shares_memory(first, scratch("doctest", (6,), np.dtype(float)))
    True
    """
    count = prod(shape) * dtype.itemsize
    if count > KEPT:
        return np.empty(shape, dtype)
    room: np.ndarray | None = getattr(_own, name, None)
    if room is None or room.size < count:
        room = np.empty(count, np.uint8)
        setattr(_own, name, room)
    return room[:count].view(dtype).reshape(shape)
