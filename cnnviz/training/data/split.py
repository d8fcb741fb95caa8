"""One part of a data set, streamed in batches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from cnnviz.errors import SpecError
from cnnviz.files import check_bytes
from cnnviz.training.data.order import epoch_order

if TYPE_CHECKING:
    from cnnviz.contract import Array
    from cnnviz.training.data.reader import Reader

_CHUNK = 256


class Batch(NamedTuple):
    """Pictures, RGB or gray, 0-255.

    Attributes
    ----------
    x : ndarray of uint8, (n, H, W, C)
        Yours to change.
    y : ndarray of int64, (n,)
        The number of the class of each.
    places : ndarray of int64, (n,)
        Where each is in its split, as `Split.y` and `Split.name` count.
    """

    x: Array
    y: Array
    places: Array


class Split:
    """Examples to train on, or to validate with.

    Parameters
    ----------
    reader : Reader
        Which may have more examples than these.
    indices : ndarray of int
        Those of this part.
    shuffled : bool
        Whether each epoch has an order of its own; else it is the order of `indices`.
    """

    def __init__(self, reader: Reader, indices: Array, *, shuffled: bool) -> None:
        self._reader, self._indices, self._shuffled = reader, indices, shuffled

    def __len__(self) -> int:
        """Return the number of examples, those that cannot be read among them."""
        return len(self._indices)

    @property
    def y(self) -> Array:
        """The class numbers, int64 `(N,)`, in the order of the files."""
        y: Array = self._reader.examples.y[self._indices]
        return y

    @property
    def holds_all(self) -> bool:
        """Whether each picture is read only once, as there is room for all."""
        return self._reader.holds_all

    @property
    def fingerprint(self) -> int:
        """A number that tells these examples, in most cases, from those of other files."""
        return self._reader.fingerprint if len(self) else 0

    def steps(self, batch_size: int) -> int:
        """Return the number of batches in an epoch."""
        return -(-len(self) // batch_size)

    def name(self, place: int) -> str:
        """Return the file of an example, or its array and number; `place` counts as in `y`."""
        return self._reader.examples.name(int(self._indices[place]))

    def batches(
        self, batch_size: int, *, epoch: int = 0, seed: int = 0, start: int = 0
    ) -> Iterator[Batch]:
        """Yield the batches of an epoch, every example once.

        Which examples batch k has depends on `batch_size`, `seed`, `epoch` and k alone: beginning
        at `start` gives what is left of the epoch, the same whatever was read before. A picture
        that cannot be read is missing in its batch, which may be left empty, and moves no other.

        Parameters
        ----------
        batch_size : int
            The last batch has what is left.
        epoch, seed : int
            The order of a shuffled split is a function of these.
        start : int
            The first batch, from 0.

        Yields
        ------
        Batch

        Raises
        ------
        SpecError
            If a number is out of range.
        """
        for what, value, least in (
            ("batch_size", batch_size, 1),
            ("epoch", epoch, 0),
            ("seed", seed, 0),
            ("start", start, 0),
        ):
            if value < least:
                raise SpecError(f"{what} {value} is not {least} or more")
        return self._batches(batch_size, epoch, seed, start)

    def order(self, *, epoch: int = 0, seed: int = 0) -> Array:
        """Return the places of the examples, as `y` and `name` count, in the order of an epoch."""
        if self._shuffled:
            return epoch_order(len(self), seed, epoch)
        return np.arange(len(self))

    def counts(self, classes: int) -> list[int]:
        """Return the number of examples of each class that were not found to be bad."""
        good = ~self._reader.is_bad(self._indices)
        return [int(count) for count in np.bincount(self.y[good], minlength=classes)]

    def pictures(self, places: Sequence[int]) -> Array:
        """Return the pictures `(n, H, W, C)` at places, as `name` counts; bad ones are missing."""
        return self._reader.read(self._indices[np.asarray(places, np.int64)])[0]

    def read_all(self) -> Iterator[int]:
        """Read every example, and yield how many have been."""
        for begin in range(0, len(self), _CHUNK):
            self._reader.read(self._indices[begin : begin + _CHUNK])
            yield min(begin + _CHUNK, len(self))

    def _batches(self, batch_size: int, epoch: int, seed: int, start: int) -> Iterator[Batch]:
        size = min(batch_size, len(self)) * prod(self._reader.shape)
        check_bytes(2 * size, f"a batch of {batch_size} pictures", hint="use smaller batches")
        order, y = self.order(epoch=epoch, seed=seed), self.y
        for begin in range(start * batch_size, len(order), batch_size):
            places = order[begin : begin + batch_size]
            x, good = self._reader.read(self._indices[places])
            yield Batch(x, y[places[good]], places[good])
