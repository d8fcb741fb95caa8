"""A file of arrays written as another kind of file, one array at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

from cnnviz.arrays import archives
from cnnviz.arrays.contents import shown
from cnnviz.errors import InputError, SpecError

if TYPE_CHECKING:
    from cnnviz.arrays.contents import Opened

_LONGEST = 10_000  # characters of a name; a zip has room for 65,535 bytes


def formats() -> tuple[str, ...]:
    """Return the formats that can be written: those whose module has `convert`.

    >>> formats()
    ('npz', 'safetensors')
    """
    return tuple(n for n in archives.formats() if hasattr(archives.module(n), "convert"))


def write(file: Opened, format: str, stream: BinaryIO) -> None:
    """Write all arrays of a file that is open, names and types kept.

    What the file says about its layout goes along where the format has room for it, so that the
    result loads as the original does; `.npz` has none, and no bfloat16, which becomes float32.

    Parameters
    ----------
    file : Opened
    format : str
        One of `formats()`.
    stream : binary file
        That can be sought in.

    Raises
    ------
    InputError, RefusedError
        If an array is corrupt, over the budget or of a type that the format has not.
    SpecError
        If the format is another one.
    """
    if format not in formats():
        raise SpecError(f"no format {format!r} to convert to", hint=f"use {', '.join(formats())}")
    for name in file.tensors:
        _check_name(name, format)
    archives.module(format).convert(file, stream)


def _check_name(name: str, format: str) -> None:
    """Refuse a name that would be cut, or could not be read again."""
    writable = name.encode("utf-8", "replace").decode() == name
    if not writable or "\0" in name or len(name) > _LONGEST or name == "__metadata__":
        raise InputError(f"'{shown(name)}' cannot be the name of a tensor in a .{format}")
