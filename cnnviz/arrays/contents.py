"""What array files have in common: what each says of its arrays, and how one is asked for."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Collection
from itertools import islice
from math import prod
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple, Protocol

from cnnviz.arrays import layouts
from cnnviz.errors import InputError, SpecError
from cnnviz.files import check_bytes
from cnnviz.geometry import times

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[Any]]

_MOST_NAMES = 20
_LONG = 200  # characters of a name in a message
_SIZES = {"bool": 1, "bfloat16": 2}
_REAL = re.compile(r"bool|bfloat16|float(16|32|64|96|128)|u?int(8|16|32|64)")


class Tensor(NamedTuple):
    """What a file says of one of its arrays; `dtype` is NumPy's name of it, or `bfloat16`."""

    shape: tuple[int, ...]
    dtype: str

    @property
    def is_real(self) -> bool:
        """Whether NumPy has a type of real numbers for it, or float32 holds it."""
        return _REAL.fullmatch(self.dtype) is not None

    @property
    def nbytes(self) -> int | None:
        """Bytes of its values as they are stored; None of a type that is not known."""
        bits = re.search("[0-9]+$", self.dtype)
        size = _SIZES.get(self.dtype) or (int(bits[0]) // 8 if bits else None)
        size = 1 if self.dtype.startswith("float8_") else size
        return None if size is None else prod(self.shape) * size


class Opened(Protocol):
    """An array file that is open.

    Attributes
    ----------
    format : str
        `npy`, `npz`, `safetensors`, `text`, `torch`, `torch legacy`.
    metadata : dict
        Texts that the file says about itself; only safetensors has any.
    others : int
        How many values it holds that are no tensors: settings, counters.
    convention : str
        Whose order of axes it keeps: `torch` (conv OIHW, dense `(out, in)`), `keras` (HWIO,
        `(in, out)`), `mlx` (OHWI, `(out, in)`), or `""` where the file does not tell.
    """

    format: str
    metadata: dict[str, str]
    others: int

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
    others = 0

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
        return layouts.convention(self.metadata, self.format, self.tensors)

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
