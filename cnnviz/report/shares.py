"""Shares in percent, for people: never 0 or all of what is neither."""

from __future__ import annotations


def tenths(share: float) -> str:
    """Return a share as percent with one decimal.

    >>> tenths(0.25), tenths(0.0004), tenths(0.9996), tenths(0), tenths(1)
    ('25.0%', '<0.1%', '>99.9%', '0.0%', '100.0%')
    """
    if 0 < share < 0.0005:
        return "<0.1%"
    return ">99.9%" if 0.9995 <= share < 1 else f"{share:.1%}"
