"""Array files <-> NumPy: `.npy`, `.npz`, `.csv` and `.txt`, told apart by content.

Nothing is ever unpickled, and no size that a file declares is believed before it is checked.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from cnnviz.errors import InputError, SpecError
from cnnviz.files import budget, check_bytes

if TYPE_CHECKING:
    Array = np.ndarray[Any, np.dtype[Any]]

FORMATS = ("npy", "npz", "csv", "txt")
TEXT_SUFFIXES = (".csv", ".txt", ".tsv")
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")


def sniff(head: bytes, suffix: str = "") -> str | None:
    """Return `"npy"`, `"npz"`, `"text"` or None from the first bytes of a file.

    A table of numbers is known by its first figure; whatever text a `.csv` or `.txt` file holds
    counts too, so that its reader can say what is wrong with it.

    >>> sniff(b"1,2\\n3,4\\n"), sniff(b"GIF89a"), sniff(b"a,b\\n", ".csv")
    ('text', None, 'text')
    """
    if head.startswith(b"\x93NUMPY"):
        return "npy"
    if head.startswith(_ZIP):
        return "npz"
    head = head.removeprefix(b"\xef\xbb\xbf")
    if any(byte < 9 or 13 < byte < 32 for byte in head):
        return None
    first = head.lstrip()[:1]
    numeric = first != b"" and first in b"+-.0123456789#"
    return "text" if numeric or suffix.lower() in TEXT_SUFFIXES else None


def read_array(
    data: bytes | str | os.PathLike[str],
    *,
    name: str,
    member: str | None = None,
    max_bytes: int | None = None,
) -> Array:
    """Read an array of real numbers, values and type as stored, in native byte order.

    Parameters
    ----------
    data : bytes or path
        The content of the file, or where it is.
    name : str
        What messages call the file.
    member : str, optional
        The array to take out of an `.npz`; not needed if it holds only one.
    max_bytes : int, optional
        Budget for the array, checked before it is allocated; that of the run unless given.

    Returns
    -------
    ndarray
        At least 1-D and not empty; text is always 2-D float64.

    Raises
    ------
    InputError
        If the file is missing, corrupt or truncated, or holds no numbers.
    RefusedError
        If it holds Python objects, or its sizes are over the budget or over 100 times what is
        stored.
    SpecError
        If `member` is not there, or is needed; with the names.

    Examples
    --------
    >>> read_array(b"1 0 -1\\n2 0 -2\\n", name="k.txt").shape
    (2, 3)
    """
    max_bytes = budget() if max_bytes is None else max_bytes
    if not isinstance(data, bytes):
        data = _content(data, name, max_bytes)
    kind = sniff(data[:4096])
    if kind == "npz":
        from cnnviz.arrays import npz

        return npz.read(data, name, member, max_bytes)
    if member is not None:
        raise SpecError(f"holds one array without a name, not {member!r}", path=name)
    if kind == "npy":
        from cnnviz.arrays import npy

        return npy.read(data, name, max_bytes)
    from cnnviz.arrays import text

    return text.read(data, name, max_bytes)


def encode(format: str, names: Sequence[str], maps: Sequence[Array]) -> bytes:
    """Return maps `(H, W)` as the content of a file in `format`, one of `FORMATS`.

    `npy` is `(H, W, K)`; the keys of `npz` are the names, where a repeated one gets an index;
    `csv` and `txt` hold one map. Equal maps give equal bytes.

    Raises
    ------
    SpecError
        If the format is unknown or cannot hold the maps.

    Examples
    --------
    >>> read_array(encode("npy", ["edge"], [np.zeros((2, 3))]), name="maps.npy").shape
    (2, 3, 1)
    """
    # Stacked, in a growing buffer, and as bytes; a decimal is a dozen characters, three times.
    values = sum(m.size for m in maps)
    needed = 40 * values if format in ("csv", "txt") else 4 * sum(m.nbytes for m in maps)
    check_bytes(needed, f"maps of {values} values as .{format}")
    if format == "npz":
        from cnnviz.arrays import npz

        return npz.write(dict(zip(unique(names), maps, strict=True)))
    if format == "npy":
        from cnnviz.arrays import npy

        shapes = sorted({"x".join(map(str, values.shape)) for values in maps})
        if len(shapes) != 1:
            raise SpecError(
                f"maps of different shapes ({', '.join(shapes)}) do not fit in one .npy",
                hint="use --padding same or .npz",
            )
        return npy.write(np.stack(list(maps), axis=-1))
    if format not in FORMATS:
        raise SpecError(f"no array format {format!r}", hint=f"use {', '.join(FORMATS)}")
    if len(maps) != 1 or maps[0].ndim != 2:
        raise SpecError(
            f"a .{format} file holds one map (H, W), not {len(maps)}", hint="use .npz or .npy"
        )
    from cnnviz.arrays import text

    return text.write(maps[0], "," if format == "csv" else " ")


def unique(names: Sequence[str]) -> list[str]:
    """Return `names` with an index at each repetition.

    >>> unique(["edge", "edge", "box"])
    ['edge', 'edge-2', 'box']
    """
    taken, counts = set(names), dict.fromkeys(names, 0)
    result = []
    for name in names:
        counts[name] += 1
        new = name
        while counts[name] > 1 and new in taken:
            new = f"{name}-{counts[name]}"
            counts[name] += new in taken
        taken.add(new)
        result.append(new)
    return result


def _content(path: str | os.PathLike[str], name: str, max_bytes: int) -> bytes:
    """Return the bytes of a regular file that is within the budget."""
    try:
        status = os.stat(path)
        if not stat.S_ISREG(status.st_mode):
            raise InputError("not a regular file", path=name)
        check_bytes(status.st_size, name, limit=max_bytes)
        with open(path, "rb") as file:
            return file.read(status.st_size)
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        raise InputError(f"cannot be read: {reason}", path=name) from error
