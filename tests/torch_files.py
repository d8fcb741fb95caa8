"""PyTorch files made by hand: any pickle and storages, in the zip form and the older one."""

from __future__ import annotations

import io
import pickle
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

TORCH = Path(__file__).resolve().parent / "data" / "torch"
MAGIC = 0x1950A86A20F9469CFC6C


class Ref:
    """A global that is written into a pickle by its name, whether it exists or not."""

    def __init__(self, module: str, name: str) -> None:
        self.module, self.name = module, name


class Call:
    """What a pickle is to call, with its arguments."""

    def __init__(self, module: str, name: str, *args: Any) -> None:
        self.function, self.args = Ref(module, name), args


class Key:
    """What a pickle is to ask for by a persistent id."""

    def __init__(self, value: Any) -> None:
        self.value = value


def storage(kind: str, key: str, count: int, *view: Any) -> Key:
    return Key(("storage", Ref("torch", f"{kind}Storage"), key, "cpu", count, *view))


def tensor(
    shape: tuple[int, ...],
    strides: tuple[int, ...],
    *,
    key: str = "0",
    count: int = 6,
    offset: Any = 0,
    kind: str = "Float",
) -> Call:
    """A tensor as PyTorch writes it."""
    held = storage(kind, key, count)
    hooks = Call("collections", "OrderedDict")
    return Call("torch._utils", "_rebuild_tensor_v2", held, offset, shape, strides, False, hooks)


def code(value: Any) -> bytes:
    """Return the opcodes that make a value; bytes are opcodes already."""
    if isinstance(value, bytes):
        return value
    if isinstance(value, Ref):
        return f"c{value.module}\n{value.name}\n".encode()
    if isinstance(value, Call):
        return code(value.function) + code(tuple(value.args)) + b"R"
    if isinstance(value, Key):
        return code(value.value) + b"Q"
    if isinstance(value, tuple):
        return b"(" + b"".join(map(code, value)) + b"t"
    if isinstance(value, list):
        return b"](" + b"".join(map(code, value)) + b"e"
    if isinstance(value, dict):
        return b"}(" + b"".join(code(k) + code(v) for k, v in value.items()) + b"u"
    return pickle.dumps(value, 2)[2:-1]


def program(value: Any) -> bytes:
    """Return the pickle of a value."""
    return b"\x80\x02" + code(value) + b"."


VALUES = np.arange(6, dtype="<f4").tobytes()


def zipped(
    content: bytes,
    storages: dict[str, bytes] | None = None,
    *,
    root: str = "archive/",
    extra: dict[str, bytes] | None = None,
    method: int = zipfile.ZIP_STORED,
) -> bytes:
    """Return a zip of a pickle and the bytes of storages."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        archive.writestr(f"{root}data.pkl", content)
        for key, data in (storages if storages is not None else {"0": VALUES}).items():
            archive.writestr(f"{root}data/{key}", data)
        for member, data in (extra or {}).items():
            archive.writestr(root + member, data)
    return stream.getvalue()


def legacy(content: bytes, storages: dict[str, tuple[int, bytes]] | None = None) -> bytes:
    """Return the older form: of each storage its length and its bytes."""
    held = storages if storages is not None else {"0": (6, VALUES)}
    head = [MAGIC, 1001, {"protocol_version": 1001, "little_endian": True, "type_sizes": {}}]
    parts = [pickle.dumps(one, 2) for one in head] + [content, pickle.dumps(list(held), 2)]
    parts += [struct.pack("<q", count) + data for count, data in held.values()]
    return b"".join(parts)
