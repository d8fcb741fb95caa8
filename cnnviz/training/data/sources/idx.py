"""IDX, the format of MNIST and its family, plain or packed by gzip.

A file is two zeros, a type, a number of axes, their lengths as big-endian uint32, and the values
("The MNIST database", LeCun, Cortes, Burges).
"""

from __future__ import annotations

import re
from math import prod
from typing import IO, TYPE_CHECKING, NamedTuple

import numpy as np

from cnnviz.arrays.contents import listed, shown
from cnnviz.errors import InputError, SpecError
from cnnviz.files import check_bytes
from cnnviz.geometry import times
from cnnviz.training.data.examples import Found, Wanted
from cnnviz.training.data.numbered import Part, found
from cnnviz.training.data.packed import unpacked

if TYPE_CHECKING:
    from cnnviz.contract import Array
    from cnnviz.training.data.tree import Tree

_IMAGES = re.compile(r"(.*?)(train|t10k|test|valid|val)?[-_.]?images[-_.]idx[34][-_.]ubyte(\.gz)?")
_TYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4"}
_MAX_AXES = 4


class _Pair(NamedTuple):
    """The two files of a part."""

    images: str
    labels: str


def sniff(tree: Tree) -> int:
    """Tell the names of MNIST's files."""
    return 2 * any(_IMAGES.fullmatch(_base(name)) for name in tree.files)


def read(tree: Tree, wanted: Wanted) -> Found:
    """Return the pictures of the training files, and of those called `t10k` or `test`."""
    parts = _parts(tree)
    train, held = parts.pop("train", None), parts.pop("held", None)
    first = train or held
    assert first is not None  # as sniff saw one
    second = held if train else None
    made = [_part(tree, pair) for pair in (first, second) if pair]
    return found("IDX", made[0], made[1] if second else None, wanted)


def _parts(tree: Tree) -> dict[str, _Pair]:
    """Return the pairs of files by part; of a file that is there twice, the one not packed."""
    sets: dict[str, dict[str, _Pair]] = {}
    by_name = {name.removesuffix(".gz"): name for name in sorted(tree.files, reverse=True)}
    for plain, name in sorted(by_name.items()):
        match = _IMAGES.fullmatch(_base(plain))
        if not match:
            continue
        part = "train" if match[2] in ("train", None) else "held"
        folder = plain[: len(plain) - len(_base(plain))]
        base = re.sub(r"images([-_.])idx[34]", r"labels\1idx1", _base(plain))
        labels = by_name.get(folder + base)
        if labels is None:
            raise InputError(f"there is no {shown(base)} beside it", path=tree.where(name))
        own = sets.setdefault(folder + match[1], {})
        own.setdefault(part, _Pair(name, labels))
    if len(sets) > 1:
        what = f"holds {len(sets)} sets of IDX files"
        names = listed([pair.images for own in sets.values() for pair in own.values()])
        hint = f"give the path with the beginning of the names of one: {names}"
        raise SpecError(what, path=tree.path, hint=hint)
    return next(iter(sets.values()))


def _part(tree: Tree, pair: _Pair) -> Part:
    x, y = read_idx(tree, pair.images), read_idx(tree, pair.labels)
    where = tree.where(pair.images)
    if x.ndim < 3 or x.dtype != np.uint8:
        what = f"holds {x.dtype} values {times(x.shape)}, not uint8 pictures (N, H, W)"
        raise InputError(what, path=where)
    return Part(x, y, where, tree.where(pair.labels))


def read_idx(tree: Tree, name: str) -> Array:
    """Return the array of an IDX file in native byte order.

    Raises
    ------
    InputError
        If it is no IDX file, is corrupt or has another length than it declares.
    RefusedError
        If that is over the byte budget or 100 times what is stored.
    """
    with unpacked(tree, name) as file:
        head = file.stream.read(4)
        if len(head) < 4 or head[:2] != b"\0\0" or head[2] not in _TYPES:
            raise InputError("is not an IDX file of whole numbers", path=file.where)
        if not 1 <= head[3] <= _MAX_AXES:
            raise InputError(f"has {head[3]} axes, not 1 to {_MAX_AXES}", path=file.where)
        lengths = file.stream.read(4 * head[3])
        shape = tuple(int.from_bytes(lengths[i : i + 4], "big") for i in range(0, len(lengths), 4))
        if len(shape) < head[3] or not prod(shape):
            raise InputError(f"holds no values ({times(shape)})", path=file.where)
        dtype = np.dtype(_TYPES[head[2]])
        size = prod(shape) * dtype.itemsize
        check_bytes(2 * size, f"{file.where} ({times(shape)})")
        file.check(size)
        values = np.empty(size, np.uint8)
        got = _fill(values, file.stream)
        if got < size or file.stream.read(1):
            what = f"{times(shape)} takes {size} bytes, the file has "
            has = str(got) if got < size else "more"
            raise InputError(f"corrupt or truncated: {what}{has}", path=file.where)
    array = values.view(dtype).reshape(shape)
    return array.astype(dtype.newbyteorder("="), copy=False)


def _fill(values: Array, stream: IO[bytes]) -> int:
    """Fill an array with what is left of a file, and return how many bytes there were."""
    got = 0
    while count := stream.readinto(values[got:].data):  # type: ignore[attr-defined]
        got += count
    return got


def _base(name: str) -> str:
    return name.rpartition("/")[2]
