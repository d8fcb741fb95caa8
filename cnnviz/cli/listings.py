"""The way of a command that makes one table of many images, and a picture of each where asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import click

from cnnviz.cli import clock, outputs, several, streams
from cnnviz.cli.names import label as label_of
from cnnviz.cli.tables import FILE_WIDTH
from cnnviz.cli.types import Target
from cnnviz.errors import SpecError
from cnnviz.report import writers

if TYPE_CHECKING:
    from cnnviz.images import Image
    from cnnviz.report.report import Report
    from cnnviz.report.result import Result

R = TypeVar("R", bound="Result")


@dataclass(frozen=True)
class Listing(Generic[R]):
    """What a command makes of images.

    Parameters
    ----------
    name : str
        What the table is about, for a file that is named here.
    work : callable
        Takes an image, returns its result.
    lightened : callable
        Takes a result that has been drawn, returns what the table needs of it.
    report : callable
        Takes all results, returns their table.
    text : callable
        Takes all results, a width and whether to colour; returns the table to print.
    key : str
        What JSON calls the rows.
    facts : mapping
        What JSON has beside them.
    """

    name: str
    work: Callable[[Image], R]
    lightened: Callable[[R], R]
    report: Callable[[Sequence[R]], Report]
    text: Callable[[Sequence[R], int, bool], str]
    key: str
    facts: Mapping[str, Any]


def make(
    listing: Listing[R],
    images: Sequence[str],
    *,
    reading: dict[str, Any],
    look: dict[str, Any],
    targets: Sequence[Target],
    overwrite: bool,
    as_json: bool,
    quiet: bool,
    no_color: bool,
    inputs: Sequence[str] = (),
) -> int:
    """Do every image, print the table and write what -o asks for; return the exit code.

    One image that fails is an error; of several, the others are done and the exit code is 3, or
    the first error's if none is left.
    """
    from cnnviz.images import load_image

    several.check(images)
    pictures, tables = _plan(listing.name, images, targets, overwrite, as_json, [*images, *inputs])
    done: list[R] = []
    paths: list[str | None] = []

    def do(place: int, path: str) -> None:
        with clock.timed(path):
            result = listing.work(load_image(path, **reading))
            made = [(slot, _picture(result, slot.format, look)) for slot in pictures[place]]
        paths.extend(outputs.write(slot, content) for slot, content in made)
        done.append(listing.lightened(result))

    failures = several.each(images, do, quiet=quiet)
    rows = [row for one in done for row in one.to_dicts()]
    data = {listing.key: rows, **listing.facts, "failures": failures}
    if done:
        made = [(slot, _table(listing, done, data, slot.format)) for slot in tables]
        paths += [outputs.write(slot, content) for slot, content in made]
    names = list(filter(None, paths))
    if as_json:
        streams.emit_json(data | {"outputs": names})
    elif done and None not in paths and not quiet:
        streams.emit_table(partial(listing.text, done), no_color=no_color)
    for name in names if not quiet else ():
        streams.say(f"wrote {name}")
    return several.exit_code(failures, len(images))


def _plan(
    name: str,
    images: Sequence[str],
    targets: Sequence[Target],
    overwrite: bool,
    as_json: bool,
    inputs: Sequence[str],
) -> tuple[list[list[outputs.Slot]], list[outputs.Slot]]:
    """Return the slots of each image's pictures, and of the table of all.

    A folder is for pictures, which are named there by their images; `-` alone is the table.
    """
    from cnnviz import render

    label = label_of(click.get_current_context())
    drawn, written = render.formats(), ("txt", *writers.formats())
    of_pictures = [t for t in targets if t.format in drawn or t.kind == "folder"]
    of_tables = [t for t in targets if t not in of_pictures]
    if sum(target.kind == "stdout" for target in targets) > 1:
        raise SpecError("-o - is given twice", hint="stdout takes one format")
    for target in of_tables:
        if target.format not in (None, *written):
            known = ", ".join((*written, *drawn))
            raise SpecError(f"no output format {target.format!r}", hint=f"use {known}")
    shared: dict[str, Any] = {"overwrite": overwrite, "as_json": as_json, "inputs": inputs}
    pictures: list[list[outputs.Slot]] = [[] for _ in images]
    if of_pictures:
        pictures = outputs.plan(of_pictures, images, label, formats=drawn, **shared)
    if not of_tables:
        return pictures, []
    return pictures, outputs.plan(of_tables, [name], label, formats=written, **shared)[0]


def _picture(result: Result, format: str, look: dict[str, Any]) -> bytes:
    from cnnviz import render

    return render.render(result, format, render.Look(**look))


def _table(listing: Listing[R], done: Sequence[R], data: dict[str, Any], format: str) -> bytes:
    if format == "txt":
        content = listing.text(done, FILE_WIDTH, False)
    elif format == "json":
        import json

        content = json.dumps(data, indent=2, allow_nan=False) + "\n"
    else:
        content = writers.write(listing.report(done), format)
    return content.encode("utf-8", "backslashreplace")
