"""Zip files of many small files, such as pictures, for the rooms above: read, never unpacked."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

from cnnviz.arrays._zip import Zip
from cnnviz.arrays.contents import shown
from cnnviz.errors import InputError, RefusedError
from cnnviz.files import budget, check_bytes

if TYPE_CHECKING:
    from zipfile import ZipInfo

__all__ = ["Zip", "open_zip"]

_MEMBER_BYTES = 1500  # of memory that zipfile takes for one, with its name, and we for ours
_ENCRYPTED = 1  # the flag of a member


def open_zip(file: BinaryIO, name: str, *, max_members: int) -> Zip:
    """Open a zip file of files; each member's size is checked when it is read.

    Parameters
    ----------
    file : binary file
    name : str
        What messages call it.
    max_members : int
        How many members it may have.

    Raises
    ------
    InputError
        If it is corrupt or encrypted.
    RefusedError
        If it holds more, a name twice, names that lead out of its folder, or members that share
        their bytes: a bomb is made so.

    Examples
    --------
    >>> import io
    >>> from cnnviz.arrays import store
    >>> import numpy as np
    >>> data = io.BytesIO(store("npz", {"x": np.zeros(3)}))
    >>> list(open_zip(data, "x.npz", max_members=10).members)
    ['x.npy']
    """
    opened = Zip(file, name, "zip file", budget(), max_members)
    check_bytes(_MEMBER_BYTES * len(opened.members), f"{name}: its {len(opened.members)} members")
    for info in opened.members.values():
        _check(info, name)
    if sum(info.compress_size for info in opened.members.values()) > opened.size:
        raise RefusedError("its members overlap, or lie about their sizes", path=name)
    return opened


def _check(info: ZipInfo, name: str) -> None:
    member = info.filename.replace("\\", "/")
    if member.startswith("/") or member[1:2] == ":" or ".." in member.split("/"):
        raise RefusedError(f"holds '{shown(info.filename)}', which leads out of it", path=name)
    if info.flag_bits & _ENCRYPTED:
        raise InputError(f"'{shown(info.filename)}' in it is encrypted", path=name)
