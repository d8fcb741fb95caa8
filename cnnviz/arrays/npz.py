"""NumPy's `.npz`: a zip file with one `.npy` member an array."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, BinaryIO

from cnnviz.arrays import npy
from cnnviz.arrays.opened import Tensor, shown
from cnnviz.errors import CnnvizError, InputError, RefusedError, SpecError
from cnnviz.files import check_bytes

if TYPE_CHECKING:
    from cnnviz.arrays import Array

MAX_RATIO = 100
MAX_MEMBERS = 10_000
_SMALL = 2**20  # so little may be packed at any ratio: a map of zeros is no bomb
_SHOWN = 20
_CHUNK = 2**20


class Archive:
    """An open `.npz`; see `cnnviz.arrays.opened.Opened`."""

    format = "npz"

    def __init__(self, file: BinaryIO, name: str, max_bytes: int) -> None:
        self.metadata: dict[str, str] = {}
        self._name, self._max_bytes = name, max_bytes
        self._size = _check_count(file, name)
        with _faults(name):
            self._zip = zipfile.ZipFile(file)
            self._members = _members(self._zip.infolist(), name)

    @property
    def tensors(self) -> dict[str, Tensor]:
        found = {}
        for key, info in self._members.items():
            with _faults(self._name), self._zip.open(info) as file:
                shape, _, dtype = npy.header(file, self._where(key))
            found[key] = Tensor(shape, dtype.name)
        return found

    def read(self, member: str | None = None) -> Array:
        key = choose(self._members, self._name, member)
        info = self._members[key]
        with _faults(self._name):
            stored = min(info.compress_size, self._size)  # which may be a lie
            _check(info, stored, self._where(key), self._max_bytes)
            with self._zip.open(info) as file:
                content = file.read(info.file_size)
        return npy.read(content, self._where(key), self._max_bytes)

    def _where(self, key: str) -> str:
        return f"{self._name}:{shown(key)}"


def write(arrays: Mapping[str, Array]) -> bytes:
    """Return `arrays` as the content of a file, the same bytes at any time of day."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for key, array in arrays.items():
            archive.writestr(zipfile.ZipInfo(f"{key}.npy"), npy.write(array))
    return stream.getvalue()


def choose(names: Collection[str], path: str, member: str | None) -> str:
    """Return the name asked for, or the only one; raise `SpecError` with the names there are."""
    if member is None and len(names) == 1:
        return next(iter(names))
    if member is not None and member in names:
        return member
    what = f"holds {len(names)} arrays" if member is None else f"holds no array '{shown(member)}'"
    listed = ", ".join(map(shown, islice(names, _SHOWN)))
    more = ", ..." if len(names) > _SHOWN else ""
    raise SpecError(what, path=path, hint=f"name one of: {listed}{more}")


@contextmanager
def _faults(name: str) -> Iterator[None]:
    try:
        yield
    except (CnnvizError, MemoryError):
        raise
    except Exception as error:  # BadZipFile, zlib.error, struct.error, RuntimeError if encrypted, …
        reason = shown(str(error) or type(error).__name__)  # may quote the file at length
        raise InputError(f"corrupt .npz: {reason[:120]}", path=name) from error


def _check_count(file: BinaryIO, name: str) -> int:
    """Count the members before zipfile makes an object for each; return the size of the file."""
    count = size = 0
    while chunk := file.read(_CHUNK):
        size += len(chunk)
        count += chunk.count(b"PK\x01\x02")
        if count > MAX_MEMBERS:
            raise RefusedError(f"holds more than {MAX_MEMBERS} members", path=name)
    file.seek(0)
    return size


def _members(infos: list[zipfile.ZipInfo], name: str) -> dict[str, zipfile.ZipInfo]:
    if len({info.filename for info in infos}) < len(infos):
        raise RefusedError("holds several members of one name", path=name)
    found = {i.filename.removesuffix(".npy"): i for i in infos if i.filename.endswith(".npy")}
    if not found:
        raise InputError("a zip file without arrays", path=name)
    return found


def _check(info: zipfile.ZipInfo, stored: int, where: str, max_bytes: int) -> None:
    """Refuse a member by what it declares; zipfile unpacks no more than that."""
    check_bytes(info.file_size, where, limit=max_bytes)
    if info.file_size > max(MAX_RATIO * stored, _SMALL):
        raise RefusedError(
            f"{where} declares {info.file_size} bytes in {stored}, more than {MAX_RATIO} times"
        )
    # zipfile has no bound for the other methods, which NumPy does not write.
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise InputError(f"{where} is packed by a method that .npz does not use")
