"""Named kernels and banks, found by name in the family files of this package.

The leading letters of a name are the name of its file (`sobel-x` is in `sobel.py`, `gabor8` in
`gabor.py`), so that a look-up imports one file and a file dropped into the package is found. A
family has `KERNELS`, a tuple of `Entry`, and may have `BANKS`: bank -> {name: kernel as typed}.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import import_module
from types import ModuleType

from cnnviz.errors import SpecError
from cnnviz.kernels._entry import Entry

NAMESPACE = "bank"
_PACKAGE = __name__.rpartition(".")[0]


def find(name: str) -> Entry | None:
    """Return the entry called `name`, or None."""
    module = _family(name)
    return next((e for e in module.KERNELS if e.name == name), None) if module else None


def member(name: str) -> str | None:
    """Return how a bank's kernel called `name` is typed (`kirsch-ne` is `kirsch:ne`), or None."""
    found = (bank[name] for bank in _banks(_family(name)).values() if name in bank)
    return next(found, None)


def bank(name: str) -> dict[str, str]:
    """Return the kernels of a bank, name -> kernel as typed; raise `SpecError` if unknown."""
    found = _banks(_family(name)).get(name)
    if found is None:
        raise SpecError(f"no bank of kernels named {name!r}", hint=f"known: {', '.join(banks())}")
    return found


def kernel_names() -> list[str]:
    """Return the names of all kernels, in alphabetical order of their families.

    >>> {"edge", "sobel-x", "gaussian"} <= set(kernel_names())
    True
    """
    return [entry.name for module in _families() for entry in module.KERNELS]


def banks() -> list[str]:
    """Return the names of all banks, as they are typed after `bank:`."""
    return [name for module in _families() for name in _banks(module)]


def describe(text: str) -> Entry:
    """Return what is known of a kernel: parameters with defaults, summary, source.

    `text` is a name, and may have parameters or be a bank's name for a kernel (`kirsch-ne`).

    >>> describe("gaussian").signature
    'gaussian[:SIZE[,SIGMA]]'
    """
    entry = find((member(text) or text).partition(":")[0])
    if entry is None:
        raise unknown(text)
    return entry


def unknown(text: str) -> SpecError:
    """Return the error for a kernel that does not exist, with the nearest names."""
    import difflib

    word = text.partition(":")[0].strip().lower()
    entries = [entry for module in _families() for entry in module.KERNELS]
    typed = [entry.name for entry in entries] + [f"{NAMESPACE}:{name}" for name in banks()]
    near = [name for name in typed if word and re.search(rf"\b{re.escape(word)}\d*\b", name)]
    if not near and word:
        near = [entry.name for entry in entries if word in re.findall(r"\w+", entry.summary)]
        near += difflib.get_close_matches(word, typed, n=4, cutoff=0.65)
    near = list(dict.fromkeys(near))[:6]
    hint = f"nearest: {', '.join(near)}" if near else f"known: {', '.join(typed)}"
    if not near and re.search(r"[/\\]|\.\w+$", word):
        hint = "check the path"
    return SpecError(f"no kernel or file named {text[:80]!r}", hint=hint)


def _family(name: str) -> ModuleType | None:
    word = re.match("[a-z]*", name)
    path = f"{_PACKAGE}.{word[0]}" if word and word[0] else None
    try:
        return import_module(path) if path else None
    except ModuleNotFoundError as error:
        if error.name != path:
            raise
        return None


def _families() -> Iterator[ModuleType]:
    import pkgutil

    import cnnviz.kernels

    words = sorted(info.name for info in pkgutil.iter_modules(cnnviz.kernels.__path__))
    yield from (module for word in words if (module := _family(word)))


def _banks(module: ModuleType | None) -> dict[str, dict[str, str]]:
    return getattr(module, "BANKS", {})
