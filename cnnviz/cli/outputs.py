"""Where results go: every target is named and checked before any work is done for it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from types import MappingProxyType
from typing import BinaryIO, NamedTuple

from cnnviz.cli import stamp, streams
from cnnviz.cli.names import candidates, clip, distinct, slug
from cnnviz.cli.types import Target
from cnnviz.errors import OutputError, SpecError
from cnnviz.files import check_target, open_atomic, stem_of, write_file

FOLDER = "cnnviz-out"
OVERVIEW, PAGE = "000-index", "index.html"  # of a folder: the picture of all, and what lists them
CHUNK = 1 << 20  # bytes that stdout gets at a time
_NONE: Mapping[str, str] = MappingProxyType({})


class Slot(NamedTuple):
    """One file (or stdout, where `path` is None) that one input's result is to become.

    `ours` marks a name that cnnviz chose in its own folder: the same run replaces its earlier
    file there, a different run takes the next free name.

    Where a result has parts, the slot may be a file for each: `parts` has their paths, and `path`
    is the folder that they share with `OVERVIEW` and `PAGE`, or the pattern that was given.
    """

    path: str | None
    format: str
    overwrite: bool = False
    ours: bool = False
    parts: Mapping[str, str] = _NONE
    is_folder: bool = False

    @property
    def paths(self) -> list[str]:
        """All files that may be written."""
        if self.path is None or not self.parts:
            return [] if self.path is None else [self.path]
        return [*self.parts.values(), *(self.extras if self.is_folder else ())]

    @property
    def extras(self) -> tuple[str, str]:
        """In a folder, the paths of the picture of all and of the page that lists the others."""
        assert self.path is not None
        return os.path.join(self.path, f"{OVERVIEW}.{self.format}"), os.path.join(self.path, PAGE)


def plan(
    targets: Sequence[Target],
    sources: Sequence[str],
    label: str,
    *,
    formats: Sequence[str],
    overwrite: bool = False,
    as_json: bool = False,
    inputs: Iterable[str] = (),
    parts: Mapping[str, str] = _NONE,
) -> list[list[Slot]]:
    """Return the slots of each source, none of which can fail for a reason known beforehand.

    Parameters
    ----------
    sources : sequence of str
        The images, as they were given.
    label : str
        Command and settings, for names that cnnviz chooses.
    formats : sequence of str
        What this command writes; the first is the default.
    inputs : iterable of str
        All files that are read, which are never written.
    parts : mapping
        Names of files by the parts of a result that have a file each, where it has parts: in a
        folder, or where a target has `{layer}` in its name.

    Raises
    ------
    SpecError
        If the targets do not fit the command, its other options or the number of sources.
    OutputError
        If a target exists (without `overwrite`), is an input or is no regular file.
    """
    for target in targets:
        _check(target, formats, len(sources), as_json)
    if sum(target.kind == "stdout" for target in targets) > 1:
        raise SpecError("-o - is given twice", hint="stdout takes one format")
    stems = distinct([slug(_stem(source)) for source in sources])
    default = formats[0]
    if not targets:
        if parts:
            folders = [_folder(FOLDER, stem, label, default, parts) for stem in stems]
            return [[folder._replace(ours=True)] for folder in folders]
        names = [_in(FOLDER, stem, label, default) for stem in stems]
        return [[Slot(name, default, ours=True)] for name in names]
    plans = [[_slot(t, stem, label, default, overwrite, parts) for t in targets] for stem in stems]
    paths = [path for slot in chain(*plans) for path in slot.paths]
    check_paths(paths, overwrite, [path for path in inputs if path != "-"])
    return plans


def write(slot: Slot, data: bytes, run: str = "") -> str | None:
    """Write `data` and return the path that it got, None for stdout; `run` identifies the run."""
    if slot.path is None:
        streams.emit_bytes(data)
        return None
    if slot.ours:
        return _write_ours(slot.path, stamp.stamped(data, run), run)
    write_file(slot.path, data, overwrite=slot.overwrite)
    return slot.path


def stream(slot: Slot, writer: Callable[[BinaryIO], None]) -> str | None:
    """Let `writer` write the file of a slot that the user named; return as `write` does."""
    if slot.path is None:
        import tempfile

        with tempfile.TemporaryFile() as content:  # whole before any of it is seen, as a file is
            writer(content)
            content.seek(0)
            while chunk := content.read(CHUNK):
                streams.emit_bytes(chunk)
        return None
    with open_atomic(slot.path, overwrite=slot.overwrite) as file:
        writer(file)
    return slot.path


def replace_own(path: str, data: bytes, run: str) -> bool:
    """Write a file that is new or of the same run; return False if another's is in the way."""
    for _ in range(2):  # the same run, started twice, may make it between the look and the writing
        same = stamp.read(path) == run
        try:
            write_file(path, data, overwrite=same)
        except OutputError:
            if same or not os.path.lexists(path):
                raise
        else:
            return True
    return False


