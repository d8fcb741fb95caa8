"""Safetensors: a JSON header, and the values of all tensors as they lie in memory.

The `safetensors` package holds the header against the file (sizes, offsets, types); values are then
read by us, one tensor at a time, since NumPy has no bfloat16.
"""

from __future__ import annotations

import json
import os
from math import prod
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from cnnviz.arrays.npz import choose
from cnnviz.arrays.opened import Tensor, shown
from cnnviz.errors import InputError, RefusedError
from cnnviz.files import check_bytes

if TYPE_CHECKING:
    from cnnviz.arrays import Array

MAX_HEADER = 2**24  # bytes; a model of ten thousand tensors takes one
_METADATA = "__metadata__"
_TYPES = {
    "F64": "float64",
    "F32": "float32",
    "F16": "float16",
    "BF16": "bfloat16",
    **{
        f"{sign}{bits}": f"{kind}{bits}"
        for bits in (8, 16, 32, 64)
        for sign, kind in (("I", "int"), ("U", "uint"))
    },
    "BOOL": "bool",
}


class Archive:
    """An open `.safetensors`; see `cnnviz.arrays.opened.Opened`."""

    format = "safetensors"

    def __init__(self, file: BinaryIO, name: str, max_bytes: int) -> None:
        self._file, self._name, self._max_bytes = file, name, max_bytes
        size = int.from_bytes(file.read(8), "little")
        if size > MAX_HEADER:
            raise RefusedError(f"its header declares {size} bytes", path=name)
        _validate(file, name)
        file.seek(8)
        header = _parse(file.read(size), name)
        self._start = 8 + size
        self.metadata: dict[str, str] = header.pop(_METADATA, None) or {}
        self._entries = header
        if not header:
            raise InputError("a safetensors file without tensors", path=name)

    @property
    def tensors(self) -> dict[str, Tensor]:
        return {
            key: Tensor(tuple(entry["shape"]), _TYPES.get(entry["dtype"], entry["dtype"]))
            for key, entry in self._entries.items()
        }

    def read(self, member: str | None = None) -> Array:
        key = choose(self._entries, self._name, member)
        entry = self._entries[key]
        where, shape = f"{self._name}:{shown(key)}", tuple(entry["shape"])
        kind = _TYPES.get(entry["dtype"])
        if kind is None:
            raise InputError(f"{where} holds {entry['dtype']} values, which are not read")
        if not shape:
            raise InputError(f"{where} holds a single number, not an array")
        sizes = "x".join(map(str, shape))
        if 0 in shape:
            raise InputError(f"{where}: the array is empty ({sizes})")
        begin, end = entry["data_offsets"]
        widened = 4 * prod(shape) if kind == "bfloat16" else end - begin
        check_bytes(max(end - begin, widened), f"{where} ({sizes})", limit=self._max_bytes)
        self._file.seek(self._start + begin)
        data = self._file.read(end - begin)
        if len(data) != end - begin:
            raise InputError(f"{where}: truncated while it was read")
        return _values(data, kind).reshape(shape)


def _values(data: bytes, kind: str) -> Array:
    """Return values in native byte order; bfloat16, the upper half of a float32, as float32."""
    if kind == "bfloat16":
        return (np.frombuffer(data, "<u2").astype(np.uint32) << 16).view(np.float32)
    stored = np.dtype(kind).newbyteorder("<")
    return np.frombuffer(data, stored).astype(np.dtype(kind))


def _validate(file: BinaryIO, name: str) -> None:
    """Let the safetensors package check the header; it maps a file and reads no values."""
    from safetensors import SafetensorError, deserialize, safe_open

    try:
        if isinstance(path := getattr(file, "name", None), str | os.PathLike):
            with safe_open(path, framework="np"):
                return
        file.seek(0)
        deserialize(file.read())  # type: ignore[no-untyped-call]
    except (SafetensorError, OSError) as error:
        reason = str(error).removeprefix("Error while deserializing").removeprefix(" header")
        reason = shown(reason.lstrip(": ").replace("`", "'")).replace("\\'", "'")
        raise InputError(f"corrupt .safetensors: {reason[:200]}", path=name) from error


def _parse(header: bytes, name: str) -> dict[str, Any]:
    """Return the header; the package takes the last of duplicate keys, we take none."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        result = dict(pairs)
        if len(result) < len(pairs):
            raise RefusedError("holds several tensors of one name", path=name)
        return result

    try:
        parsed: dict[str, Any] = json.loads(header, object_pairs_hook=unique)
    except (ValueError, RecursionError) as error:
        raise InputError("corrupt .safetensors header", path=name) from error
    return parsed
