"""The way of a command that turns images into pictures: read, work, encode, write, report."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from cnnviz.cli import clock, folders, names, outputs, several, showing, stamp, streams
from cnnviz.cli.types import Target
from cnnviz.render.terminal import escape, has_colour, width

if TYPE_CHECKING:
    from cnnviz.images import Image
    from cnnviz.render import Look
    from cnnviz.report.result import Result

Content = Any  # of a file: bytes, or a function that writes them, `Writer` of the report
Text = Callable[[Any, int, bool], str]  # of what the work returns


def make(
    images: Sequence[str],
    work: Callable[[Image], Result],
    *,
    reading: dict[str, Any],
    look: dict[str, Any],
    targets: Sequence[Target],
    overwrite: bool,
    as_json: bool,
    quiet: bool,
    no_color: bool,
    show: bool,
    inputs: Sequence[str] = (),
    key: str = "maps",
    parts: Mapping[str, str] | None = None,
    text: Text | None = None,
    facts: Mapping[str, Any] | None = None,
    animated: bool = False,
) -> int:
    """Make the maps of every image and write them; return the exit code.

    One image that fails is an error; of several, the others are done and the exit code is 3, or
    the first error's if none is left. `key` is what JSON calls the rows, `facts` is what it has
    beside them. `parts` are the names of files by the parts of a result that get one each. `text`
    takes a result, a width and whether to colour, and returns what is printed of it, in place of
    its lines. What is `animated` is a GIF first of all.
    """
    from cnnviz.ops.threads import keep_memory
    from cnnviz.render import Look

    keep_memory(2**25)  # of bands, which follow each other: a tenth of the time of a large photo
    several.check(images)
    context = click.get_current_context()
    slots = outputs.plan(
        targets,
        images,
        names.label(context),
        formats=("gif",) * animated + _formats(),
        overwrite=overwrite,
        as_json=as_json,
        inputs=[*images, *inputs],
        parts=parts or {},
    )
    run = _Run(
        context,
        Look(**look),
        text=text,
        to_stdout=any(slot.path is None for slot in slots[0]),
        as_json=as_json,
        quiet=quiet,
        no_color=no_color,
        show=show,
    )
    failures = several.each(
        images, lambda place, path: run.make(path, slots[place], work, reading), quiet=quiet
    )
    if as_json:
        fields = {"outputs": run.written, key: run.rows, **run.tables, **(facts or {})}
        streams.emit_json(fields | {"failures": failures})
    return several.exit_code(failures, len(images))


def headed(result: Any, width: int, colour: bool) -> str:
    """Return what is printed of a result that has a table: its head, and that."""
    from cnnviz.render.tables import grouped

    head = "\n".join(map(escape, result.head()))
    return f"{head}\n\n{grouped(result.report(), width=width, colour=colour)}"


class _Run:
    """What one command has written and measured so far."""

    def __init__(
        self,
        context: click.Context,
        look: Look,
        *,
        text: Text | None,
        to_stdout: bool,
        as_json: bool,
        quiet: bool,
        no_color: bool,
        show: bool,
    ) -> None:
        self.context, self.look, self.text = context, look, text
        self.as_json, self.quiet, self.no_color, self.show = as_json, quiet, no_color, show
        self.stdout_is_taken = to_stdout or as_json
        self.written: list[str] = []
        self.rows: list[dict[str, Any]] = []
        self.tables: dict[str, list[dict[str, Any]]] = {}

    def make(
        self,
        path: str,
        slots: Sequence[outputs.Slot],
        work: Callable[[Image], Result],
        reading: dict[str, Any],
    ) -> None:
        """Make the maps of one image; nothing is written before every format is encoded.

        The clock stops there: what is encoded is written, whole. So are arrays that are too large
        to be held, of which all that can be wrong is known by then.
        """
        from cnnviz.images import load_image

        with clock.timed(path):
            image = load_image(path, **reading)
            result = work(image)
            made = [(slot, self.encode(result, slot)) for slot in slots]
        content = image.stored.data if path == "-" else b""
        fingerprint = stamp.fingerprint(self.context, path, content)
        written = [(slot, _write(slot, files, fingerprint)) for slot, files in made]
        if self.as_json:
            self.rows += result.to_dicts()
            for name, rows in result.tables().items():
                self.tables.setdefault(name, []).extend(rows)
        if not self.quiet and not self.as_json:
            self.tell(self.words(result, image.notes))
        if self.show:
            self.draw(result)
        for slot, paths in written:
            self.written += paths
            if paths and not self.quiet:
                streams.say(folders.said(slot, paths) if slot.parts else f"wrote {paths[0]}")

    def encode(self, result: Result, slot: outputs.Slot) -> dict[str, Content]:
        """Return the content of each file of a slot by its path, `""` for stdout.

        Of arrays that are too large to be held, it is what writes it.
        """
        if slot.parts:
            return folders.encode(result, slot, self.look, quiet=self.quiet)
        if slot.format == "gif":
            return {slot.path or "": self.animation(result)}
        return {slot.path or "": _encode(result, slot.format, self.look)}

    def animation(self, result: Result) -> bytes:
        """Return the animation of a result, and show how far it is."""
        from cnnviz import render
        from cnnviz.report.moving import Moving

        of = f" of {result.frames}" if isinstance(result, Moving) else ""

        def watch(frame: int) -> None:
            if not self.quiet:
                streams.progress(f"{result.subject}: frame {frame}{of}")

        data = render.animate(result, self.look, watch=watch)
        streams.progress("")
        return data

    def words(self, result: Result, notes: Sequence[str]) -> str:
        """Return what is printed of a result."""
        said = [escape(f"note     {note}") for note in notes]
        stream = sys.stderr if self.stdout_is_taken else sys.stdout
        if self.text is None:
            return "\n".join([*map(escape, result.lines(width(stream))), *said])
        coloured = has_colour(stream, no_color=self.no_color)
        return "\n".join([self.text(result, width(stream), coloured).rstrip("\n"), *said])

    def tell(self, text: str) -> None:
        """Print to stdout, or to stderr where stdout holds the data."""
        (streams.note if self.stdout_is_taken else streams.emit)(text)

    def draw(self, result: Result) -> None:
        """Draw a small picture in the terminal, or say once why not."""
        stream = sys.stderr if self.stdout_is_taken else sys.stdout
        picture = showing.picture(result, self.look, stream, no_color=self.no_color)
        if picture is None:
            self.show = False
            return
        self.tell(picture if self.quiet or self.as_json else f"\n{picture}")


def _formats() -> tuple[str, ...]:
    """Return what maps are written as: pictures and raw arrays."""
    from cnnviz import arrays, render

    return (*render.formats(), *arrays.FORMATS)


def _encode(result: Result, format: str, look: Look) -> Content:
    from cnnviz import arrays, render

    parts = result.parts()
    if format not in arrays.FORMATS:
        return render.render(parts[0][1] if len(parts) == 1 else result, format, look)
    if writer := result.writer(format, names.member):
        return writer
    named = result.arrays()
    if parts:  # each is one array, not a map
        keys = arrays.unique([names.member(name) for name, _ in named])
        return arrays.store(format, dict(zip(keys, (v for _, v in named), strict=True)))
    if format != "npz":  # which has room for what stands beside the image
        named = [(name, values) for name, values in named if name not in result.aside]
    keys = [names.member(name) for name, _ in named]
    values = [v for _, v in named]
    if format != "npz":  # one plane a channel: a pooled photo has three
        values = [plane for v in values for plane in (v.transpose(2, 0, 1) if v.ndim == 3 else [v])]
    return arrays.encode(format, keys, values)


def _write(slot: outputs.Slot, files: Mapping[str, Content], run: str) -> list[str]:
    if slot.parts:
        return folders.write(slot, files, run)
    (data,) = files.values()
    path = outputs.write(slot, data, run) if isinstance(data, bytes) else outputs.stream(slot, data)
    return [] if path is None else [path]
