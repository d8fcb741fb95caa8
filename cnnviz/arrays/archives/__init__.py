"""Files of many arrays, found by name: each module of this package is a format.

A module has `sniff(head, tail)`, which takes the first bytes of a file and the last (where they are
known) and returns how sure it is: 0 no, 1 by what it is packed in, 2 by its content. It has
`Archive(file, name, max_bytes)`, a `cnnviz.arrays.contents.Archive`; and `WEIGHTS`, whether it only
ever holds weights, no images. One that files can be converted to has `convert(file, stream)`, which
writes an opened file of any format. What a format needs is imported when a file of it is opened.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType


def formats() -> tuple[str, ...]:
    """Return the names of the formats.

    >>> "safetensors" in formats()
    True
    """
    return tuple(module.name for module in iter_modules(__path__) if module.name[0] != "_")


def find(head: bytes, tail: bytes = b"") -> str | None:
    """Return the name of the format that a file has by its first and last bytes, or None."""
    sure = {name: module(name).sniff(head, tail) for name in formats()}
    best = max(sure, key=lambda name: int(sure[name]))
    return best if sure[best] else None


def module(name: str) -> ModuleType:
    """Return the module of a format."""
    return import_module(f"{__name__}.{name}")
