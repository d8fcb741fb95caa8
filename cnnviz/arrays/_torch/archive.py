"""A file of PyTorch tensors: where each one's values lie, and how they are read."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from functools import cached_property
from math import prod
from typing import TYPE_CHECKING, Any, BinaryIO, Literal

from cnnviz.arrays import _pickle
from cnnviz.arrays._torch import rebuild
from cnnviz.arrays._torch.nested import flatten
from cnnviz.arrays._torch.rebuild import ITEMSIZES, Storage, Strided
from cnnviz.arrays.contents import Archive, Tensor
from cnnviz.errors import InputError, RefusedError
from cnnviz.files import check_bytes
from cnnviz.geometry import times

if TYPE_CHECKING:
    from cnnviz.arrays.contents import Array

MAX_RATIO = 100  # of a tensor's cells to those that its storage has (an expanded one repeats them)
_SMALL = 2**20


class TorchArchive(Archive):
    """An open file of PyTorch tensors; see `cnnviz.arrays.contents.Opened`.

    A subclass fills `_strided`, and finds a storage's values.
    """

    byteorder: Literal["<", ">"] = "<"

    def _load(self, pickle: BinaryIO) -> None:
        """Take the tensors out of a pickle of any nesting of dictionaries and lists."""
        self._storages: dict[str, Storage] = {}
        content = _pickle.load(
            pickle,
            path=self._name,
            allowed=rebuild.ALLOWED,
            call=rebuild.call,
            persistent=self._storage,
        )
        self._strided, self.others = flatten(content, self._name)

    def _storage(self, persistent_id: Any) -> Storage:
        """Return the storage that a persistent id names, which says the same of it each time."""
        found = rebuild.storage(persistent_id)
        known = self._storages.setdefault(found.key, found)
        if (known.dtype, known.length) != (found.dtype, found.length):
            raise _pickle.Malformed("a storage of two sizes")
        return found

    @cached_property
    def tensors(self) -> dict[str, Tensor]:
        """See `Opened`."""
        return {key: Tensor(one.shape, one.dtype) for key, one in self._strided.items()}

    def stored(self, member: str) -> Array:
        """See `Opened`."""
        import numpy as np

        tensor, where = self._strided[member], self._where(member)
        if not self.tensors[member].is_real:
            raise InputError(f"{where} holds {tensor.dtype} values, which are not read")
        stored = "uint16" if tensor.dtype == "bfloat16" else tensor.dtype
        dtype: np.dtype[Any] = np.dtype(stored).newbyteorder(self.byteorder)
        self._check(tensor, where)
        fill = self._filler(tensor.storage, where)
        values = np.empty(tensor.span, dtype)
        if tensor.span:
            fill(values.view("u1").data, tensor.offset * dtype.itemsize)
        values = values.astype(dtype.newbyteorder("="), copy=False)
        steps = [stride * values.itemsize for stride in tensor.strides]
        if tensor.span == 0:
            return values.reshape(tensor.shape)
        view = np.lib.stride_tricks.as_strided(values, tensor.shape, steps, writeable=False)
        return (
            np.require(view, requirements=["C", "W", "O"])
            if _is_strided(tensor)
            else (values.reshape(tensor.shape))
        )

    def _check(self, tensor: Strided, where: str) -> None:
        """Hold what a tensor would take against the budget and what is stored of it."""
        itemsize = ITEMSIZES[tensor.dtype]
        needed, span = prod(tensor.shape) * itemsize, tensor.span * itemsize
        total = needed + span if _is_strided(tensor) else needed
        check_bytes(total, f"{where} ({times(tensor.shape)})", limit=self._max_bytes)
        if needed > max(MAX_RATIO * span, _SMALL):
            raise RefusedError(
                f"{where} ({times(tensor.shape)}) repeats {span} bytes more than {MAX_RATIO} times"
            )

    @abstractmethod
    def _filler(self, storage: Storage, where: str) -> Callable[[memoryview, int], None]:
        """Find a storage, and return what fills a room with its bytes from a place on.

        What the file claims of it is checked first, before there is a room.
        """


def nbytes(storage: Storage) -> int:
    """Return the bytes that a storage declares."""
    return storage.length * (ITEMSIZES[storage.dtype] if storage.dtype else 1)


def _is_strided(tensor: Strided) -> bool:
    """Whether the values lie in another order than row by row."""
    step = 1
    for size, stride in zip(reversed(tensor.shape), reversed(tensor.strides), strict=True):
        if size != 1 and stride != step:
            return True
        step *= size
    return False
