"""What array files have in common: what each says of its arrays, and how one is asked for."""

from __future__ import annotations

from collections.abc import Collection
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from cnnviz.errors import SpecError

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[Any]]

_MOST_NAMES = 20
_LONG = 200  # characters of a name in a message


class Tensor(NamedTuple):
    """What a file says of one of its arrays; `dtype` is NumPy's name of it, or `bfloat16`."""

    shape: tuple[int, ...]
    dtype: str


class Opened(Protocol):
    """An array file that is open.

    Attributes
    ----------
    format : str
        `npy`, `npz`, `safetensors` or `text`.
    metadata : dict
        Texts that the file says about itself; only safetensors has any.
    """

    format: str
    metadata: dict[str, str]

    @property
    def tensors(self) -> dict[str, Tensor]:
        """Shape and type of every array by name; a file of one array calls it `""`."""

    def read(self, member: str | None = None) -> Array:
        """Return the array of that name, or the only one, as `read_array` does."""


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
