"""What a family file is made of: an `Entry` a kernel, with `Number` and `Choice` parameters."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from cnnviz.errors import InputError, SpecError

if TYPE_CHECKING:
    Array = np.ndarray[Any, np.dtype[np.float64]]
else:
    Array = Any  # so that names are known, for one <TAB>, before numpy is there
LARGEST = 1023
_MOST = 3.4028234663852886e38  # of float32, in which maps are computed


def check_values(name: str, values: Array, path: str | None = None) -> None:
    """Refuse NaN, infinity and what is too large for float32.

    Raises
    ------
    InputError
        Naming the kernel and counting the values.
    """
    if values.min() >= -_MOST and values.max() <= _MOST:
        return
    wrong, what = ~np.isfinite(values), "not finite (NaN or infinite)"
    if not wrong.any():
        wrong, what = np.abs(values) > _MOST, f"beyond {_MOST:.1e}, the largest float32"
    count = f"{np.count_nonzero(wrong)} of {values.size} values"
    raise InputError(f"kernel {name!a}: {count} {what}", path=path)


@dataclass(eq=False, repr=False)
class Number:
    """A number from `low` to `high`; a `default` of None is worked out from the others."""

    name: str
    default: float | None
    low: float
    high: float
    odd: bool = False
    whole: bool = False

    def read(self, text: str) -> float:
        """Return the value of `text`, or raise `SpecError` with the valid range."""
        try:
            value: float = int(text) if self.odd or self.whole else float(text)
        except ValueError:
            value = float("nan")
        plain = text.isascii() and "_" not in text
        if not (plain and self.low <= value <= self.high) or (self.odd and value % 2 != 1):
            raise SpecError(f"{self.name} {text!r} is not {self.range}")
        return value

    @property
    def range(self) -> str:
        """The valid values in words, `an odd number from 1 to 1023`."""
        kind = "an odd" if self.odd else "a whole" if self.whole else "a"
        return f"{kind} number from {self.low:g} to {self.high:g}"


@dataclass(eq=False, repr=False)
class Choice:
    """One of a few words."""

    name: str
    default: str
    choices: tuple[str, ...]

    def read(self, text: str) -> str:
        """Return `text`, or raise `SpecError` with the valid words."""
        if text not in self.choices:
            raise SpecError(f"{self.name} {text!r} is not {self.range}")
        return text

    @property
    def range(self) -> str:
        """The valid values in words, `one of 4, 8`."""
        return f"one of {', '.join(self.choices)}"


@dataclass(eq=False, repr=False)
class Entry:
    """A named kernel.

    Attributes
    ----------
    name : str
        As typed. Its leading letters are the name of the family's file; a kernel of another tool
        has the tool before a colon, `pillow:emboss`.
    build : callable
        Takes the parameters in order, returns the kernel `(kh, kw)` in correlation order.
    summary, source : str
        One line each: what it shows, and the formula or paper that it is from.
    parameters : tuple of Number or Choice
        What may follow the name after a colon, separated by commas.
    scale, offset : float
        What the built kernel is divided by, and what is added to each value of its map.
    """

    name: str
    build: Callable[..., Array]
    summary: str
    source: str
    parameters: tuple[Number | Choice, ...] = ()
    scale: float = 1.0
    offset: float = 0.0
    kind: ClassVar[str] = "kernel"  # what messages call it

    @property
    def family(self) -> str:
        """Whose it is: the tool, `pillow`, or the family, `sobel` of `sobel-x`."""
        tool, colon, _ = self.name.partition(":")
        return tool if colon else re.match("[a-z]*", self.name)[0]  # type: ignore[index]

    @property
    def signature(self) -> str:
        """How to type it, `gaussian[:SIZE[,SIGMA]]`."""
        names = [parameter.name.upper() for parameter in self.parameters]
        marks = [":" if i == 0 else "," for i in range(len(names))]
        tail = "".join(f"[{mark}{name}" for mark, name in zip(marks, names, strict=True))
        return self.name + tail + "]" * len(names)

    def values(self, arguments: str | None = None) -> Array:
        """Return the kernel for the text after the colon, None if there is no colon."""
        settings = self.read(arguments)
        try:
            built = self.build(*settings)
        except SpecError as error:
            raise self._wrong(error) from None
        return built if self.scale == 1 else built / self.scale

    def read(self, arguments: str | None) -> list[Any]:
        """Return the value of every parameter, as it is typed after the colon or its default."""
        texts = [] if arguments is None else [text.strip() for text in arguments.split(",")]
        if len(texts) > len(self.parameters):
            takes = f"at most {len(self.parameters)}" if self.parameters else "no"
            raise SpecError(
                f"{self.kind} {self.name!r} takes {takes} parameters, not {arguments!r}",
                hint=f"write {self.signature}",
            )
        values: list[Any] = [parameter.default for parameter in self.parameters]
        try:
            for i, text in enumerate(texts):
                values[i] = self.parameters[i].read(text)
        except SpecError as error:
            raise self._wrong(error) from None
        return values

    def _wrong(self, error: SpecError) -> SpecError:
        hint = f"write {self.signature}" if self.parameters else None
        return SpecError(f"{self.kind} {self.name!r}: {error}", hint=hint)


def odd_size(default: int, *, low: int = 1, high: int = LARGEST) -> Number:
    """Return the usual first parameter, cells along a side; odd, so that there is a centre."""
    return Number("size", default, low, high, odd=True)


def count(name: str, default: int | None, low: int, high: int = LARGEST) -> Number:
    """Return the parameter for a whole number."""
    return Number(name, default, low, high, whole=True)


def sigma(default: float | None, name: str = "sigma") -> Number:
    """Return the parameter for a standard deviation in pixels."""
    return Number(name, default, 0.05, 1000)


def angle(default: float, name: str = "angle") -> Number:
    """Return the parameter for degrees, counter-clockwise as seen, 0 to the right."""
    return Number(name, default, -360, 360)
