"""List kernels, show one in numbers, see learned ones.

Without a name it prints the library. With names (also matrices, banks and tools) it writes the
numbers of each kernel, its factors and frequency response. With a weight file (.npy, .npz,
.safetensors) it draws the filters of one layer; the first if none is named.

\b
Examples:
  cnnviz kernels
  cnnviz kernels --search edge
  cnnviz kernels sobel-x gaussian:5,1
  cnnviz kernels pillow: -o pillow.svg
  cnnviz kernels weights.safetensors:conv1
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from cnnviz.cli import options, words
from cnnviz.cli.option import after, option
from cnnviz.cli.option import command as declare
from cnnviz.errors import SpecError

if TYPE_CHECKING:
    from cnnviz.report.filters import FilterSet
    from cnnviz.report.kernels import KernelSet


@declare("kernels", __doc__)
@click.argument("names", metavar="[NAME...|FILE[:LAYER]]", nargs=-1, type=words.KERNEL)
@option(
    "--search",
    metavar="TEXT",
    section="Kernels",
    help="List only kernels with this text in their name or description.",
)
@words.layout
@option(
    "--slice",
    "channel",
    type=click.IntRange(min=0),
    metavar="N",
    section="Kernels",
    label=after("slice"),
    help="Show input channel N of deep filters, instead of the average over all.",
)
@option(
    "--page",
    type=click.IntRange(min=1),
    metavar="N",
    section="Kernels",
    label=after("page"),
    help="Show the Nth 64 filters, instead of an even sample of all.",
)
@options.style_of_kernels
@options.limiting_kernels
@options.writing
def command(
    names: tuple[str, ...],
    search: str | None,
    layout: str | None,
    channel: int | None,
    page: int | None,
    look: dict[str, Any],
    writing: dict[str, Any],
) -> int:
    """List the library, or look up what is named within the limits."""
    from contextlib import ExitStack

    from cnnviz.cli import clock

    show = writing.pop("show")
    if not names:
        if show:
            raise SpecError("--show draws kernels, and none is named")
        return _library(search, writing)
    if search:
        raise SpecError("--search narrows the list, and a kernel is named too")
    with ExitStack() as watch:  # over once all is encoded, which is then written whole
        watch.enter_context(clock.timed(names[0]))
        writing["encoded"] = watch.close
        return _named(names, layout, channel, page, look, show, writing)


def _named(
    names: tuple[str, ...],
    layout: str | None,
    channel: int | None,
    page: int | None,
    look: dict[str, Any],
    show: bool,
    writing: dict[str, Any],
) -> int:
    """Tell a file from names, which are never mixed."""
    from cnnviz import kernels

    if len(names) == 1 and (place := kernels.locate(names[0])) is not None:
        from cnnviz.report import filters

        found = filters.look_inside(*place, layout=layout, channel=channel, page=page)
        if found is not None:
            return _filters(found, place[0], look, show, writing)
    if channel is not None or page is not None:
        raise SpecError("--slice and --page are for the filters of a weight file")
    from cnnviz.report.kernels import look_up

    return _kernels(look_up(names, layout), names, look, show, writing)


def _library(search: str | None, writing: dict[str, Any]) -> int:
    from cnnviz.cli import tables
    from cnnviz.render.tables import grouped
    from cnnviz.report.library import library

    report = library(search)
    return tables.put(
        report.name,
        lambda width, colour: grouped(report, key="tool", width=width, colour=colour),
        report.to_dict(),
        {"md": report.to_markdown, "csv": report.to_csv, "json": report.to_json},
        **writing,
    )


def _kernels(
    kernels: KernelSet,
    names: tuple[str, ...],
    look: dict[str, Any],
    show: bool,
    writing: dict[str, Any],
) -> int:
    def data() -> dict[str, Any]:
        rows = kernels.to_dicts()
        return rows[0] if len(rows) == 1 else {"kernels": rows}

    sources = [one.kernel.source for one in kernels.facts]
    return _put(
        kernels, "+".join(map(_stem, names)), kernels.lines, data, look, show, writing, sources
    )


def _stem(text: str) -> str:
    """Return what a picture of a kernel is called: its name, or its file's without a suffix."""
    import os

    from cnnviz.kernels import locate

    path, layer = locate(text) or (None, None)
    if path is None:
        return text
    stem = os.path.splitext(os.path.basename(path))[0]
    return f"{stem}-{layer}" if layer else stem


def _filters(
    found: FilterSet, path: str, look: dict[str, Any], show: bool, writing: dict[str, Any]
) -> int:
    def lines(width: int) -> Iterator[str]:
        if found.listing is not None:
            from cnnviz.render.tables import grouped

            yield from grouped(found.listing, width=width).splitlines()
        yield from found.lines(width)

    return _put(found, found.title, lines, found.to_dict, look, show, writing, [path])


def _put(
    result: KernelSet | FilterSet,
    name: str,
    lines: Callable[[int], Iterator[str]],
    data: Callable[[], dict[str, Any]],
    look: dict[str, Any],
    show: bool,
    writing: dict[str, Any],
    inputs: list[str],
) -> int:
    """Print a result and write its picture."""
    import json

    from cnnviz import arrays, render
    from cnnviz.cli import showing, tables
    from cnnviz.cli.names import slug
    from cnnviz.render.terminal import escape

    how = render.Look(**look)

    def picture(format: str) -> bytes:
        return render.render(result, format, how)

    def raw(format: str) -> bytes:
        named = result.arrays()
        keys = [escape(key).replace("/", "_").replace("\\", "_") for key, _ in named]
        values = [array for _, array in named]
        return arrays.store(format, dict(zip(arrays.unique(keys), values, strict=True)))

    pictures = sorted(render.formats(), key=lambda format: format != "png")
    return tables.put(
        slug(name).replace(".", "-"),  # where no suffix is meant
        lambda width, colour: "\n".join(map(escape, lines(width))) + "\n",
        data() if writing["as_json"] else {},  # long for a large kernel
        {
            "json": lambda: json.dumps(data(), indent=2, allow_nan=False) + "\n",
            **{format: partial(raw, format) for format in ("npy", "npz", "csv")},
        },
        inputs=inputs,
        pictures={format: partial(picture, format) for format in pictures},
        draw=partial(showing.picture, result, how, no_color=writing["no_color"]) if show else None,
        **writing,
    )
