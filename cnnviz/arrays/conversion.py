"""A file of arrays written as another kind of file, one array at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO

from cnnviz.arrays.contents import Opened, shown, widen
from cnnviz.arrays.layouts import NUMPY
from cnnviz.errors import InputError, SpecError
from cnnviz.files import check_bytes

if TYPE_CHECKING:
    from cnnviz.arrays.contents import Array

FORMATS = ("safetensors", "npz")
_LONGEST = 10_000  # characters of a name; a zip has room for 65,535 bytes


def write(file: Opened, format: str, stream: BinaryIO) -> None:
    """Write all arrays of a file that is open, names and types kept.

    What the file says about its layout goes along where the format has room for it, so that the
    result loads as the original does; `.npz` has none, and no bfloat16, which becomes float32.

    Parameters
    ----------
    file : Opened
    format : {"safetensors", "npz"}
    stream : binary file
        That can be sought in.

    Raises
    ------
    InputError, RefusedError
        If an array is corrupt, over the budget or of a type that the format has not.
    SpecError
        If the format is another one.
    """
    for name in file.tensors:
        _check_name(name, format)
    if format == "safetensors":
        from cnnviz.arrays.archives import safetensors

        safetensors.write_to(stream, file.tensors, file.stored, metadata(file))
    elif format == "npz":
        from cnnviz.arrays.archives import npz

        npz.write_to(stream, _plain(file))
    else:
        raise SpecError(f"no format {format!r} to convert to", hint=f"use {', '.join(FORMATS)}")


def metadata(file: Opened) -> dict[str, str]:
    """Return what a file says of itself: PyTorch's and NumPy's are known by the format alone."""
    if file.format in NUMPY:
        return {"format": "numpy"}
    return {"format": "pt"} if file.format.startswith("torch") else dict(file.metadata)


def _check_name(name: str, format: str) -> None:
    """Refuse a name that would be cut, or could not be read again."""
    writable = name.encode("utf-8", "replace").decode() == name
    if not writable or "\0" in name or len(name) > _LONGEST or name == "__metadata__":
        raise InputError(f"'{shown(name)}' cannot be the name of a tensor in a .{format}")


def _plain(file: Opened) -> Iterator[tuple[str, Array]]:
    for name, tensor in file.tensors.items():
        if tensor.dtype != "bfloat16":
            yield name, file.stored(name)
        else:
            check_bytes(5 * (tensor.nbytes or 0), name)
            yield name, widen(file.stored(name))
