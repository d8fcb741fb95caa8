"""Calls of NumPy that are written down, and then made again and again on the same arrays.

Threads wait for each other's hold of the interpreter, which is asleep and awake again each time:
on two threads a small network's layers took half as long again as what NumPy does in them. To make
calls that are written down takes the interpreter a microsecond each.
"""

from __future__ import annotations

from _thread import _local
from collections.abc import Callable
from functools import partial

from cnnviz.calls import Do
from cnnviz.ops.scratch import renewed


class Written:
    """A task whose calls are written down the first time a thread runs it.

    By each thread anew, since what it works in is its own (`scratch`); and anew when that has
    become larger, so that what it was before is not held.

    Parameters
    ----------
    write : callable
        `write(do)` does the work by calls of `do` with arrays that are there for good. What it asks
        values for, other than by `do`, is asked once.

    >>> total = [0]
    >>> task = Written(lambda do: do(total.append, len(total)))
    >>> for _ in range(3): task()
    >>> total
    [0, 1, 1, 1]
    """

    def __init__(self, write: Callable[[Do], object]) -> None:
        self._write = write
        self._own = _local()

    def __call__(self) -> None:
        """Do the work."""
        own = self._own
        if getattr(own, "renewed", None) != renewed():
            own.renewed, own.calls = renewed(), []
            self._write(lambda *args, **named: own.calls.append(partial(*args, **named)))
        for call in own.calls:
            call()
