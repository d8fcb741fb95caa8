"""The way of a command that prints a table: on stdout, and in files where -o names them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, BinaryIO, TextIO

import click

from cnnviz.cli import names, outputs, stamp, streams
from cnnviz.cli.types import Target

if TYPE_CHECKING:
    from cnnviz.render import Look
    from cnnviz.report.report import Report
    from cnnviz.report.result import Result

FILE_WIDTH = 120
Text = Callable[[int, bool], str]


def put(
    name: str,
    text: Text,
    data: dict[str, Any],
    formats: Mapping[str, Callable[[], str | bytes]],
    *,
    targets: Sequence[Target],
    overwrite: bool,
    as_json: bool,
    quiet: bool,
    no_color: bool,
    inputs: Sequence[str] = (),
    pictures: Mapping[str, Callable[[], bytes]] | None = None,
    streamed: Mapping[str, Callable[[BinaryIO], None]] | None = None,
    draw: Callable[[TextIO], str | None] | None = None,
    encoded: Callable[[], object] | None = None,
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
    pictures : mapping, optional
        By suffix, what draws the result; where there is any, the first is written without -o too.
    streamed : mapping, optional
        By suffix, what writes a file that is too large to be held as a whole.
    draw : callable, optional
        Takes a stream, returns a picture for the terminal behind it, or None.
    encoded : callable, optional
        Called before anything is written.
    """
    texts = {"txt": lambda: text(FILE_WIDTH, False), **formats}
    writers: dict[str, Callable[[], str | bytes]] = {**(pictures or {}), **texts}
    context = click.get_current_context()
    label = names.label(context)
    slots = (
        outputs.plan(
            targets,
            [name],
            label,
            formats=(*writers, *(streamed or {})),
            overwrite=overwrite,
            as_json=as_json,
            inputs=inputs,
        )[0]
        if targets or pictures
        else []
    )
    large = streamed or {}
    made = [(slot, _encoded(writers[slot.format]())) for slot in slots if slot.format in writers]
    if encoded is not None:
        encoded()
    run = stamp.fingerprint(context, name) if pictures else ""
    paths = [outputs.write(slot, content, run) for slot, content in made]
    paths += [outputs.stream(s, large[s.format]) for s in slots if s.format not in writers]
    if as_json:
        written = {"outputs": [path for path in paths if path]} if pictures else {}
        streams.emit_json(data | written)
    elif None not in paths and not quiet:
        streams.emit_table(text, no_color=no_color)
    if draw is not None:
        _draw(draw, aside=as_json or None in paths, alone=quiet)
    for path in paths:
        if path is not None and not quiet:
            streams.say(f"wrote {path}")
    return 0


def put_report(
    report: Report,
    text: Text,
    *,
    name: str | None = None,
    figure: Callable[[], Result] | None = None,
    look: Mapping[str, Any] | None = None,
    **options: Any,
) -> int:
    """Print a report and write it in any format of `report.writers`; `options` are those of `put`.

    Parameters
    ----------
    name : str, optional
        What its files are called, instead of its own name.
    figure : callable, optional
        Returns what a picture of it shows, for -o with a picture's suffix.
    look : mapping, optional
        Options of the picture.
    """
    from cnnviz.report import writers

    formats: dict[str, Callable[[], str | bytes]] = {
        form: partial(writers.write, report, form) for form in writers.formats()
    }
    if figure is not None and options["targets"]:
        from cnnviz import render

        how = render.Look(**look or {})
        for form in render.formats():
            formats[form] = partial(_pictured, figure, form, how)
    return put(name or report.name, text, report.to_dict(), formats, **options)


def _pictured(figure: Callable[[], Result], format: str, look: Look) -> bytes:
    from cnnviz import render

    return render.render(figure(), format, look)


def _draw(draw: Callable[[TextIO], str | None], *, aside: bool, alone: bool) -> None:
    """Draw on stdout, a line below the table, or on stderr where stdout holds the data."""
    drawn = draw(sys.stderr if aside else sys.stdout)
    if drawn is not None:
        (streams.note if aside else streams.emit)(drawn if alone or aside else f"\n{drawn}")


def _encoded(content: str | bytes) -> bytes:
    return content if isinstance(content, bytes) else content.encode("utf-8", "backslashreplace")
