"""The way of a command that turns images into pictures: read, work, encode, write, report."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TextIO

import click

from cnnviz.cli import names, outputs, stamp, streams
from cnnviz.cli.run import failure
from cnnviz.cli.types import Target
from cnnviz.errors import CnnvizError, SpecError
from cnnviz.render.terminal import colours, escape, half_blocks, is_terminal

if TYPE_CHECKING:
    from cnnviz.images import Image
    from cnnviz.render import Look
    from cnnviz.report.maps import MapSet

SOME_FAILED = 3


def make(
    images: Sequence[str],
    work: Callable[[Image], MapSet],
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
) -> int:
    """Make the maps of every image and write them; return the exit code.

    One image that fails is an error; of several, the others are done and the exit code is 3, or
    the first error's if none is left.
    """
    from cnnviz.images import load_image
    from cnnviz.render import Look

    context = click.get_current_context()
    if images.count("-") > 1:
        raise SpecError("standard input is given twice")
    style = Look(**look)
    slots = outputs.plan(
        targets,
        images,
        names.label(context),
        formats=_formats(),
        overwrite=overwrite,
        as_json=as_json,
        inputs=[*images, *inputs],
    )
    to_stdout = any(slot.path is None for slot in slots[0])
    text = None if quiet or as_json else sys.stderr if to_stdout else sys.stdout
    written: list[str] = []
    rows: list[dict[str, Any]] = []
    failures: list[dict[str, Any]] = []
    for path, places in zip(_watched(images, quiet), slots, strict=True):
        try:
            image = load_image(path, **reading)
            maps = work(image)
            made = [(slot, _encode(maps, slot.format, style)) for slot in places]
            run = stamp.fingerprint(context, path, image.pixels.data if path == "-" else b"")
            paths = [outputs.write(slot, data, run) for slot, data in made]
        except (CnnvizError, MemoryError) as error:
            if len(images) == 1:
                raise
            fault = failure(error)
            failures.append({"path": path, "code": fault.code, "message": str(fault)})
            streams.say(f"cnnviz: error: {_named(fault, path)}")
            continue
        written += [name for name in paths if name is not None]
        rows += maps.to_dicts()
        _tell(maps, paths, text, quiet)
        if show:
            _draw(maps, style, text or sys.stderr, no_color)
    if as_json:
        streams.emit_json({"outputs": written, "maps": rows, "failures": failures})
    if not failures:
        return 0
    streams.say(f"cnnviz: {len(failures)} of {len(images)} images failed")
    return SOME_FAILED if len(failures) < len(images) else int(failures[0]["code"])


def _formats() -> tuple[str, ...]:
    """Return what maps are written as: pictures, PNG first, and raw arrays."""
    from cnnviz import arrays, render

    pictures = sorted(render.formats(), key=lambda name: name != "png")
    return (*pictures, *arrays.FORMATS)


def _encode(maps: MapSet, format: str, look: Look) -> bytes:
    from cnnviz import arrays, render

    if format not in arrays.FORMATS:
        return render.render(maps, format, look)
    keys = [escape(m.name).replace("/", "_").replace("\\", "_") for m in maps.maps]
    values = [m.values for m in maps.maps]
    if format != "npz":  # one plane a channel: a pooled photo has three
        values = [plane for v in values for plane in (v.transpose(2, 0, 1) if v.ndim == 3 else [v])]
    return arrays.encode(format, keys, values)


def _tell(maps: MapSet, paths: Sequence[str | None], text: TextIO | None, quiet: bool) -> None:
    """Report shapes, formulas and ranges, and where the files went."""
    if text is not None:
        streams.emit("\n".join(escape(line) for line in maps.lines()), text)
    for path in paths:
        if path is not None and not quiet:
            streams.say(f"wrote {path}")


def _draw(maps: MapSet, look: Look, stream: TextIO, no_color: bool) -> None:
    """Draw a preview, or say why not."""
    import shutil

    from cnnviz import render

    depth = colours(stream, no_color=no_color)
    if depth is None:
        streams.say("cnnviz: --show needs a terminal with at least 256 colours")
        return
    width = shutil.get_terminal_size().columns
    streams.emit(half_blocks(render.show(maps, look), width, depth), stream)


def _watched(images: Sequence[str], quiet: bool) -> Iterator[str]:
    """Yield the images, with a line of progress if there are several and somebody watches."""
    watch = len(images) > 1 and not quiet and is_terminal(sys.stderr)
    for number, path in enumerate(images, 1):
        if watch:
            sys.stderr.write(f"\r\x1b[K{number}/{len(images)} {escape(path)}\r")
            sys.stderr.flush()
        yield path
        if watch:
            sys.stderr.write("\x1b[K")


def _named(fault: CnnvizError, path: str) -> str:
    """Return a message that names the image, if it does not yet."""
    text = str(fault)
    return text if path in text else f"{path}: {text}"
