"""Convolve two signals: flip, shift, multiply, sum.

SIGNAL and KERNEL are each a named signal with parameters (gaussian:9,2; a sum as in
sine+noise:0.2), numbers ("1 0 -1"; a blank before a first minus), or a file: a sound (.wav), a
table of numbers, .npy, or a row of an image. --list shows the names.

The kernel is FLIPPED, as convolution is defined; --correlate does not flip it, as the layers of
networks do. The picture shows the flip, some shifts with their products, and the output; a .gif
shows the kernel slide.

\b
Examples:
  cnnviz signal box triangle
  cnnviz signal sine+noise:0.2 gaussian:9 -o smooth.gif
  cnnviz signal sine+noise:0.2 gaussian:9 --spectrum
  cnnviz signal "1 2 3 1" "1 0 -1" --correlate --padding same --at 2
  cnnviz signal track.wav box:64 --normalize --part 0.1s,0.2s
  cnnviz signal photo.jpg gaussian --row 30 -o smooth.csv
  cnnviz signal data.csv "1 0 -1" --column 2
  cnnviz signal --list
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from cnnviz.cli import options, suggest, types
from cnnviz.cli.option import after, fixed, option
from cnnviz.cli.option import command as declare
from cnnviz.errors import SpecError

if TYPE_CHECKING:
    from cnnviz.report.signal import Sliding

_WHOLE = click.IntRange(min=0)


@declare("signal", __doc__)
@click.argument(
    "words",
    metavar="[SIGNAL KERNEL]",
    nargs=-1,
    type=suggest.Text(suggest.signal_names, files="file", skip="file:"),
)
@option(
    "--list", "listing", is_flag=True, show_default=False, section="Signals",
    help="List the named signals.",
)  # fmt: skip
@option(
    "--row", type=_WHOLE, metavar="N", section="Signals", label=after("row"),
    help="Row of an image or a table, from 0.  [default: the middle one of an image]",
)  # fmt: skip
@option(
    "--column", type=_WHOLE, metavar="N", section="Signals", label=after("column"),
    help="Column of an image or a table, from 0.",
)  # fmt: skip
@option(
    "--channel", type=_WHOLE, metavar="N", section="Signals", label=after("channel"),
    help="Channel of a sound, from 0.  [default: the mean of all]",
)  # fmt: skip
@option(
    "--part", type=types.STRETCH, metavar="START,LENGTH", section="Signals",
    label=after("part", lambda span: ",".join(f"{n:g}{'s' * sec}" for n, sec in span)),
    help="Only this part of SIGNAL: in samples, or in seconds with an s (1.5s,0.2s).",
)  # fmt: skip
@option(
    "--normalize", is_flag=True, show_default=False, section="Signals", label=fixed("normalize"),
    help="Divide the kernel by its sum, so that it averages.",
)  # fmt: skip
@option(
    "--correlate", is_flag=True, show_default=False, section="Window", label=fixed("correlate"),
    help="Cross-correlation: the kernel is not flipped, as in networks.",
)  # fmt: skip
@option(
    "--padding", type=click.Choice(["full", "same", "valid"]), default="full", section="Window",
    label=str,
    help="Outputs where anything of the kernel lies on the signal; as many as the signal has; or "
    "where all of it does.",
)  # fmt: skip
@option(
    "--stride", "strides", type=click.IntRange(min=1), default=1, metavar="N",
    section="Window", label=after("s"), help="Step of the kernel.",
)  # fmt: skip
@option(
    "--dilation", "dilation_rate", type=click.IntRange(min=1), default=1, metavar="N",
    section="Window", label=after("d"), help="Step between the values of the kernel.",
)  # fmt: skip
@option(
    "--at", type=_WHOLE, multiple=True, metavar="N", section="Window", label=after("at"),
    help="Show the terms of output N, from 0. Repeatable.  [default: the strongest]",
)  # fmt: skip
@option(
    "--spectrum", is_flag=True, show_default=False, section="Look", label=fixed("spectrum"),
    help="Show that convolution multiplies spectra.",
)  # fmt: skip
@options.style
@options.limiting_kernels
@options.writing
def command(
    words: tuple[str, ...],
    listing: bool,
    look: dict[str, Any],
    writing: dict[str, Any],
    **values: Any,
) -> int:
    """List the named signals, or slide one signal over another."""
    if listing:
        if words:
            raise SpecError("--list lists the names, and a signal is named too")
        return _list(**writing)
    if len(words) != 2:
        raise SpecError(
            f"signal takes a signal and a kernel, not {len(words)} of them",
            hint='try: cnnviz signal box triangle; numbers in quotes, "1 0 -1"',
        )
    return _slide(*words, look=look, writing=writing, **values)


def _list(*, show: bool, **writing: Any) -> int:
    from cnnviz.cli import tables
    from cnnviz.render.tables import grouped
    from cnnviz.report.signal_list import listing

    if show:
        raise SpecError("--show draws signals, and none is named")
    report = listing()
    return tables.put_report(
        report, lambda width, colour: grouped(report, width=width, colour=colour), **writing
    )


def _slide(
    signal: str,
    kernel: str,
    *,
    look: dict[str, Any],
    writing: dict[str, Any],
    normalize: bool,
    spectrum: bool,
    **settings: Any,
) -> int:
    from contextlib import ExitStack
    from functools import partial

    from cnnviz import render
    from cnnviz.cli import clock, names, showing, tables
    from cnnviz.render.signal_text import text
    from cnnviz.report.signal import slide
    from cnnviz.signals import resolve

    where = {key: settings.pop(key) for key in ("row", "column", "channel", "part")}
    with ExitStack() as watch:  # over once all is encoded, which is then written whole
        watch.enter_context(clock.timed(signal, hint="use a longer --timeout, or --part"))
        h = resolve(kernel)
        x = resolve(signal, **where)
        found = slide(x, h.averaging() if normalize else h, **settings)
        shown, how = _shown(found, spectrum), render.Look(**look)
        pictures = {form: partial(render.render, shown, form, how) for form in render.formats()}
        if not spectrum:
            pictures["gif"] = partial(render.animate, shown, how)
        show = writing.pop("show")
        return tables.put(
            names.slug(f"{x.name} {h.name}").replace(".", "-"),
            lambda width, colour: text(found, shown, width=width, colour=colour),
            shown.to_dict() if writing["as_json"] else {},  # long for a long signal
            _formats(found, shown),
            inputs=[one.source for one in (x, h) if one.source],
            pictures=pictures,
            draw=partial(showing.picture, found, how, no_color=writing["no_color"])
            if show
            else None,
            encoded=watch.close,
            **writing,
        )


def _shown(found: Sliding, spectrum: bool) -> Any:
    if not spectrum:
        return found
    from cnnviz.report.signal_spectrum import spectra

    return spectra(found)


def _formats(found: Sliding, shown: Any) -> dict[str, Any]:
    """Return what writes the raw values: the output alone, or all of it where there is room."""
    import json
    from functools import partial

    made = {form: partial(_stored, shown, form) for form in ("npy", "npz", "csv")}
    made["wav"] = partial(_sound, found)
    return {"json": lambda: json.dumps(shown.to_dict(), indent=2, allow_nan=False) + "\n", **made}


def _stored(shown: Any, format: str) -> bytes:
    from cnnviz import arrays

    named = dict(shown.arrays())
    if format == "npz":
        return arrays.store(format, named)
    output = named["output"]
    return arrays.store(format, {"output": output if format == "npy" else output[:, None]})


def _sound(found: Sliding) -> bytes:
    from cnnviz.signals import write_wav

    if found.signal.rate is None:
        raise SpecError(f"{found.signal.name} has no sample rate", hint="write .npy or .csv")
    return write_wav(found.output, max(1, round(found.signal.rate / found.axis.stride)))
