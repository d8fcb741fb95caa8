"""Calls that are made at once, or written down to be made again and again: see `ops.written`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol


class Do(Protocol):
    """Makes a call, or writes it down: nothing that it returns may be asked for."""

    def __call__(self, function: Callable[..., object], *args: object, **named: object) -> object:
        """Call `function` with the arguments, now or later."""


def now(function: Callable[..., object], *args: object, **named: object) -> None:
    """Make a call at once.

    >>> now(print, "here")
    here
    """
    function(*args, **named)
