"""PyTorch's `.pt` and `.pth` before 1.6: pickles in a row, and behind them the storages.

A magic number, the version of the protocol, facts of the machine, the content, the keys of the
storages; then of each storage its length (8 bytes) and its values, little-endian.
"""

from __future__ import annotations

from typing import Any, BinaryIO

from cnnviz.arrays import _pickle
from cnnviz.arrays._torch.archive import TorchArchive, nbytes
from cnnviz.arrays._torch.rebuild import Storage
from cnnviz.arrays.contents import read_exactly
from cnnviz.errors import InputError, RefusedError

WEIGHTS = True
_MAGIC = 0x1950A86A20F9469CFC6C
_LONG1 = b"\x8a\n" + _MAGIC.to_bytes(10, "little")
_PROTOCOL = 1001
_COUNT = 8  # bytes of a storage's length


def sniff(head: bytes, tail: bytes = b"") -> int:
    """Tell a pickle, of which only those of PyTorch are read: they begin with its number."""
    if _LONG1 in head[:24]:
        return 2
    return int(head[:1] == b"\x80" and head[1:2] in (b"\2", b"\3", b"\4", b"\5"))


class Archive(TorchArchive):
    """An open `.pth`; see `cnnviz.arrays.contents.Opened`."""

    format = "torch legacy"

    def __init__(self, file: BinaryIO, name: str, max_bytes: int) -> None:
        super().__init__(file, name, max_bytes)
        if not sniff(file.read(24)) == 2:
            raise RefusedError("a pickle, which is a program and is never run", path=name)
        file.seek(0)
        if self._plain() != _MAGIC or self._plain() != _PROTOCOL:
            raise InputError("a PyTorch file of an unknown version", path=name)
        self._plain()  # the byte order of the machine, not of the values, and its sizes
        self._load(file)
        keys = self._plain()
        if type(keys) is not list or any(type(key) is not str for key in keys):
            raise InputError("corrupt PyTorch file: its storages have no keys", path=name)
        self._places = self._find(keys)

    def _plain(self) -> Any:
        return _pickle.load(self._file, path=self._name)

    def _find(self, keys: list[str]) -> dict[str, int]:
        """Return where the values of each storage begin, all of them in the file."""
        sizes = {key: nbytes(one) for key, one in self._storages.items()}
        if len(set(keys)) < len(keys):
            raise RefusedError("holds several storages of one key", path=self._name)
        place, size = self._file.tell(), self._file.seek(0, 2)
        places = {}
        for key in keys:
            if key not in sizes:
                raise InputError("corrupt PyTorch file: a storage without tensors", path=self._name)
            self._file.seek(place)
            count = int.from_bytes(self._file.read(_COUNT), "little")
            if count != self._storages[key].length:
                raise InputError(
                    f"corrupt or truncated: a storage of {self._storages[key].length} values has "
                    f"{count} in the file",
                    path=self._name,
                )
            places[key] = place + _COUNT
            place += _COUNT + sizes[key]
            if place > size:
                raise InputError("truncated: its last storages are missing", path=self._name)
        return places

    def _read_into(self, room: memoryview, storage: Storage, start: int, where: str) -> None:
        if storage.key not in self._places:
            raise InputError(f"{where}: its storage is not in the file")
        read_exactly(self._file, self._places[storage.key] + start, room, where)
