"""Safetensors: a JSON header, and the values of all tensors as they lie in memory.

The `safetensors` package holds the header against the file (sizes, offsets, types); values are then
read by us, one tensor at a time, since NumPy has no bfloat16.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, BinaryIO

from cnnviz.arrays import contents
from cnnviz.arrays.contents import Tensor, read_exactly, shown
from cnnviz.arrays.layouts import NUMPY
from cnnviz.errors import InputError, RefusedError
from cnnviz.files import check_bytes
from cnnviz.geometry import times

if TYPE_CHECKING:
    from cnnviz.arrays.contents import Array, Opened

WEIGHTS = True
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


def sniff(head: bytes, tail: bytes = b"") -> int:
    """Tell a length and the brace that opens a header."""
    return 2 * (head[8:9] == b"{" and 2 <= int.from_bytes(head[:8], "little") < 2**40)


class Archive(contents.Archive):
    """An open `.safetensors`; see `cnnviz.arrays.contents.Opened`."""

    format = "safetensors"

    def __init__(self, file: BinaryIO, name: str, max_bytes: int) -> None:
        super().__init__(file, name, max_bytes)
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

    @cached_property
    def tensors(self) -> dict[str, Tensor]:
        """See `Opened`."""
        return {
            key: Tensor(tuple(entry["shape"]), _TYPES.get(entry["dtype"], entry["dtype"]))
            for key, entry in self._entries.items()
        }

    def stored(self, member: str) -> Array:
        """See `Opened`."""
        import numpy as np

        entry, where = self._entries[member], self._where(member)
        kind = _TYPES.get(entry["dtype"])
        if kind is None:
            raise InputError(f"{where} holds {entry['dtype']} values, which are not read")
        begin, end = entry["data_offsets"]
        check_bytes(end - begin, f"{where} ({times(entry['shape'])})", limit=self._max_bytes)
        dtype = np.dtype("uint16" if kind == "bfloat16" else kind)
        values = np.empty((end - begin) // dtype.itemsize, dtype.newbyteorder("<"))
        if values.size:
            read_exactly(self._file, self._start + begin, values.view("u1").data, where)
        return values.astype(dtype, copy=False).reshape(entry["shape"])


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

    import json

    try:
        parsed: dict[str, Any] = json.loads(header, object_pairs_hook=unique)
    except (ValueError, RecursionError) as error:
        raise InputError("corrupt .safetensors header", path=name) from error
    return parsed


def convert(file: Opened, stream: BinaryIO) -> None:
    """Write the arrays of another file, and what it says of itself or what its format does."""
    metadata = file.metadata
    if file.format in NUMPY:
        metadata = {"format": "numpy"}
    elif file.format.startswith("torch"):
        metadata = {"format": "pt"}
    write_to(stream, file.tensors, file.stored, metadata)


def write_to(
    stream: BinaryIO,
    tensors: Mapping[str, Tensor],
    read: Callable[[str], Array],
    metadata: Mapping[str, str],
) -> None:
    """Write tensors to a file, reading one at a time.

    Their names keep their order in the header. Their values stand in the order of their types'
    sizes, the largest first, so that each is aligned as readers that map the file need.

    Raises
    ------
    InputError
        If a tensor has a type that the format has not.
    """
    import json

    codes = {kind: code for code, kind in _TYPES.items()}
    for name, tensor in tensors.items():
        if tensor.dtype not in codes or tensor.nbytes is None:
            raise InputError(f"{shown(name)}: .safetensors has no type {tensor.dtype}")
    order = sorted(tensors, key=lambda name: -_itemsize(tensors[name]))
    starts, end = {}, 0
    for name in order:
        starts[name], end = end, end + (tensors[name].nbytes or 0)
    header: dict[str, Any] = {}
    if metadata:  # readers refuse half of a surrogate pair, which stands for a byte in file names
        texts = {k: v.encode("utf-8", "backslashreplace").decode() for k, v in metadata.items()}
        header[_METADATA] = texts
    for name, tensor in tensors.items():
        stop = starts[name] + (tensor.nbytes or 0)
        offsets = [starts[name], stop]
        header[name] = {
            "dtype": codes[tensor.dtype],
            "shape": list(tensor.shape),
            "data_offsets": offsets,
        }
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    stream.write(len(text).to_bytes(8, "little") + text)
    for name in order:
        values = read(name)
        values = values.astype(values.dtype.newbyteorder("<"), copy=False)
        stream.write(values.reshape(-1).view("u1").data)


def _itemsize(tensor: Tensor) -> int:
    return Tensor((1,), tensor.dtype).nbytes or 0
