"""Array files told apart and opened: names and shapes first, values one array at a time."""

from __future__ import annotations

import io
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO

from cnnviz.arrays import archives
from cnnviz.arrays.contents import Opened, Tensor, shown
from cnnviz.errors import CnnvizError, InputError, SpecError
from cnnviz.files import budget, check_bytes

if TYPE_CHECKING:
    from cnnviz.arrays.contents import Array

TEXT_SUFFIXES = (".csv", ".txt", ".tsv")
_HEAD, _TAIL = 4096, 65536


def sniff(head: bytes, suffix: str = "", *, tail: bytes = b"") -> str | None:
    """Return `"npy"`, `"text"`, a format of `archives/` or None from the ends of a file.

    A table of numbers is known by its first figure; whatever text a `.csv` or `.txt` file holds
    counts too, so that its reader can say what is wrong with it.

    >>> sniff(b"1,2\\n3,4\\n"), sniff(b"GIF89a"), sniff(b"a,b\\n", ".csv")
    ('text', None, 'text')
    """
    if head.startswith(b"\x93NUMPY"):
        return "npy"
    if found := archives.find(head, tail):
        return found
    head = head.removeprefix(b"\xef\xbb\xbf")
    if any(byte < 9 or 13 < byte < 32 for byte in head):
        return None
    first = head.lstrip()[:1]
    numeric = first != b"" and first in b"+-.0123456789#"
    return "text" if numeric or suffix.lower() in TEXT_SUFFIXES else None


@contextmanager
def open_arrays(
    data: bytes | str | os.PathLike[str], *, name: str, max_bytes: int | None = None
) -> Iterator[Opened]:
    """Open an array file, to list its arrays without their values and to read some of them.

    A file of many arrays is not read as a whole: an array costs its own size.

    Parameters
    ----------
    data : bytes or path
        The content of the file, or where it is.
    name : str
        What messages call the file.
    max_bytes : int, optional
        Budget for one array, checked before it is allocated; that of the run unless given.

    Raises
    ------
    InputError, RefusedError, SpecError
        Here and on reading, as `cnnviz.arrays.read_array` does.

    Examples
    --------
    >>> from cnnviz.arrays import encode
    >>> import numpy as np
    >>> data = encode("npz", ["edge", "box"], [np.ones((3, 3)), np.ones((5, 5))])
    >>> with open_arrays(data, name="kernels.npz") as file:
    ...     print(file.format, file.tensors["box"].shape, file.read("edge").sum())
    npz (5, 5) 9.0
    """
    with _stream(data, name) as file:
        yield _opened(file, name, budget() if max_bytes is None else max_bytes)


def _opened(file: BinaryIO, name: str, max_bytes: int) -> Opened:
    head = file.read(_HEAD)
    file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL))
    kind = sniff(head, tail=file.read(_TAIL))
    file.seek(0)
    if kind in archives.formats():
        opened: Opened = archives.module(kind).Archive(file, name, max_bytes)
        return opened
    return _Single(file, name, max_bytes, "npy" if kind == "npy" else "text")


class _Single:
    """A file of one array, which has no name."""

    convention, others = "", 0

    def __init__(self, file: BinaryIO, name: str, max_bytes: int, kind: str) -> None:
        self.format, self.metadata = kind, dict[str, str]()
        self._file, self._name, self._max_bytes = file, name, max_bytes
        self._array: Array | None = None

    @property
    def tensors(self) -> dict[str, Tensor]:
        values = self.read()
        return {"": Tensor(values.shape, values.dtype.name)}

    def read(self, member: str | None = None) -> Array:
        if member:
            what = f"holds one array without a name, not '{shown(member)}'"
            raise SpecError(what, path=self._name)
        if self._array is None:
            size = self._file.seek(0, os.SEEK_END)
            if not isinstance(self._file, io.BytesIO):  # which is in memory already
                check_bytes(size, self._name, limit=self._max_bytes)
            self._file.seek(0)
            self._array = self._parse(self._file.read(size))
        return self._array

    def stored(self, member: str) -> Array:
        return self.read(member or None)

    def _parse(self, data: bytes) -> Array:
        if self.format == "npy":
            from cnnviz.arrays import npy

            return npy.read(data, self._name, self._max_bytes)
        from cnnviz.arrays import text

        return text.read(data, self._name, self._max_bytes)


@contextmanager
def _stream(data: bytes | str | os.PathLike[str], name: str) -> Iterator[BinaryIO]:
    """Yield a regular file, or bytes as one; a fault of the machine becomes an `InputError`."""
    if isinstance(data, bytes):
        yield io.BytesIO(data)
        return
    try:
        if not stat.S_ISREG(os.stat(data).st_mode):  # opening a pipe would wait
            raise InputError("not a regular file", path=name)
        with open(data, "rb") as file:
            yield file
    except (CnnvizError, BrokenPipeError):  # the pipe is where the result goes, no file
        raise
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        raise InputError(f"cannot be read: {reason}", path=name) from error
