"""What array files have in common: what each says of its arrays, and how one is asked for."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from itertools import islice
from math import prod
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple, Protocol

from cnnviz.errors import InputError, SpecError
from cnnviz.files import check_bytes
from cnnviz.geometry import times

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[Any]]

_MOST_NAMES = 20
_LONG = 200  # characters of a name in a message
_SIZES = {"bool": 1, "bfloat16": 2}
_TORCH = re.compile(r"(^|[./])(weight|running_mean|running_var|num_batches_tracked)$")
_KERAS = re.compile(r"(^|[./])(kernel|depthwise_kernel|pointwise_kernel|moving_mean)(:0)?$")
_FRAMEWORKS = {"pt": "torch", "torch": "torch", "pytorch": "torch"} | dict.fromkeys(
    ("tf", "tensorflow", "keras", "flax", "jax", "cnnviz"), "keras"
)


class Tensor(NamedTuple):
    """What a file says of one of its arrays; `dtype` is NumPy's name of it, or `bfloat16`."""

    shape: tuple[int, ...]
    dtype: str

    @property
    def nbytes(self) -> int | None:
        """Bytes of its values as they are stored; None of a type that is not known."""
        bits = re.search("[0-9]+$", self.dtype)
        size = _SIZES.get(self.dtype) or (int(bits[0]) // 8 if bits else None)
        return None if size is None else prod(self.shape) * size


class Opened(Protocol):
    """An array file that is open.

    Attributes
    ----------
    format : str
        `npy`, `npz`, `safetensors`, `text`, `torch`, `torch legacy`.
    metadata : dict
        Texts that the file says about itself; only safetensors has any.
    convention : str
        Whose order of axes it keeps: `torch` (conv OIHW, dense `(out, in)`), `keras` (HWIO,
        `(in, out)`), or `""` where the file does not tell.
    """

    format: str
    metadata: dict[str, str]

    @property
    def convention(self) -> str: ...

    @property
    def tensors(self) -> dict[str, Tensor]:
        """Shape and type of every array by name; a file of one array calls it `""`."""

    def read(self, member: str | None = None) -> Array:
        """Return the array of that name, or the only one, as `read_array` does."""

    def stored(self, member: str) -> Array:
        """Return what `read` does, of any shape; bfloat16 as its 16 bits, `uint16`."""


class Archive(ABC):
    """A file of named arrays: a format says what there is, and reads one as it is stored."""

    format: str

    def __init__(self, file: BinaryIO, name: str, max_bytes: int) -> None:
        self._file, self._name, self._max_bytes = file, name, max_bytes
        self.metadata: dict[str, str] = {}

    @property
    @abstractmethod
    def tensors(self) -> dict[str, Tensor]:
        """See `Opened`."""

    @property
    def convention(self) -> str:
        """See `Opened`; told by the metadata, else by the names."""
        return convention(self.metadata, self.tensors)

    def read(self, member: str | None = None) -> Array:
        """See `Opened`."""
        key = choose(self.tensors, self._name, member)
        tensor, where = self.tensors[key], self._where(key)
        check_array(tensor.shape, where)
        if tensor.dtype != "bfloat16":
            return self.stored(key)
        widened = 4 * prod(tensor.shape)
        check_bytes(2 * widened, f"{where} ({times(tensor.shape)})", limit=self._max_bytes)
        return widen(self.stored(key))

    @abstractmethod
    def stored(self, member: str) -> Array:
        """See `Opened`."""

    def _where(self, key: str) -> str:
        return f"{self._name}:{shown(key)}" if key else self._name


def convention(metadata: Mapping[str, str], names: Collection[str]) -> str:
    """Return whose order of axes arrays keep, by a file's metadata or their names.

    >>> convention({}, ["conv1.weight", "conv1.bias"]), convention({"format": "tf"}, [])
    ('torch', 'keras')
    """
    layout = metadata.get("layout", "").lower()
    if layout in ("hwio", "oihw"):
        return {"hwio": "keras", "oihw": "torch"}[layout]
    if stated := _FRAMEWORKS.get(metadata.get("format", "").lower()):
        return stated
    ends = {"torch": _TORCH, "keras": _KERAS}
    told = [who for who, end in ends.items() if any(end.search(name) for name in names)]
    return told[0] if len(told) == 1 else ""


def check_array(shape: tuple[int, ...], where: str) -> None:
    """Refuse a single number and an empty array, which no layer has for weights."""
    if not shape:
        raise InputError(f"{where}: holds a single number, not an array")
    if 0 in shape:
        raise InputError(f"{where}: the array is empty ({times(shape)})")


def read_exactly(file: BinaryIO, place: int, room: memoryview, where: str) -> None:
    """Fill `room` with the bytes of a file from `place` on."""
    file.seek(place)
    if file.readinto(room) != len(room):  # type: ignore[attr-defined]
        raise InputError(f"{where}: truncated")


def widen(bits: Array) -> Array:
    """Return bfloat16, the upper half of a float32, as float32."""
    wide = bits.astype("uint32")
    wide <<= 16
    return wide.view("float32")


def choose(names: Collection[str], path: str, member: str | None) -> str:
    """Return the name asked for, or the only one; raise `SpecError` with the names there are."""
    if member is None and len(names) == 1:
        return next(iter(names))
    if member is not None and member in names:
        return member
    what = f"holds {len(names)} arrays" if member is None else f"holds no array '{shown(member)}'"
    raise SpecError(what, path=path, hint=f"name one of: {listed(names)}")


def listed(names: Collection[str]) -> str:
    """Return the first names out of a file, for a message.

    >>> listed(["conv1", "conv2"])
    'conv1, conv2'
    """
    more = ", ..." if len(names) > _MOST_NAMES else ""
    return ", ".join(map(shown, islice(names, _MOST_NAMES))) + more


def shown(name: str) -> str:
    """Return a name out of a file as plain ASCII on one line, cut if it is long."""
    text = ascii(name[: _LONG + 1])[1:-1]
    return text if len(name) <= _LONG else f"{text[:_LONG]}..."
