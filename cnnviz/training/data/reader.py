"""Examples made into what the model takes, and kept as long as there is room.

The cache takes the first pictures that come and never lets go of one. An epoch asks for each
picture once, in an order without a pattern: a cache of the latest would have dropped most by the
time that they are asked for again, while this one answers for as much of the data as it holds.
"""

from __future__ import annotations

from functools import cached_property
from math import prod
from typing import TYPE_CHECKING

import numpy as np

from cnnviz.errors import CnnvizError, InputError
from cnnviz.training.data.examples import Examples, Failure

if TYPE_CHECKING:
    from cnnviz.contract import Array
    from cnnviz.model.preprocess import Preprocess

_UNREAD, _BAD = -1, -2


class Reader:
    """Reads examples as uint8 pictures of the model's input shape.

    Parameters
    ----------
    examples : Examples
    prepare : Preprocess
        What makes them the model's; its `seen`, rounded to whole numbers.
    max_pixels : int
        Of one picture.
    cache_bytes : int
        How much may be kept.
    strict : bool
        Raise for a picture that cannot be read, instead of leaving it out.

    Attributes
    ----------
    failures : list of Failure
        Those left out so far, in the order of their reading.
    cache_bytes : int
        How much can be needed of what may be kept.
    """

    def __init__(
        self,
        examples: Examples,
        prepare: Preprocess,
        *,
        max_pixels: int,
        cache_bytes: int,
        strict: bool,
    ) -> None:
        self.examples, self.failures = examples, list[Failure]()
        self._prepare, self._max_pixels, self._strict = prepare, max_pixels, strict
        self.shape = prepare.input_shape
        self._ready: Array | None = None
        pixels = examples.pixels
        if pixels is not None and pixels.shape[1:] == self.shape and not prepare.invert:
            self._ready = pixels
        room = 0 if self._ready is not None else cache_bytes // prod(self.shape)
        room = min(len(examples), room)
        self.cache_bytes = room * prod(self.shape)
        self._cache = np.empty((room, *self.shape), np.uint8)  # memory is taken as it is filled
        self._slots = np.full(len(examples), _UNREAD, np.int32)
        self._used = 0

    @property
    def holds_all(self) -> bool:
        """Whether there is room for every example, so that each is read once."""
        return self._ready is not None or len(self._cache) == len(self.examples)

    @cached_property
    def fingerprint(self) -> int:
        """See `Examples`."""
        return self.examples.fingerprint()

    def read(self, indices: Array) -> tuple[Array, Array]:
        """Return the pictures `(n, H, W, C)` of the examples that are good, and which are."""
        if self._ready is not None:
            return self._ready[indices], np.ones(len(indices), bool)
        slots = self._slots[indices]
        x = np.empty((len(indices), *self.shape), np.uint8)
        cached = slots >= 0
        x[cached] = self._cache[slots[cached]]
        self._read_new(x, indices, np.flatnonzero(slots == _UNREAD))
        good = self._slots[indices] != _BAD
        return (x if good.all() else x[good]), good

    def is_bad(self, indices: Array) -> Array:
        """Return which examples were left out so far."""
        bad: Array = self._slots[indices] == _BAD
        return bad

    def _read_new(self, x: Array, indices: Array, places: Array) -> None:
        if not len(places):
            return
        from cnnviz.images.quiet import quiet_pillow

        with quiet_pillow(self._max_pixels):  # once for all of them, a sixth of the time of each
            for place in places:
                index = int(indices[place])
                try:
                    x[place] = self._made(index)
                except CnnvizError as error:
                    if self._strict:
                        raise
                    self._slots[index] = _BAD
                    self.failures.append(Failure.of(self.examples.name(index), error))
                else:
                    self._keep(index, x[place])

    def _made(self, index: int) -> Array:
        """Return a picture as the model sees it, rounded to uint8."""
        name = self.examples.name(index)
        image = self.examples.image(index)
        if not image.is_photo and (image.pixels.min() < 0 or image.pixels.max() > 255):
            raise InputError("values are not 0 to 255", path=name)
        try:
            seen = self._prepare.seen(image)
        except InputError as error:
            hint = error.hint and "save it as gray or RGB"
            raise InputError(error.message, path=name, hint=hint) from error
        # Bicubic and Lanczos filters overshoot.
        result: Array = np.rint(np.clip(seen, 0, 255)).astype(np.uint8)
        return result

    def _keep(self, index: int, picture: Array) -> None:
        if self._used < len(self._cache):
            self._cache[self._used] = picture
            self._slots[index] = self._used
            self._used += 1
