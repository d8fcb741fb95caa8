"""List kernels, show one in numbers, see learned ones.

Without a name it prints the library. With names (also matrices, banks and tools) it writes the
numbers of each kernel, its factors and frequency response. With a weight file (PyTorch's,
.safetensors, .npz, .npy), or a network in the box (trained:NAME), it draws the filters of one
layer; the first if none is named. "trained" alone lists the networks in the box.

\b
Examples:
  cnnviz kernels
  cnnviz kernels --search edge
  cnnviz kernels sobel-x gaussian:5,1
  cnnviz kernels pillow: -o pillow.svg
  cnnviz kernels trained:cifar
  cnnviz kernels weights.safetensors:conv1
  cnnviz kernels model.pth:conv -o filters.svg
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from cnnviz import trained
from cnnviz.cli import options, words
from cnnviz.cli.option import after, option
from cnnviz.cli.option import command as declare
from cnnviz.errors import SpecError

if TYPE_CHECKING:
    from cnnviz.report.result import Inspection


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
    """List the library, or look at what is named, within the limits."""
    from contextlib import ExitStack

    from cnnviz.cli import clock, inspections

    is_trained = [name.strip().removesuffix(":") for name in names] == [trained.PREFIX]
    if not names or is_trained:
        return _listing(search, is_trained=is_trained, **writing)
    if search:
        raise SpecError("--search narrows the list, and a kernel is named too")
    with ExitStack() as watch:  # over once all is encoded, which is then written whole
        watch.enter_context(clock.timed(names[0]))
        found = _look(names, layout=layout, channel=channel, page=page)
        return inspections.put(found, look, encoded=watch.close, **writing)


def _listing(search: str | None, *, is_trained: bool, show: bool, **writing: Any) -> int:
    from cnnviz.cli import tables
    from cnnviz.render.tables import grouped
    from cnnviz.report.library import library
    from cnnviz.report.trained import in_the_box

    if show:
        raise SpecError("--show draws kernels, and none is named")
    report = in_the_box(search) if is_trained else library(search)
    key = "network" if is_trained else "tool"
    return tables.put_report(
        report,
        lambda width, colour: grouped(report, key=key, width=width, colour=colour),
        **writing,
    )


def _look(
    names: tuple[str, ...], *, layout: str | None, channel: int | None, page: int | None
) -> Inspection:
    """Tell a file of filters from kernels; the two are never mixed."""
    from cnnviz import kernels

    if len(names) == 1 and (place := kernels.locate(names[0])) is not None:
        from cnnviz.report.filters import look_inside

        filters = look_inside(*place, layout=layout, channel=channel, page=page)
        if filters is not None:
            return filters
    if channel is not None or page is not None:
        raise SpecError("--slice and --page are for the filters of a weight file")
    from cnnviz.report.kernels import look_up

    return look_up(names, layout)
