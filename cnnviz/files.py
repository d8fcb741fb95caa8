"""Files written whole or not at all, and the byte budget that guards every allocation."""

from __future__ import annotations

import contextlib
import os
import re
import stat
from collections.abc import Iterator
from contextvars import ContextVar
from typing import BinaryIO

from cnnviz.errors import OutputError, RefusedError

DEFAULT_BYTES = 8 * 2**30
MEMORY_HINT = "use a smaller image, --region, --resize or a higher --max-memory"
_budget: ContextVar[int] = ContextVar("cnnviz byte budget", default=DEFAULT_BYTES)
_cleared: set[str] = set()  # folders looked through by this process, once each
_STALE = re.compile(r"\.cnnviz-([0-9]+)-([0-9a-f]{8})-[0-9a-f]{8}\.tmp")
_FOREIGN_AGE = 24 * 3600  # seconds after which another machine's temporary is stale


def stem_of(path: str) -> str:
    """Return the name of a file without folders and suffix.

    >>> stem_of("photos/cat.old.png")
    'cat.old'
    """
    return os.path.splitext(os.path.basename(path))[0]


@contextlib.contextmanager
def byte_budget(count: int) -> Iterator[None]:
    """Hold all that is done in the block to `count` bytes at a time, in place of 8 GiB.

    The budget belongs to the thread (and to the asyncio task) that opened the block.

    >>> with byte_budget(1000):
    ...     check_bytes(2**20, "cat.png", hint="resize it")
    Traceback (most recent call last):
    cnnviz.errors.RefusedError: cat.png needs 1.0 MiB, more than the limit of 1000 bytes; resize it
    """
    before = _budget.set(count)
    try:
        yield
    finally:
        _budget.reset(before)


def check_bytes(
    count: int, what: str, *, limit: int | None = None, hint: str = MEMORY_HINT
) -> None:
    """Refuse an allocation of more than the byte budget before it is made.

    Parameters
    ----------
    count : int
        Bytes needed at the same time, with what is already held for the purpose.
    what : str
        What needs them, for the message.
    limit : int, optional
        A limit below the budget.

    Raises
    ------
    RefusedError
        With the two sizes, if `count` is over the budget or `limit`.
    """
    allowed = budget() if limit is None else min(limit, budget())
    if count > allowed:
        needs, most = in_units(count), in_units(allowed)
        if needs == most:
            needs, most = f"{count} bytes", f"{allowed} bytes"
        raise RefusedError(f"{what} needs {needs}, more than the limit of {most}", hint=hint)


def budget() -> int:
    """Return how many bytes this run may hold at a time."""
    return _budget.get()


