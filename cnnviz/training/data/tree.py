"""Where a data set's files lie: a folder, a zip file, or one file by itself."""

from __future__ import annotations

import contextlib
import os
import re
import stat
import weakref
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import IO

from cnnviz.arrays.contents import shown
from cnnviz.arrays.zips import open_zip
from cnnviz.errors import InputError, RefusedError
from cnnviz.files import check_bytes

_MAX_DEPTH = 16  # folders in folders
_IDX = "ubyte"  # in the names of MNIST's files
_JUNK = ("__macosx", "thumbs.db", "desktop.ini")  # what systems leave behind, in lower case


class Tree(ABC):
    """Files by name, read one at a time.

    Attributes
    ----------
    path : str
        The folder or file, as it was given.
    files : tuple of str
        Names relative to it with `/` between folders, sorted; hidden files and the like left out.
    folders : tuple of str
        The same of its folders, empty ones too.
    """

    path: str
    files: tuple[str, ...]
    folders: tuple[str, ...]

    def __init__(self, path: str) -> None:
        self.path = path

    @abstractmethod
    def size(self, name: str) -> int:
        """Return the bytes of a file."""

    @abstractmethod
    def open(self, name: str) -> contextlib.AbstractContextManager[IO[bytes]]:
        """Open a file to be read; a fault is an `InputError` that names it."""

    @abstractmethod
    def where(self, name: str) -> str:
        """Return what messages call a file."""

    def read(self, name: str) -> bytes:
        """Return the content of a file, its size held against the byte budget."""
        size = self.size(name)
        check_bytes(size, self.where(name))
        with self.open(name) as file:
            return file.read(size)

    def close(self) -> None:  # noqa: B027 - a folder has nothing open
        """Let go of what is open."""


class Folder(Tree):
    """Files of the machine: those in a folder, or the ones that are given."""

    def __init__(
        self, path: str, root: str, files: tuple[str, ...], folders: tuple[str, ...] = ()
    ) -> None:
        super().__init__(path)
        self._root, self.files, self.folders = root, files, folders

    def size(self, name: str) -> int:
        """See `Tree`."""
        try:
            return os.stat(os.path.join(self._root, name)).st_size
        except (OSError, ValueError) as error:
            raise _unreadable(self.where(name), error) from error

    @contextlib.contextmanager
    def open(self, name: str) -> Iterator[IO[bytes]]:
        """See `Tree`."""
        try:
            path = os.path.join(self._root, name)
            if not stat.S_ISREG(os.stat(path).st_mode):  # opening a pipe would wait
                raise InputError("is not a regular file", path=self.where(name))
            file = open(path, "rb")  # noqa: SIM115 - just below
        except (OSError, ValueError) as error:
            raise _unreadable(self.where(name), error) from error
        with file:
            try:
                yield file
            except OSError as error:
                raise _unreadable(self.where(name), error) from error

    def where(self, name: str) -> str:
        """See `Tree`."""
        return os.path.join(self._root, name)


class Zipped(Tree):
    """The members of a zip file, which stays open and is not unpacked."""

    def __init__(self, path: str, max_files: int) -> None:
        super().__init__(path)
        file = open(path, "rb")  # noqa: SIM115 - closed with the tree
        self.close = weakref.finalize(self, file.close)  # type: ignore[method-assign]
        self._zip = open_zip(file, path, max_members=max_files)
        names = [name for name in self._zip.members if not _is_junk(name)]
        self.files = tuple(sorted(name for name in names if name[-1:] != "/"))
        parents = {name.rpartition("/")[0] for name in names} - {""}
        self.folders = tuple(sorted(parents | {up for p in parents for up in _above(p)}))

    def size(self, name: str) -> int:
        """See `Tree`."""
        return self._zip.members[name].file_size

    def open(self, name: str) -> contextlib.AbstractContextManager[IO[bytes]]:
        """See `Tree`."""
        return self._zip.open(name, self.where(name))

    def where(self, name: str) -> str:
        """See `Tree`."""
        return f"{self.path}:{shown(name)}"


def open_tree(path: str, max_files: int) -> Tree:
    """Return the files at `path`: a folder, a zip file, a file, or the beginning of file names.

    Raises
    ------
    InputError
        If there is nothing, or it cannot be read.
    RefusedError
        If there are more than `max_files`, or a zip file is hostile.
    """
    try:
        mode = os.stat(path).st_mode
        if stat.S_ISDIR(mode):
            return _listed(path, max_files)
        if not stat.S_ISREG(mode):
            raise InputError("is neither a folder nor a regular file", path=path)
        with open(path, "rb") as file:
            head = file.read(4)
        if head in (b"PK\x03\x04", b"PK\x05\x06"):
            return Zipped(path, max_files)
        root, name = os.path.split(path)
        start = os.path.join(root, re.split("images|labels", name)[0])
        beside = _idx_beginning_with(start) if _IDX in name else None
        return beside or Folder(path, root, (name,))
    except FileNotFoundError as error:
        if found := _idx_beginning_with(path):
            return found
        raise InputError("no such file or folder", path=path) from error
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from error


def _idx_beginning_with(path: str) -> Tree | None:
    """Return the IDX files whose names begin with `path`: images and labels are two files."""
    root, start = os.path.split(path)
    with contextlib.suppress(OSError, ValueError):
        entries = sorted(e.name for e in os.scandir(root or ".") if e.is_file())
        if files := tuple(n for n in entries if n.startswith(start) and _IDX in n):
            return Folder(path, root, files)
    return None


def _listed(root: str, max_files: int) -> Folder:
    files: list[str] = []
    folders: list[str] = []

    def walk(inside: str, above: tuple[tuple[int, int], ...]) -> None:
        here = os.stat(os.path.join(root, inside))
        if (here.st_dev, here.st_ino) in above:
            return  # a link to a folder that it is in
        if len(above) > _MAX_DEPTH:
            raise RefusedError(f"has folders more than {_MAX_DEPTH} deep", path=root)
        with os.scandir(os.path.join(root, inside)) as entries:
            for entry in entries:
                name = f"{inside}{entry.name}"
                if _is_junk(entry.name):
                    continue
                if entry.is_dir():
                    folders.append(name)
                    walk(f"{name}/", (*above, (here.st_dev, here.st_ino)))
                else:
                    files.append(name)  # a pipe too, which is a fault when its turn comes
                if len(files) + len(folders) > max_files:
                    raise RefusedError(f"holds more than {max_files} files", path=root)

    walk("", ())
    return Folder(root, root, tuple(sorted(files)), tuple(sorted(folders)))


def _is_junk(name: str) -> bool:
    return any(p[:1] == "." or p.lower() in _JUNK for p in name.rstrip("/").split("/"))


def _above(folder: str) -> Iterator[str]:
    while "/" in folder:
        folder = folder.rpartition("/")[0]
        yield folder


def _unreadable(path: str, error: OSError | ValueError) -> InputError:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return InputError(f"cannot be read: {reason.lower()}", path=path)
