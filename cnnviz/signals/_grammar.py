"""From what is typed to a signal: numbers, names and sums of them, files."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace

import numpy as np

from cnnviz.errors import InputError, RefusedError, SpecError
from cnnviz.signals import _library
from cnnviz.signals._entry import Array

_DIGITS = frozenset("0123456789")
_NUMBERS = _DIGITS | frozenset("+-.eE,;/ ")
_FILE = "file:"
_MOST = 3.4e38  # of float32: sums of products stay finite
_SHORT = 24  # characters of numbers that are their own name
Span = tuple[tuple[float, bool], tuple[float, bool]]


@dataclass(frozen=True, eq=False)
class Signal:
    """A sequence of numbers with its name.

    Attributes
    ----------
    name : str
        As it was typed; of a file its name and which line of it; of many numbers `numbers`.
    values : ndarray
        float64 `(L,)`, all finite.
    source : str
        The file that it is from, else "".
    clean : ndarray, optional
        The same without its noise, where that is known.
    rate : int, optional
        Samples per second.
    start : int
        Which sample of the file is the first.
    notes : tuple of str
        How it was read.
    """

    name: str
    values: Array
    source: str = ""
    clean: Array | None = None
    rate: int | None = None
    start: int = 0
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.values)

    def averaging(self) -> Signal:
        """Return it divided by its sum, so that it averages.

        Raises
        ------
        SpecError
            If the sum is 0.
        """
        total = float(self.values.sum())
        if abs(total) <= 1e-12 * float(np.abs(self.values).sum()):
            raise SpecError(f"the sum of {self.name} is 0", hint="leave out --normalize")
        return replace(self, name=f"{self.name}/{total:.6g}", values=self.values / total)

    def part(self, span: Span) -> Signal:
        """Return the part from a start on, of a length: each a number, and whether in seconds.

        Raises
        ------
        SpecError
            If it is not inside, or in seconds where there is no sample rate.
        """
        start, count = (self._samples(*each) for each in span)
        if not 0 <= start < len(self) or not 0 < count <= len(self) - start:
            raise SpecError(
                f"{count} samples from {start} on are not in {self.name} of {len(self)}",
                hint="give --part START,LENGTH inside of it",
            )
        inside = slice(start, start + count)
        clean = None if self.clean is None else self.clean[inside]
        name = f"{self.name} [{start}:{start + count}]"
        return replace(self, name=name, values=self.values[inside], clean=clean, start=start)

    def _samples(self, value: float, in_seconds: bool) -> int:
        if in_seconds and self.rate is None:
            raise SpecError(f"{self.name} has no sample rate", hint="give --part in samples")
        return round(value * (self.rate or 1) if in_seconds else value)


def resolve(
    text: str,
    *,
    row: int | None = None,
    column: int | None = None,
    channel: int | None = None,
    part: Span | None = None,
) -> Signal:
    """Return the signal that `text` stands for.

    Tried in this order: (1) digits, signs, `. e , /` and spaces are the numbers themselves;
    (2) `file:PATH`; (3) `[FACTOR*]NAME[:PARAMETERS]`, or several joined by `+`, where what has no
    length takes that of the others; (4) a path: a `.wav`, an array or a table of numbers, or an
    image, whose gray values are taken.

    Parameters
    ----------
    row, column : int, optional
        The line of a file of two axes, from 0.
    channel : int, optional
        Of a sound; without it the channels are averaged.
    part : pair of (number, bool), optional
        Where the part that is wanted starts, and its length; each in seconds if true.

    Raises
    ------
    SpecError
        If nothing has that name (with the nearest ones), or a parameter is wrong.
    InputError
        If a file is missing, corrupt, of another kind or holds what is not finite.

    Examples
    --------
    >>> resolve("1/2 0 -1/2").values.tolist()
    [0.5, 0.0, -0.5]
    >>> resolve("impulse:4,1+0.5*impulse:4,2").values.tolist()
    [0.0, 1.0, 0.5, 0.0]
    """
    text = text.strip()
    found = _found(text, row, column, channel)
    if not found.source and any(each is not None for each in (row, column, channel)):
        what = "--row" if row is not None else "--column" if column is not None else "--channel"
        raise SpecError(f"{what} is for a file, which {text!a} is not", hint="leave it out")
    _check(found)
    return found if part is None else found.part(part)


def _check(found: Signal) -> None:
    """Refuse NaN, infinity and what is too large to be added up."""
    values = found.values
    if values.min() >= -_MOST and values.max() <= _MOST:
        return
    wrong, what = ~np.isfinite(values), "NaN or infinite"
    if not wrong.any():
        wrong, what = np.abs(values) > _MOST, f"beyond {_MOST:.1e}"
    bad = int(np.count_nonzero(wrong))
    are = "is" if bad == 1 else "are"
    raise InputError(f"{found.name}: {bad} of {len(values)} values {are} {what}")


def signal(text: str, **where: int | None) -> Array:
    """Return the values of `resolve(text, ...)`: float64 `(L,)`.

    >>> signal("box:3+0.5*exponential").tolist()
    [1.5, 1.25, 1.125]
    """
    return resolve(text, **where).values  # type: ignore[arg-type]


def _found(text: str, row: int | None, column: int | None, channel: int | None) -> Signal:
    if not text:
        raise SpecError("the signal is empty", hint='name one, such as box, or write "1 0 -1"')
    if _NUMBERS.issuperset(text) and not _DIGITS.isdisjoint(text):
        short = len(text) <= _SHORT
        return Signal(" ".join(text.split()) if short else "numbers", _numbers(text))
    path = text.removeprefix(_FILE)
    if path == text and _library.knows(text):
        values, clean = _library.built(text)
        return Signal(text, values, clean=clean)
    if path != "-" and not os.path.lexists(path):
        raise InputError(f"no file {path[:200]!r}") if path != text else _library.unknown(text)
    if os.path.isdir(path):
        raise InputError(f"{path}: is a folder, not a signal", path=path)
    from cnnviz.signals._files import read

    try:
        return read(path, row=row, column=column, channel=channel)
    except MemoryError as error:
        raise RefusedError(f"{path}: not enough memory", path=path) from error


def _numbers(text: str) -> Array:
    cells = re.split(r" *[,;] *| +", re.sub(" */ *", "/", text.rstrip(" ;,")))
    values = []
    for i, cell in enumerate(cells):
        try:
            values.append(_library.fraction(cell))
        except ValueError:
            raise SpecError(f"number {i} of the signal: {cell[:40]!r} is not a number") from None
    return np.array(values, dtype=np.float64)
