"""Python's pickles, which are told apart and never read: one is a program that makes a value."""

from __future__ import annotations

from typing import BinaryIO

from cnnviz.errors import RefusedError

WEIGHTS = False
_PROTOCOLS = (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")


def sniff(head: bytes, tail: bytes = b"") -> int:
    """Tell the opcode that names the protocol; PyTorch's older form begins so too."""
    return int(head.startswith(_PROTOCOLS))


class Archive:
    """No such file is opened."""

    def __init__(self, file: BinaryIO, name: str, max_bytes: int) -> None:
        raise RefusedError(
            "a pickle, which is a program and is never run",
            path=name,
            hint="save arrays with numpy.savez, or a model's with torch.save(model.state_dict())",
        )
