"""Zip files of unknown origin: what their directory claims is held against the file."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, BinaryIO

from cnnviz.arrays.contents import shown
from cnnviz.errors import CnnvizError, InputError, RefusedError
from cnnviz.files import check_bytes

if TYPE_CHECKING:
    import zipfile

MAX_RATIO = 100
MAX_MEMBERS = 10_000
_MAX_DIRECTORY = 2**22  # bytes; 10,000 members take about one
_ENTRY = 200  # bytes of the directory a member, where more are allowed
_STORED, _DEFLATED = 0, 8  # zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED
_PEEK = 2**16
_SMALL = 2**20  # so little may be packed at any ratio: a map of zeros is no bomb


class Zip:
    """A zip file that is open, each member of it checked before it is read.

    Parameters
    ----------
    file : binary file
    name : str
        What messages call the file.
    form : str
        What messages call the format, `.npz`.
    max_bytes : int
        Budget for one member.
    max_members : int, optional
        How many it may hold, 10,000 unless given.
    """

    def __init__(
        self,
        file: BinaryIO,
        name: str,
        form: str,
        max_bytes: int,
        max_members: int | None = None,
    ) -> None:
        import zipfile

        self._name, self._form, self._max_bytes = name, form, max_bytes
        max_members = MAX_MEMBERS if max_members is None else max_members
        self.size = file.seek(0, 2)
        file.seek(0)
        guarded = _Guarded(file, name, max_members)
        with self.faults():
            self._zip = zipfile.ZipFile(guarded)
            guarded.most = None
            infos = self._zip.infolist()
        if len(infos) > max_members:
            raise RefusedError(f"holds more than {max_members} members", path=name)
        self.members = {info.filename: info for info in infos}
        if len(self.members) < len(infos):
            raise RefusedError("holds several members of one name", path=name)

    @contextmanager
    def open(self, member: str, where: str) -> Iterator[IO[bytes]]:
        """Open a member whose declared size has been checked; zipfile unpacks no more than that."""
        info = self.members[member]
        self.check(info, where)
        with self.faults(), self._zip.open(info) as file:
            yield file

    def read(self, member: str, where: str) -> bytes:
        """Return the content of a member."""
        with self.open(member, where) as file:
            return file.read(self.members[member].file_size)

    def peek(self, member: str) -> BinaryIO:
        """Return the beginning of a member, as much of it as a header takes."""
        with self.faults(), self._zip.open(self.members[member]) as file:
            return io.BytesIO(file.read(_PEEK))

    @contextmanager
    def faults(self) -> Iterator[None]:
        """Turn whatever zipfile raises into one line."""
        try:
            yield
        except (CnnvizError, MemoryError):
            raise
        except Exception as error:  # BadZipFile, zlib.error, struct.error, RuntimeError, …
            reason = shown(str(error) or type(error).__name__)  # may quote the file at length
            raise InputError(f"corrupt {self._form}: {reason[:120]}", path=self._name) from error

    def check(self, info: zipfile.ZipInfo, where: str) -> None:
        """Refuse a member by what it declares."""
        stored = min(info.compress_size, self.size)  # which may be a lie
        check_bytes(info.file_size, where, limit=self._max_bytes)
        if info.file_size > max(MAX_RATIO * stored, _SMALL):
            raise RefusedError(
                f"{where} declares {info.file_size} bytes in {stored}, more than {MAX_RATIO} times"
            )
        # zipfile has no bound for the other methods, which no writer of weights uses.
        if info.compress_type not in (_STORED, _DEFLATED):
            raise InputError(f"{where} is packed by a method that {self._form} does not use")


class _Guarded:
    """The file as zipfile sees it, which reads a directory of any declared size at once."""

    def __init__(self, file: BinaryIO, name: str, max_members: int) -> None:
        self._file, self._name, self._max_members = file, name, max_members
        self.most: int | None = max(_MAX_DIRECTORY, _ENTRY * max_members)
        self.seek, self.tell = file.seek, file.tell

    def seekable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        if self.most is not None and size > self.most:
            raise RefusedError(f"holds more than {self._max_members} members", path=self._name)
        return self._file.read(size)


def names(head: bytes, tail: bytes = b"") -> list[str]:
    """Return the names of members that the ends of a zip file show, without opening it.

    Parameters
    ----------
    head, tail : bytes
        The first and last few thousand bytes; the directory stands at the end.
    """
    found = []
    for part, sign, length, start in ((head, b"PK\x03\x04", 26, 30), (tail, b"PK\x01\x02", 28, 46)):
        at = part.find(sign)
        while at >= 0:
            size = int.from_bytes(part[at + length : at + length + 2], "little")
            found.append(part[at + start : at + start + size].decode("latin-1"))
            at = part.find(sign, at + start)
    return found
