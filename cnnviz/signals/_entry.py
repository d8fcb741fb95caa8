"""What a file of named signals is made of: an `Entry` a signal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from cnnviz import kernels
from cnnviz.kernels import Number

if TYPE_CHECKING:
    Array = np.ndarray[Any, np.dtype[np.float64]]
else:
    Array = Any
LONGEST = 100_000
_LENGTH = "length"


@dataclass(eq=False, repr=False)
class Entry(kernels.Entry):
    """A named signal; as a named kernel, but that `build` returns values `(length,)`.

    Attributes
    ----------
    is_noise : bool
        What is to be smoothed away: a sum without it is the clean signal.
    """

    is_noise: bool = False
    kind: ClassVar[str] = "signal"

    def stated(self, arguments: str | None) -> int | None:
        """Return the length where it is typed, else None."""
        place, settings = self._length(), self.read(arguments)
        typed = arguments is not None and arguments.count(",") >= place
        return int(settings[place]) if typed else None

    def usual(self) -> int:
        """Return the length where none is typed."""
        return int(self.parameters[self._length()].default or 1)

    def of_length(self, arguments: str | None, length: int) -> Array:
        """Return the signal for the text after the colon, `length` values of it."""
        settings = self.read(arguments)
        settings[self._length()] = length
        return self.build(*settings)

    def _length(self) -> int:
        return next(i for i, each in enumerate(self.parameters) if each.name == _LENGTH)


def length(default: int) -> Number:
    """Return the parameter for the number of values."""
    return Number(_LENGTH, default, 1, LONGEST, whole=True)


def place(name: str = "at") -> Number:
    """Return the parameter for a place in the signal, from 0."""
    return Number(name, None, 0, LONGEST, whole=True)


def number(name: str, default: float | None, low: float, high: float) -> Number:
    """Return the parameter for a number."""
    return Number(name, default, low, high)
