"""NumPy's `.npz`: a zip file with one `.npy` member an array."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from typing import TYPE_CHECKING

from cnnviz.arrays import npy
from cnnviz.errors import CnnvizError, InputError, RefusedError, SpecError
from cnnviz.files import check_bytes

if TYPE_CHECKING:
    from cnnviz.arrays import Array

MAX_RATIO = 100
MAX_MEMBERS = 10_000
_SMALL = 2**20  # so little may be packed at any ratio: a map of zeros is no bomb
_SHOWN = 20


def read(data: bytes, name: str, member: str | None, max_bytes: int) -> Array:
    """Return the array called `member`, or the only one."""
    # Counted first: zipfile makes an object for each.
    if data.count(b"PK\x01\x02") > MAX_MEMBERS:
        raise RefusedError(f"holds more than {MAX_MEMBERS} members", path=name)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            info = _choose(archive.infolist(), name, member)
            _check(info, min(info.compress_size, len(data)), name, max_bytes)
            check_bytes(len(data) + info.file_size, f"{name}:{_shown(_key(info))}")
            with archive.open(info) as file:
                content = file.read(info.file_size)
    except (CnnvizError, MemoryError):
        raise
    except Exception as error:  # BadZipFile, zlib.error, struct.error, RuntimeError if encrypted, …
        raise InputError(f"corrupt .npz: {error or type(error).__name__}", path=name) from error
    return npy.read(content, f"{name}:{_shown(_key(info))}", max_bytes)


def write(arrays: Mapping[str, Array]) -> bytes:
    """Return `arrays` as the content of a file, the same bytes at any time of day."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for key, array in arrays.items():
            archive.writestr(zipfile.ZipInfo(f"{key}.npy"), npy.write(array))
    return stream.getvalue()


def _choose(infos: list[zipfile.ZipInfo], name: str, member: str | None) -> zipfile.ZipInfo:
    found = {_key(info): info for info in infos if info.filename.endswith(".npy")}
    if len({info.filename for info in infos}) < len(infos):
        raise RefusedError("holds several members of one name", path=name)
    if not found:
        raise InputError("a zip file without arrays", path=name)
    if member is None and len(found) == 1:
        return next(iter(found.values()))
    if member is not None and member in found:
        return found[member]
    what = f"holds {len(found)} arrays" if member is None else f"holds no array {member!r}"
    names = ", ".join(_shown(key) for key in list(found)[:_SHOWN])
    more = ", ..." if len(found) > _SHOWN else ""
    raise SpecError(what, path=name, hint=f"name one of: {names}{more}")


def _check(info: zipfile.ZipInfo, stored: int, name: str, max_bytes: int) -> None:
    """Refuse a member by what it declares; zipfile unpacks no more than that."""
    where = f"{name}:{_shown(_key(info))}"
    check_bytes(info.file_size, where, limit=max_bytes)
    if info.file_size > max(MAX_RATIO * stored, _SMALL):
        raise RefusedError(
            f"{where} declares {info.file_size} bytes in {stored}, more than {MAX_RATIO} times"
        )
    # zipfile has no bound for the other methods, which NumPy does not write.
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise InputError(f"{where} is packed by a method that .npz does not use")


def _key(info: zipfile.ZipInfo) -> str:
    return info.filename.removesuffix(".npy")


def _shown(key: str) -> str:
    """Return a name out of a file as plain ASCII on one line."""
    return ascii(key)[1:-1]
