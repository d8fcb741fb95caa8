"""Calls that are made at once, or written down to be made again and again: see `ops.written`."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Protocol, cast


class Do(Protocol):
    """Makes a call, or writes it down: nothing that it returns may be asked for."""

    def __call__(self, function: Callable[..., object], *args: object, **named: object) -> object:
        """Call `function` with the arguments, now or later."""


# Makes a call at once.
now = cast(Do, operator.call)
