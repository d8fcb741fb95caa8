"""NumPy's `.npz`: a zip file with one `.npy` member an array."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, BinaryIO

from cnnviz.arrays import contents
from cnnviz.arrays.contents import Tensor, choose, widen
from cnnviz.errors import InputError
from cnnviz.files import check_bytes

if TYPE_CHECKING:
    from cnnviz.arrays.contents import Array, Opened

WEIGHTS = False
_LARGE = 2**31 - 2**16  # bytes; zip64 from here on
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")


def sniff(head: bytes, tail: bytes = b"") -> int:
    """Tell a zip file, of which this is the plainest use."""
    if not head.startswith(_ZIP):
        return 0
    length = int.from_bytes(head[26:28], "little")
    return 2 if head[30 : 30 + length].endswith(b".npy") else 1


class Archive(contents.Archive):
    """An open `.npz`; see `cnnviz.arrays.contents.Opened`."""

    format = "npz"

    def __init__(self, file: BinaryIO, name: str, max_bytes: int) -> None:
        from cnnviz.arrays._zip import Zip

        super().__init__(file, name, max_bytes)
        self._zip = Zip(file, name, ".npz", max_bytes)
        self._members = {
            member.removesuffix(".npy"): member
            for member in self._zip.members
            if member.endswith(".npy")
        }
        if not self._members:
            raise InputError("a zip file without arrays", path=name)

    @cached_property
    def tensors(self) -> dict[str, Tensor]:
        """See `Opened`."""
        from cnnviz.arrays import npy

        found = {}
        for key, member in self._members.items():
            shape, _, dtype = npy.header(self._zip.peek(member), self._where(key))
            found[key] = Tensor(shape, dtype.name)
        return found

    def read(self, member: str | None = None) -> Array:
        """See `Opened`."""
        return self._read(choose(self._members, self._name, member), any_shape=False)

    def stored(self, member: str) -> Array:
        """See `Opened`."""
        return self._read(member, any_shape=True)

    def _read(self, key: str, *, any_shape: bool) -> Array:
        from cnnviz.arrays import npy

        content = self._zip.read(self._members[key], self._where(key))
        return npy.read(content, self._where(key), self._max_bytes, any_shape=any_shape)


def convert(file: Opened, stream: BinaryIO) -> None:
    """Write the arrays of another file; see `cnnviz.arrays.conversion`."""
    write_to(stream, ((name, _plain(file, name)) for name in file.tensors))


def _plain(file: Opened, name: str) -> Array:
    """Return an array as it is stored, bfloat16 as the float32 that NumPy has."""
    tensor = file.tensors[name]
    if tensor.dtype != "bfloat16":
        return file.stored(name)
    check_bytes(5 * (tensor.nbytes or 0), name)
    return widen(file.stored(name))


def write(arrays: Mapping[str, Array]) -> bytes:
    """Return `arrays` as the content of a file, the same bytes at any time of day."""
    import io

    stream = io.BytesIO()
    write_to(stream, arrays.items())
    return stream.getvalue()


def write_to(stream: BinaryIO, arrays: Iterable[tuple[str, Array]]) -> None:
    """Write arrays to a file as they come, holding one at a time."""
    import zipfile

    import numpy as np

    with zipfile.ZipFile(stream, "w") as archive:
        for key, array in arrays:
            info = zipfile.ZipInfo(f"{key}.npy")
            with archive.open(info, "w", force_zip64=array.nbytes >= _LARGE) as member:
                values = array if array.flags.c_contiguous else array.copy()
                np.lib.format.write_array(member, values, allow_pickle=False)
