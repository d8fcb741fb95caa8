"""The way of a command that prints a table: on stdout, and in files where -o names them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import click

from cnnviz.cli import names, outputs, streams
from cnnviz.cli.types import Target
from cnnviz.render.terminal import has_colour, width

FILE_WIDTH = 120


def put(
    name: str,
    text: Callable[[int, bool], str],
    data: dict[str, Any],
    formats: Mapping[str, Callable[[], str]],
    *,
    targets: Sequence[Target],
    overwrite: bool,
    as_json: bool,
    quiet: bool,
    no_color: bool,
    inputs: Sequence[str] = (),
) -> int:
    """Print a result (as `data` with `--json`) and write it in every format that -o asks for.

    Parameters
    ----------
    name : str
        What the result is about, for files that are named here.
    text : callable
        Takes a width and whether to colour, returns the table.
    formats : mapping
        By suffix, what returns the content of a file; `txt` comes first by itself.
    """
    writers = {"txt": lambda: text(FILE_WIDTH, False), **formats}
    label = names.label(click.get_current_context())
    slots = (
        outputs.plan(
            targets,
            [name],
            label,
            formats=tuple(writers),
            overwrite=overwrite,
            as_json=as_json,
            inputs=inputs,
        )[0]
        if targets
        else []
    )
    made = [(slot, writers[slot.format]().encode("utf-8", "backslashreplace")) for slot in slots]
    paths = [outputs.write(slot, content) for slot, content in made]
    if as_json:
        streams.emit_json(data)
    elif None not in paths and not quiet:
        coloured = has_colour(sys.stdout, no_color=no_color)
        streams.emit(text(width(sys.stdout), coloured).rstrip("\n"))
    for path in paths:
        if path is not None and not quiet:
            streams.say(f"wrote {path}")
    return 0
