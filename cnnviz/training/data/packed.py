"""A file that may be packed by gzip, read as if it were not, and never further than is sane."""

from __future__ import annotations

import contextlib
import zlib
from collections.abc import Iterator
from typing import IO, NamedTuple, cast

from cnnviz.errors import InputError, RefusedError
from cnnviz.training.data.tree import Tree

MAX_RATIO = 100
_SMALL = 2**20  # so little may be packed at any ratio
_GZIP = b"\x1f\x8b"


class Unpacked(NamedTuple):
    """A file to be read; what it makes of its bytes is held against `most`."""

    stream: IO[bytes]
    most: int
    where: str

    def check(self, count: int) -> None:
        """Refuse to go on to `count` bytes that have been, or are to be, read."""
        if count > self.most:
            raise RefusedError(f"unpacks to more than {MAX_RATIO} times its size", path=self.where)


@contextlib.contextmanager
def unpacked(tree: Tree, name: str) -> Iterator[Unpacked]:
    """Open a file of a tree, through gzip if its first bytes say so.

    Raises
    ------
    InputError
        If it cannot be read, or is corrupt.
    """
    size, where = tree.size(name), tree.where(name)
    with tree.open(name) as peek:
        is_packed = peek.read(2) == _GZIP
    with tree.open(name) as file:
        if not is_packed:
            yield Unpacked(file, size, where)
            return
        import gzip

        try:
            with gzip.GzipFile(fileobj=file) as stream:
                yield Unpacked(cast(IO[bytes], stream), max(MAX_RATIO * size, _SMALL), where)
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            reason = str(error).lower()[:100]
            raise InputError(f"corrupt or truncated .gz ({reason})", path=where) from error


def head(tree: Tree, name: str, count: int = 4096) -> bytes:
    """Return the first bytes of a file, unpacked; none of one that cannot be read."""
    with contextlib.suppress(InputError), unpacked(tree, name) as file:
        return file.stream.read(count)
    return b""
