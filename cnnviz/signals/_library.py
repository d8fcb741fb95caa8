"""Named signals, found in the files of `named/`, and sums of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import NamedTuple

import numpy as np

from cnnviz.errors import InputError, SpecError
from cnnviz.signals._entry import Array, Entry

_PACKAGE = f"{__name__.rpartition('.')[0]}.named"
_PLUS = re.compile(r"(?<![0-9.][eE])\+")  # not that of 1e+3
_TERM = re.compile(r"(?:([-0-9.eE+/ ]*[0-9. ]) *\*)? *([^*:]*?) *(?::(.*))?", re.S)


class Term(NamedTuple):
    """A part of a sum: `0.5*sine:64,3`."""

    factor: float
    entry: Entry
    arguments: str | None


def entries() -> Iterator[Entry]:
    """Yield every named signal, by its file.

    >>> next(entries()).signature
    'noise[:DEVIATION[,LENGTH[,SEED]]]'
    """
    import pkgutil

    package = import_module(_PACKAGE)
    for name in sorted(info.name for info in pkgutil.iter_modules(package.__path__)):
        yield from import_module(f"{_PACKAGE}.{name}").SIGNALS


def signal_names() -> list[str]:
    """Return the names of all signals.

    >>> {"box", "triangle", "sine", "noise"} <= set(signal_names())
    True
    """
    return [entry.name for entry in entries()]


def knows(text: str) -> bool:
    """Whether `text` begins with the name of a signal, and so is no file."""
    found = _TERM.fullmatch(_PLUS.split(text)[0].strip())
    return found is not None and found[2] in signal_names()


def built(text: str) -> tuple[Array, Array | None]:
    """Return the sum that `text` stands for, and without its noise where it has both.

    What has no length of its own takes that of the others.
    """
    terms = [_term(part) for part in _PLUS.split(text)]
    stated = {n for _, entry, given in terms if (n := entry.stated(given)) is not None}
    if len(stated) > 1:
        lengths = ", ".join(map(str, sorted(stated)))
        raise SpecError(
            f"the terms of {text!a} differ in length ({lengths})",
            hint="give one length, and leave it out in the others",
        )
    length = stated.pop() if stated else max(entry.usual() for _, entry, _ in terms)
    made = [(t, t.factor * t.entry.of_length(t.arguments, length)) for t in terms]
    clean = [values for term, values in made if not term.entry.is_noise]
    total = _added([values for _, values in made])
    return total, _added(clean) if 0 < len(clean) < len(made) else None


def fraction(text: str) -> float:
    """Return the value of `-1.5e3` or `1/9`; raise ValueError for other texts."""
    numerator, slash, denominator = text.partition("/")
    if not text.isascii() or "_" in text:
        raise ValueError(text)
    try:
        return float(numerator) / float(denominator) if slash else float(numerator)
    except ZeroDivisionError:
        raise ValueError(text) from None


def unknown(text: str) -> SpecError | InputError:
    """Return the error for what is neither a signal nor a file, with the nearest names."""
    from difflib import get_close_matches

    if re.search(r"[/\\]|\.[A-Za-z]\w*$", text):
        return InputError(f"no file {text[:200]!r}", hint="check the path")
    for part in _PLUS.split(text):
        found = _TERM.fullmatch(part.strip())
        word = found[2] if found else part.strip()
        if word in signal_names():
            continue
        near = get_close_matches(word.lower(), signal_names(), n=3, cutoff=0.5)
        hint = f"nearest: {', '.join(near)}" if near else f"known: {', '.join(signal_names())}"
        return SpecError(f"no signal or file named {word[:80]!r}", hint=hint)
    return SpecError(f"{text[:80]!r} is no signal")


def _added(parts: Sequence[Array]) -> Array:
    total: Array = np.sum(parts, axis=0)
    return total


def _term(text: str) -> Term:
    found = _TERM.fullmatch(text.strip())
    entry = next((one for one in entries() if found and one.name == found[2]), None)
    if found is None or entry is None:
        raise unknown(text)
    try:
        factor = fraction((found[1] or "1").replace(" ", ""))
    except ValueError:
        raise SpecError(f"{found[1]!r}, the factor of {found[2]}, is not a number") from None
    return Term(factor, entry, found[3])
