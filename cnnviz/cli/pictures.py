"""The way of a command that turns images into pictures: read, work, encode, write, report."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from cnnviz.cli import clock, names, outputs, showing, stamp, streams
from cnnviz.cli.run import failure
from cnnviz.cli.types import Target
from cnnviz.errors import CnnvizError, SpecError
from cnnviz.render.terminal import escape

if TYPE_CHECKING:
    from cnnviz.images import Image
    from cnnviz.render import Look
    from cnnviz.report.result import Result

SOME_FAILED = 3


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
) -> int:
    """Make the maps of every image and write them; return the exit code.

    One image that fails is an error; of several, the others are done and the exit code is 3, or
    the first error's if none is left. `key` is what JSON calls the rows.
    """
    from cnnviz.render import Look

    if images.count("-") > 1:
        raise SpecError("standard input is given twice")
    context = click.get_current_context()
    slots = outputs.plan(
        targets,
        images,
        names.label(context),
        formats=_formats(),
        overwrite=overwrite,
        as_json=as_json,
        inputs=[*images, *inputs],
    )
    run = _Run(
        context,
        Look(**look),
        to_stdout=any(slot.path is None for slot in slots[0]),
        as_json=as_json,
        quiet=quiet,
        no_color=no_color,
        show=show,
    )
    for path, places in zip(_watched(images, quiet), slots, strict=True):
        try:
            run.make(path, places, work, reading)
        except (CnnvizError, MemoryError) as error:
            if len(images) == 1:
                raise
            run.fail(path, failure(error))
    return run.finish(len(images), key)


class _Run:
    """What one command has written, measured and failed at so far."""

    def __init__(
        self,
        context: click.Context,
        look: Look,
        *,
        to_stdout: bool,
        as_json: bool,
        quiet: bool,
        no_color: bool,
        show: bool,
    ) -> None:
        self.context, self.look = context, look
        self.as_json, self.quiet, self.no_color, self.show = as_json, quiet, no_color, show
        self.stdout_is_taken = to_stdout or as_json
        self.written: list[str] = []
        self.rows: list[dict[str, Any]] = []
        self.tables: dict[str, list[dict[str, Any]]] = {}
        self.failures: list[dict[str, Any]] = []

    def make(
        self,
        path: str,
        slots: Sequence[outputs.Slot],
        work: Callable[[Image], Result],
        reading: dict[str, Any],
    ) -> None:
        """Make the maps of one image; nothing is written before every format is encoded.

        The clock stops there: what is encoded is written, whole.
        """
        from cnnviz.images import load_image

        with clock.timed(path):
            image = load_image(path, **reading)
            result = work(image)
            made = [(slot, _encode(result, slot.format, self.look)) for slot in slots]
        content = image.pixels.data if path == "-" else b""
        fingerprint = stamp.fingerprint(self.context, path, content)
        paths = [outputs.write(slot, data, fingerprint) for slot, data in made]
        self.rows += result.to_dicts()
        for name, rows in result.tables().items():
            self.tables.setdefault(name, []).extend(rows)
        if not self.quiet and not self.as_json:
            lines = [*result.lines(), *(f"note     {note}" for note in image.notes)]
            self.tell("\n".join(map(escape, lines)))
        if self.show:
            self.draw(result)
        for name in filter(None, paths):
            self.written.append(name)
            if not self.quiet:
                streams.say(f"wrote {name}")

    def fail(self, path: str, fault: CnnvizError) -> None:
        """Report an image that could not be done."""
        text = str(fault)
        self.failures.append({"path": path, "code": fault.code, "message": text})
        streams.say(f"cnnviz: error: {text if path in text else f'{path}: {text}'}")

    def finish(self, count: int, key: str) -> int:
        """Print the JSON and the number of failures; return the exit code."""
        if self.as_json:
            fields = {"outputs": self.written, key: self.rows, **self.tables}
            streams.emit_json(fields | {"failures": self.failures})
        if not self.failures:
            return 0
        streams.say(f"cnnviz: {len(self.failures)} of {count} images failed")
        return SOME_FAILED if len(self.failures) < count else int(self.failures[0]["code"])

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


def _encode(result: Result, format: str, look: Look) -> bytes:
    from cnnviz import arrays, render

    if format not in arrays.FORMATS:
        return render.render(result, format, look)
    named = result.arrays()
    if format != "npz":  # which has room for what stands beside the image
        named = [(name, values) for name, values in named if name not in result.aside]
    keys = [names.member(name) for name, _ in named]
    values = [v for _, v in named]
    if format != "npz":  # one plane a channel: a pooled photo has three
        values = [plane for v in values for plane in (v.transpose(2, 0, 1) if v.ndim == 3 else [v])]
    return arrays.encode(format, keys, values)


def _watched(images: Sequence[str], quiet: bool) -> Iterator[str]:
    """Yield the images, and say on a terminal which of several is being done."""
    for number, path in enumerate(images, 1):
        if len(images) > 1 and not quiet:
            streams.progress(f"{number}/{len(images)} {path}")
        yield path
    streams.progress("")
