"""The order of examples and their division: pure functions of seeds.

They use the raw bits of PCG64, which NumPy keeps the same from version to version; it does not
promise that of `Generator.permutation`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from cnnviz.contract import Array

# So that no two uses of one seed draw the same bits.
_EPOCH, _DIVISION = 1, 2


def epoch_order(count: int, seed: int, epoch: int) -> Array:
    """Return the numbers below `count` in the order of an epoch.

    >>> epoch_order(6, 0, 0).tolist(), epoch_order(6, 0, 1).tolist()
    ([4, 5, 1, 2, 0, 3], [2, 1, 4, 0, 3, 5])
    """
    return _shuffled(count, seed, _EPOCH, epoch)


def divided(y: Array, share: float, seed: int) -> tuple[Array, Array]:
    """Return the places of the examples to train on, and of those held back, ascending.

    Of each class `share` is held back, rounded to the nearest (halves up), but at least one and
    never the last; of a class of one example none.

    >>> train, held = divided(np.repeat([0, 1], [10, 5]), 0.2, seed=0)
    >>> len(train), np.bincount(np.repeat([0, 1], [10, 5])[held]).tolist()
    (12, [2, 1])
    """
    is_held = np.zeros(len(y), bool)
    for number in range(int(y.max(initial=-1)) + 1 if share else 0):
        places = np.flatnonzero(y == number)
        count = min(max(1, int(len(places) * share + 0.5)), len(places) - 1)
        if count > 0:
            is_held[places[_shuffled(len(places), seed, _DIVISION, number)[:count]]] = True
    return np.flatnonzero(~is_held), np.flatnonzero(is_held)


def _shuffled(count: int, *entropy: int) -> Array:
    keys = np.random.PCG64(np.random.SeedSequence(entropy)).random_raw(count)
    return np.argsort(keys, kind="stable")
