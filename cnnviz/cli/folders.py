"""A result that is many files: one for each of its parts, and in a folder an index of them."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

from cnnviz.cli import stamp, streams
from cnnviz.cli.names import candidates
from cnnviz.cli.outputs import Slot, replace_own
from cnnviz.errors import OutputError
from cnnviz.files import is_temporary, write_file

if TYPE_CHECKING:
    from cnnviz.render import Look
    from cnnviz.report.result import Result

Files = Mapping[str, bytes]  # by their path


def encode(result: Result, slot: Slot, look: Look, *, quiet: bool = False) -> dict[str, bytes]:
    """Return the content of every file of a slot by its path; the index comes first."""
    from cnnviz import render

    files: dict[str, bytes] = {}
    parts = result.parts()
    if slot.is_folder:
        files[slot.extras[0]] = render.render(result, slot.format, look)
    for number, (name, part) in enumerate(parts, 1):
        if not quiet:
            streams.progress(f"{result.subject}: {number}/{len(parts)} {name}")
        files[slot.parts[name]] = render.render(part, slot.format, look)
    streams.progress("")
    if slot.is_folder:
        from cnnviz.render.listing import listing

        named = [(os.path.basename(slot.parts[name]), part) for name, part in parts]
        files[slot.extras[1]] = listing(result, os.path.basename(slot.extras[0]), named)
    return files


def write(slot: Slot, files: Files, run: str) -> list[str]:
    """Write the files of a slot and return their paths; `run` identifies the run.

    In a folder of our own the same run replaces its earlier files, and takes away those that it no
    longer makes; a different run takes the next free name.
    """
    if not slot.ours or slot.path is None:
        for path, data in files.items():
            write_file(path, data, overwrite=slot.overwrite)
        return list(files)
    index = os.path.basename(slot.extras[0])
    folder = _claim(slot.path, index, stamp.stamped(files[slot.extras[0]], run), run)
    placed = {os.path.join(folder, os.path.basename(path)): data for path, data in files.items()}
    for path, data in placed.items():
        if not replace_own(path, stamp.stamped(data, run), run):
            raise OutputError(f"{path} exists", path=path, hint="no run of cnnviz made it")
    for name in os.listdir(folder):
        path = os.path.join(folder, name)
        if path not in placed and not is_temporary(name) and stamp.read(path) == run:
            with contextlib.suppress(OSError):
                os.unlink(path)
    return list(placed)


def said(slot: Slot, paths: list[str]) -> str:
    """Return what was written, in a line: a folder, or files from the first to the last."""
    noun = "file" if len(paths) == 1 else "files"
    if slot.is_folder:
        return f"wrote {os.path.join(os.path.dirname(paths[0]), '')} ({len(paths)} {noun})"
    return f"wrote {paths[0]} ({len(paths)} {noun})"


def _claim(path: str, name: str, index: bytes, run: str) -> str:
    """Return the first folder of that name (or `-2`, `-3`, ...) that is this run's.

    It is of the run that was the first to put its index there: a folder without any file is what a
    run left that was stopped before.
    """
    for candidate in candidates(path):
        try:
            os.makedirs(os.path.dirname(candidate) or ".", exist_ok=True)
            with contextlib.suppress(FileExistsError):
                os.mkdir(candidate)
            if not os.path.lexists(candidate):  # what is in the way is a file for a folder above
                raise OutputError(f"cannot write {candidate}: not a directory")
            own = os.path.isdir(candidate) and not os.path.islink(candidate)
            if own and _is_ours(candidate, name, index, run):
                return candidate
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise OutputError(f"cannot write {candidate}: {reason.lower()}", path=path) from error
    raise AssertionError("names never run out")


def _is_ours(folder: str, name: str, index: bytes, run: str) -> bool:
    """Tell whether a folder is this run's, taking it if it is nobody's."""
    place = os.path.join(folder, name)
    if stamp.read(place) == run:
        return True
    if not all(is_temporary(other) for other in os.listdir(folder)):
        return False
    try:
        return replace_own(place, index, run)
    except BaseException:
        with contextlib.suppress(OSError):
            os.rmdir(folder)  # it is empty
        raise