def check_paths(paths: Sequence[str], overwrite: bool, inputs: Sequence[str]) -> None:
    """Refuse a target that exists (without `overwrite`), is named twice or is an input."""
    seen = set()
    for path in paths:
        key = os.path.realpath(path)
        if key in seen:
            raise SpecError(f"two outputs are named {path}")
        seen.add(key)
        if any(_same(path, source) for source in inputs):
            raise OutputError(
                f"{path} is an input, which is never overwritten",
                path=path,
                hint="use another name",
            )
        check_target(path, overwrite=overwrite)


def _check(target: Target, formats: Sequence[str], sources: int, as_json: bool) -> None:
    if target.format is not None and target.format not in formats:
        raise SpecError(f"no output format {target.format!r}", hint=f"use {', '.join(formats)}")
    if target.kind == "stdout" and as_json:
        raise SpecError("-o - and --json both want stdout", hint="name a file")
    if sources > 1 and target.kind == "stdout":
        raise SpecError(f"-o - takes one image, not {sources}", hint="use -o DIR/")
    if sources > 1 and target.kind == "file" and "{stem}" not in target.path:
        raise SpecError(
            f"-o {target.path} is one file for {sources} images",
            hint="use -o DIR/ or a name with {stem}",
        )


def _slot(
    target: Target,
    stem: str,
    label: str,
    default: str,
    overwrite: bool,
    parts: Mapping[str, str],
) -> Slot:
    form = target.format or default
    if target.kind == "stdout":
        return Slot(None, form)
    if target.kind == "folder" and parts:
        return _folder(target.path, stem, label, form, parts)._replace(overwrite=overwrite)
    if target.kind == "folder":
        return Slot(_in(target.path, stem, label, form), form, overwrite)
    path = target.path.replace("{stem}", stem)
    each = parts if "{layer}" in path else {}
    return Slot(
        path, form, overwrite, parts={k: path.replace("{layer}", v) for k, v in each.items()}
    )


def _folder(folder: str, stem: str, label: str, form: str, parts: Mapping[str, str]) -> Slot:
    path = os.path.join(folder, clip(f"{stem}-{label}", ""))
    files = {k: os.path.join(path, clip(name, f".{form}")) for k, name in parts.items()}
    return Slot(path, form, parts=files, is_folder=True)


def _in(folder: str, stem: str, label: str, suffix: str) -> str:
    return os.path.join(folder, clip(f"{stem}-{label}", f".{suffix}"))


def _write_ours(path: str, data: bytes, run: str) -> str:
    for candidate in candidates(*os.path.splitext(path)):
        if replace_own(candidate, data, run):
            return candidate
    raise AssertionError("names never run out")


def _same(path: str, source: str) -> bool:
    try:
        return os.path.samefile(path, source)
    except (OSError, ValueError):
        return False


def _stem(source: str) -> str:
    return "stdin" if source == "-" else stem_of(source)
