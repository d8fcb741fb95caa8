"""Where an image's bytes come from: a path, standard input, bytes or an open file."""

from __future__ import annotations

import io
import os
import sys
from typing import BinaryIO, NamedTuple

from cnnviz.errors import InputError, RefusedError
from cnnviz.files import budget, check_bytes, in_units

ImageSource = str | os.PathLike[str] | bytes | BinaryIO

_HEAD = 64
_CHUNK = 1 << 20
_HINT = "use a smaller file or a higher --max-memory"


class Source(NamedTuple):
    """A seekable file at its start, its first bytes, and what to call it."""

    path: str
    name: str
    file: BinaryIO
    head: bytes

    @property
    def suffix(self) -> str:
        """The name's suffix in lower case, `.png`."""
        return os.path.splitext(self.name)[1].lower()

    def read(self) -> bytes:
        """Return the whole file, its length held against the byte budget."""
        try:
            size = self.file.seek(0, os.SEEK_END)
            check_bytes(size, self.path, hint=_HINT)
            self.file.seek(0)
            return self.file.read(size)
        except OSError as error:
            raise _unreadable(self.path, error) from error


def open_source(source: ImageSource) -> Source:
    """Open `source` and look at its head; the caller closes `file`.

    Raises
    ------
    InputError
        If it is missing, a folder, unreadable or empty.
    RefusedError
        If what cannot be sought in (standard input, a pipe) is longer than the byte budget.
    """
    path, name = _names(source)
    try:
        file = _open(source, path)
        try:
            head = file.read(_HEAD)
            if not head:
                raise InputError(f"{path}: the file is empty", path=path)
            file.seek(0)
        except BaseException:
            file.close()
            raise
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from error
    return Source(path, name, file, head)


def _names(source: ImageSource) -> tuple[str, str]:
    if isinstance(source, bytes):
        return "<bytes>", "bytes"
    if isinstance(source, str | os.PathLike):
        path = os.fspath(source)
    else:
        name = getattr(source, "name", None)
        path = name if isinstance(name, str) else "<file>"
    if path == "-":
        return path, "stdin"
    return path, os.path.basename(path).strip("<>") or path


def _open(source: ImageSource, path: str) -> BinaryIO:
    if isinstance(source, bytes):
        return io.BytesIO(source)
    if not isinstance(source, str | os.PathLike):
        return _buffered(source, path)
    if path == "-":
        if sys.stdin is None:
            raise InputError("-: there is no standard input", path=path)
        return _buffered(sys.stdin.buffer, path)
    file = open(path, "rb")  # noqa: SIM115 - closed by the caller of open_source
    if file.seekable():
        return file
    with file:
        return _buffered(file, path)


def _buffered(stream: BinaryIO, path: str) -> BinaryIO:
    """Return what is left in `stream` as a file of our own."""
    copy, most = io.BytesIO(), budget()
    while chunk := stream.read(_CHUNK):
        if copy.tell() + len(chunk) > most:
            raise RefusedError(
                f"{path}: more than {in_units(most)} of input", path=path, hint=_HINT
            )
        copy.write(chunk)
    copy.seek(0)
    return copy


def _unreadable(path: str, error: OSError | ValueError) -> InputError:
    if isinstance(error, FileNotFoundError):
        return InputError(f"{path}: no such file", path=path)
    if isinstance(error, IsADirectoryError):
        return InputError(f"{path}: is a folder, not an image", path=path)
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return InputError(f"{path}: cannot be read ({reason.lower()})", path=path)