def in_units(count: int) -> str:
    """Return a number of bytes for people.

    >>> in_units(512), in_units(3 * 2**29)
    ('512 bytes', '1.5 GiB')
    """
    for power, unit in ((2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB")):
        if count >= power:
            return f"{count / power:.1f} {unit}"
    return f"{count} bytes"


def write_file(path: str | os.PathLike[str], data: bytes, *, overwrite: bool = False) -> None:
    """Write `data` to `path` in one step: readers see the old file or the whole new one.

    Raises
    ------
    OutputError
        If the target exists (without `overwrite`), is a symlink or cannot be written; the old
        file is then intact and nothing is left behind.
    """
    with open_atomic(path, overwrite=overwrite) as file:
        file.write(data)


@contextlib.contextmanager
def open_atomic(path: str | os.PathLike[str], *, overwrite: bool = False) -> Iterator[BinaryIO]:
    """Yield a file that becomes `path` when the block ends without an exception.

    A temporary file in the same folder is written, synced and then linked (which fails if another
    run was first) or, with `overwrite`, renamed.
    """
    target = os.fspath(path)
    check_target(target, overwrite=overwrite)
    folder = os.path.dirname(target) or "."
    temporary: str | None = None
    try:
        os.makedirs(folder, exist_ok=True)
        if (real := os.path.realpath(folder)) not in _cleared:
            clear_stale(real)
            _cleared.add(real)
        temporary = os.path.join(folder, _temporary_name())
        with open(temporary, "xb") as file:
            if overwrite:
                _keep_mode(target, file)
            yield file
            file.flush()
            os.fsync(file.fileno())
        if overwrite:
            os.replace(temporary, target)
        else:
            _publish(temporary, target)
    except OSError as error:
        raise _refusal(target, error) from error
    finally:
        if temporary is not None:
            with contextlib.suppress(OSError):
                os.unlink(temporary)


def check_target(path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
    """Refuse a target that exists, is a folder or is a symlink, before any work is done for it."""
    try:
        mode = os.lstat(path).st_mode
    except FileNotFoundError:
        return
    except (OSError, ValueError) as error:
        raise OutputError(f"cannot write {path}: {_reason(error)}", path=str(path)) from error
    if stat.S_ISLNK(mode):
        raise OutputError(f"{path} is a symlink", path=str(path), hint="name the real file")
    if not stat.S_ISREG(mode):
        raise OutputError(f"{path} is not a regular file", path=str(path), hint="name a file")
    if not overwrite:
        raise OutputError(f"{path} exists", path=str(path), hint="use --overwrite or another name")


def check_writable(folder: str) -> None:
    """Refuse a folder in which no file can be made, or that cannot be made, before any work.

    Raises
    ------
    OutputError
    """
    place = os.path.abspath(folder)
    while not os.path.lexists(place):
        place = os.path.dirname(place)
    probe = os.path.join(place, _temporary_name())
    try:
        with open(probe, "xb"):
            pass
    except OSError as error:
        raise _refusal(folder, error) from error
    finally:
        with contextlib.suppress(OSError):
            os.unlink(probe)


def clear_stale(folder: str) -> None:
    """Remove temporary files that a killed run left in `folder`.

    A folder may be shared by machines, whose processes cannot be asked after: their files go when
    they are a day old.
    """
    for name in os.listdir(folder):
        if match := _STALE.fullmatch(name):
            path = os.path.join(folder, name)
            with contextlib.suppress(OSError):
                here = match[2] == _machine()
                if not _alive(int(match[1])) if here else _age(path) > _FOREIGN_AGE:
                    os.unlink(path)


def is_temporary(name: str) -> bool:
    """Tell whether a file of that name is one that a run was writing."""
    return _STALE.fullmatch(name) is not None


def _publish(temporary: str, target: str) -> None:
    """Give `temporary` its final name unless that name has appeared meanwhile."""
    try:
        os.link(temporary, target)
    except FileExistsError:
        raise
    except OSError:
        # No hard links on this filesystem: reserve the name exclusively, then rename over it.
        os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
        try:
            os.replace(temporary, target)
        except BaseException:
            os.unlink(target)  # the empty file that holds the name
            raise


def _refusal(target: str, error: OSError) -> OutputError:
    if isinstance(error, FileExistsError) and error.filename != os.path.dirname(target):
        return OutputError(f"{target} exists", path=target, hint="use --overwrite or another name")
    return OutputError(f"cannot write {target}: {_reason(error)}", path=target)


def _reason(error: OSError | ValueError) -> str:
    reason = error.strerror if isinstance(error, OSError) else None
    return (reason or str(error)).lower()


def _keep_mode(target: str, file: BinaryIO) -> None:
    """Give a file the permissions of the one that it replaces: what was private stays so."""
    with contextlib.suppress(OSError, AttributeError):  # there is none, or Windows
        os.fchmod(file.fileno(), stat.S_IMODE(os.stat(target).st_mode))


def _temporary_name() -> str:
    return f".cnnviz-{os.getpid()}-{_machine()}-{os.urandom(4).hex()}.tmp"


def _machine() -> str:
    """Return what tells machines, and containers on one, apart: who shares our process numbers."""
    import zlib

    name = os.uname().nodename if hasattr(os, "uname") else os.environ.get("COMPUTERNAME", "")
    with contextlib.suppress(OSError):
        name += str(os.stat("/proc/self/ns/pid").st_ino)
    return f"{zlib.crc32(name.encode()):08x}"


def _age(path: str) -> float:
    import time

    return time.time() - os.stat(path).st_mtime


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True
