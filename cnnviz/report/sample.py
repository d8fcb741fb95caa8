"""Some of many, where a figure has no room for all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

Item = TypeVar("Item")


def sample(items: Sequence[Item], most: int) -> tuple[Item, ...]:
    """Return all items, or `most` of them at even distances, with the first and the last.

    >>> sample(range(100), 4)
    (0, 33, 66, 99)
    """
    if len(items) <= most:
        return tuple(items)
    chosen = np.linspace(0, len(items) - 1, most).round().astype(int)
    return tuple(items[i] for i in chosen.tolist())
