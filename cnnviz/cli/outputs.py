"""Where results go: every target is named and checked before any work is done for it."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, count
from typing import BinaryIO, NamedTuple

from cnnviz.cli import stamp, streams
from cnnviz.cli.names import clip, distinct, slug
from cnnviz.cli.types import Target
from cnnviz.errors import OutputError, SpecError
from cnnviz.files import check_target, open_atomic, stem_of, write_file

FOLDER = "cnnviz-out"


class Slot(NamedTuple):
    """One file (or stdout, where `path` is None) that one input's result is to become.

    `ours` marks a name that cnnviz chose in its own folder: the same run replaces its earlier
    file there, a different run takes the next free name.
    """

    path: str | None
    format: str
    overwrite: bool = False
    ours: bool = False


def plan(
    targets: Sequence[Target],
    sources: Sequence[str],
    label: str,
    *,
    formats: Sequence[str],
    overwrite: bool = False,
    as_json: bool = False,
    inputs: Iterable[str] = (),
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
        names = [_in(FOLDER, stem, label, default) for stem in stems]
        return [[Slot(name, default, ours=True)] for name in names]
    plans = [[_slot(t, stem, label, default, overwrite) for t in targets] for stem in stems]
    paths = [slot.path for slot in chain(*plans) if slot.path is not None]
    _check_paths(paths, overwrite, [path for path in inputs if path != "-"])
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
        content = io.BytesIO()
        writer(content)
        streams.emit_bytes(content.getvalue())
        return None
    with open_atomic(slot.path, overwrite=slot.overwrite) as file:
        writer(file)
    return slot.path


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


def _slot(target: Target, stem: str, label: str, default: str, overwrite: bool) -> Slot:
    form = target.format or default
    if target.kind == "stdout":
        return Slot(None, form)
    if target.kind == "folder":
        return Slot(_in(target.path, stem, label, form), form, overwrite)
    return Slot(target.path.replace("{stem}", stem), form, overwrite)


def _in(folder: str, stem: str, label: str, suffix: str) -> str:
    return os.path.join(folder, clip(f"{stem}-{label}", f".{suffix}"))


def _check_paths(paths: Sequence[str], overwrite: bool, inputs: Sequence[str]) -> None:
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


def _write_ours(path: str, data: bytes, run: str) -> str:
    for candidate in _candidates(path):
        same = stamp.read(candidate) == run
        try:
            write_file(candidate, data, overwrite=same)
        except OutputError:
            if same or not os.path.lexists(candidate):
                raise
        else:
            return candidate
    raise AssertionError("names never run out")


def _candidates(path: str) -> Iterator[str]:
    yield path
    folder, name = os.path.split(path)
    stem, suffix = os.path.splitext(name)
    for number in count(2):
        yield os.path.join(folder, clip(stem, f"-{number}{suffix}"))


def _same(path: str, source: str) -> bool:
    try:
        return os.path.samefile(path, source)
    except (OSError, ValueError):
        return False


def _stem(source: str) -> str:
    return "stdin" if source == "-" else stem_of(source)
