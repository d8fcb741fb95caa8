"""PyTorch's `.pt` and `.pth` since 1.6: a zip file of one pickle, and a member a storage.

The folder inside has the name that the file had when it was saved. `data.pkl` holds the structure,
`data/KEY` the values of a storage, `byteorder` how they lie.
"""

from __future__ import annotations

import io
from typing import BinaryIO

from cnnviz.arrays._torch.archive import TorchArchive, nbytes
from cnnviz.arrays._torch.rebuild import Storage
from cnnviz.arrays.contents import read_exactly
from cnnviz.errors import InputError, RefusedError

WEIGHTS = True
_PICKLE = "data.pkl"
_SCRIPT = ("constants.pkl", "code/")
_LOCAL = 30  # bytes of a member's own header, before its name


def sniff(head: bytes, tail: bytes = b"") -> int:
    """Tell a zip file with a `data.pkl` in it."""
    if not head.startswith(b"PK"):
        return 0
    from cnnviz.arrays import _zip

    return 2 if any(_is_pickle(name) for name in _zip.names(head, tail)) else 0


class Archive(TorchArchive):
    """An open `.pth`; see `cnnviz.arrays.contents.Opened`."""

    format = "torch"

    def __init__(self, file: BinaryIO, name: str, max_bytes: int) -> None:
        from cnnviz.arrays._zip import Zip

        super().__init__(file, name, max_bytes)
        self._zip = Zip(file, name, "PyTorch file", max_bytes)
        pickles = [member for member in self._zip.members if _is_pickle(member)]
        if len(pickles) != 1:
            raise InputError(f"holds {len(pickles)} {_PICKLE}, not one", path=name)
        self._folder = pickles[0].removesuffix(_PICKLE)
        if any(m.startswith(tuple(self._folder + s for s in _SCRIPT)) for m in self._zip.members):
            raise RefusedError(
                "a TorchScript archive, which holds code; nothing of it was run",
                path=name,
                hint="save the tensors only: torch.save(model.state_dict(), FILE)",
            )
        self._check_overlaps()
        self._load(io.BytesIO(self._zip.read(pickles[0], f"{name}:{_PICKLE}")))
        if (order := f"{self._folder}byteorder") in self._zip.members:
            stated = self._zip.read(order, f"{name}:byteorder")
            if stated not in (b"little", b"big"):
                raise InputError(f"corrupt PyTorch file: byte order {stated[:20]!r}", path=name)
            self.byteorder = "<" if stated == b"little" else ">"

    def _check_overlaps(self) -> None:
        """Refuse members that lie on top of each other, which no writer makes."""
        end = 0
        for info in sorted(self._zip.members.values(), key=lambda info: info.header_offset):
            if info.header_offset < end:
                raise RefusedError("its members overlap", path=self._name)
            end = info.header_offset + _LOCAL + info.compress_size

    def _read_into(self, room: memoryview, storage: Storage, start: int, where: str) -> None:
        import zipfile
        import zlib

        member = f"{self._folder}data/{storage.key}"
        info = self._zip.members.get(member)
        if info is None:
            raise InputError(f"{where}: its storage is not in the file")
        if info.file_size != nbytes(storage):
            declared = f"{nbytes(storage)} bytes, the file has {info.file_size}"
            raise InputError(f"{where}: corrupt or truncated: its storage takes {declared}")
        if info.compress_type == zipfile.ZIP_STORED and not info.flag_bits & 1:
            with self._zip.faults():
                read_exactly(self._file, self._place(info) + start, room, where)
            if len(room) == info.file_size and zlib.crc32(room) != info.CRC:
                raise InputError(f"{where}: corrupt: its values have another checksum")
            return
        with self._zip.open(member, where) as packed:
            packed.seek(start)
            if packed.readinto(room) != len(room):  # type: ignore[attr-defined]
                raise InputError(f"{where}: truncated")

    def _place(self, info: object) -> int:
        """Return where a member's bytes begin, behind its own header."""
        offset, size = info.header_offset, info.compress_size  # type: ignore[attr-defined]
        self._file.seek(offset)
        head = self._file.read(_LOCAL)
        lengths = [int.from_bytes(head[at : at + 2], "little") for at in (26, 28)]
        start: int = offset + _LOCAL + sum(lengths)
        if head[:4] != b"PK\x03\x04" or start + size > self._zip.size:
            raise InputError("corrupt PyTorch file: a member that is not there", path=self._name)
        return start


def _is_pickle(member: str) -> bool:
    return member == _PICKLE or (member.endswith(f"/{_PICKLE}") and member.count("/") == 1)
