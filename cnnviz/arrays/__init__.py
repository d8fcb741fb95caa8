"""Array files <-> NumPy: told apart by content; a format of many arrays is a file in `archives/`.

`read_array` takes one array, `open_arrays` looks inside a file of many. Nothing is ever unpickled,
and no size that a file declares is believed before it is checked.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from cnnviz.errors import SpecError
from cnnviz.files import check_bytes
from cnnviz.geometry import Shape, times

if TYPE_CHECKING:
    from cnnviz.arrays.contents import Array
    from cnnviz.arrays.opened import TEXT_SUFFIXES, open_arrays, sniff

__all__ = [
    "FORMATS",
    "TEXT_SUFFIXES",
    "check_stack",
    "encode",
    "holds_weights",
    "open_arrays",
    "read_array",
    "sniff",
    "store",
    "unique",
]
FORMATS = ("npy", "npz", "csv", "txt")


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
        The array to take out of a file of several.
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
    from cnnviz.arrays.opened import open_arrays

    with open_arrays(data, name=name, max_bytes=max_bytes) as file:
        return file.read(member)


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
        from cnnviz.arrays.archives import npz

        return npz.write(dict(zip(unique(names), maps, strict=True)))
    if format == "npy":
        from cnnviz.arrays import npy

        check_stack([values.shape for values in maps])
        return npy.write(np.stack(list(maps), axis=-1))
    if format not in FORMATS:
        raise SpecError(f"no array format {format!r}", hint=f"use {', '.join(FORMATS)}")
    if len(maps) != 1 or maps[0].ndim != 2:
        raise SpecError(
            f"a .{format} file holds one map (H, W), not {len(maps)}", hint="use .npz or .npy"
        )
    from cnnviz.arrays import text

    return text.write(maps[0], "," if format == "csv" else " ")


def check_stack(shapes: Sequence[Shape]) -> None:
    """Refuse to make one array of maps of different shapes: `SpecError`."""
    found = sorted({times(shape) for shape in shapes})
    if len(found) != 1:
        raise SpecError(
            f"maps of different shapes ({', '.join(found)}) do not fit in one .npy",
            hint="use --padding same or .npz",
        )


def store(format: str, named: Mapping[str, Array]) -> bytes:
    """Return arrays as they are as the content of a file: `npz` holds any, `npy` and `csv` one.

    Raises
    ------
    SpecError
        If the format cannot hold them.

    Examples
    --------
    >>> read_array(store("npy", {"w": np.zeros((3, 3, 1, 8))}), name="w.npy").shape
    (3, 3, 1, 8)
    """
    if format == "npz":
        from cnnviz.arrays.archives import npz

        return npz.write(named)
    if len(named) != 1:
        raise SpecError(f"a .{format} file holds one array, not {len(named)}", hint="use .npz")
    (values,) = named.values()
    if format == "npy":
        from cnnviz.arrays import npy

        return npy.write(values)
    return encode(format, list(named), [values])


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


def holds_weights(kind: str) -> bool:
    """Tell whether files of a format that `sniff` names hold weights, and never an image."""
    from cnnviz.arrays import archives

    return kind in archives.formats() and bool(archives.module(kind).WEIGHTS)


def __getattr__(name: str) -> Any:
    """Import the readers when one is asked for: a run on a photo needs none."""
    if name not in ("TEXT_SUFFIXES", "open_arrays", "sniff"):
        raise AttributeError(f"module 'cnnviz.arrays' has no attribute {name!r}")
    return getattr(import_module("cnnviz.arrays.opened"), name)
