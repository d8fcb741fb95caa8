"""PyTorch's files before 0.1.10: a tar of four members, which is told apart and not read."""

from __future__ import annotations

from typing import BinaryIO

from cnnviz.errors import InputError

WEIGHTS = True
_MEMBERS = (b"sys_info\0", b"pickle\0", b"storages\0", b"tensors\0")


def sniff(head: bytes, tail: bytes = b"") -> int:
    """Tell a tar whose first member is one of those."""
    return 2 * (head[257:262] == b"ustar" and head.removeprefix(b"./").startswith(_MEMBERS))


class Archive:
    """No such file is opened."""

    def __init__(self, file: BinaryIO, name: str, max_bytes: int) -> None:
        raise InputError(
            "a PyTorch file of the tar form, from before 2017",
            path=name,
            hint="load it with torch and save it again: torch.save(torch.load(FILE), FILE)",
        )
