"""See who is wired to whom: dense, convolution, unshared.

Nodes and coloured wires (a colour is a weight: the same colour again is sharing), each layer as a
matrix, the equation of each output, parameters and multiply-adds. "Locally connected" is wired as
the convolution with weights that are not shared; "covering" is a dense layer written as a
convolution over its whole input. HxW inputs are a grid of pixels. --units repeated, or HxWxC maps,
give the fully connected part of a network.

\b
Examples:
  cnnviz connections --inputs 4 --units 2
  cnnviz connections --kind dense --kind covering --values
  cnnviz connections --inputs 9 --kernel-size 3 --stride 2 --padding same
  cnnviz connections --inputs 4x4 --kernel-size 3 -o grid.svg
  cnnviz connections --kind conv --inputs 6 -o toeplitz.csv
  cnnviz connections --inputs 5x5x16 --units 84 --units 10 --softmax
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from cnnviz.cli import options
from cnnviz.cli.option import after, fixed, label_of_shape, option
from cnnviz.cli.option import command as declare
from cnnviz.cli.types import COUNTS
from cnnviz.errors import SpecError

if TYPE_CHECKING:
    from cnnviz.report.connections import Connections
    from cnnviz.report.connections_chain import DensePart


@declare("connections", __doc__)
@option(
    "--inputs",
    type=COUNTS,
    default="4",
    section="Layers",
    metavar="N|HxW|HxWxC",
    help="A row of inputs, a grid of pixels, or maps to be laid out in a row.",
)
@option(
    "--units",
    type=COUNTS,
    multiple=True,
    section="Layers",
    metavar="N|HxW",
    help="Outputs of the dense layer. Repeatable: layers in a row.  [default: as the convolution]",
)
@option(
    "--kind",
    "kinds",
    type=click.Choice(["dense", "conv", "local", "covering"]),
    multiple=True,
    section="Layers",
    label=after("", str),
    help="Show only these. Repeatable.  [default: dense, conv, local]",
)
@option(
    "--kernel-size",
    type=COUNTS,
    section="Layers",
    label=after("k", label_of_shape),
    metavar="N|HxW",
    help="Of the convolution.  [default: inputs - units + 1, without --units 3]",
)
@options.stepping
@option(
    "--bias/--no-bias",
    "use_bias",
    default=True,
    section="Layers",
    label=lambda value: "bias" if value else "no-bias",
    help="Add a trained number to each output.",
)
@option(
    "--softmax",
    is_flag=True,
    show_default=False,
    section="Layers",
    label=fixed("softmax"),
    help="Make the last outputs the probabilities of classes.",
)
@option(
    "--values",
    is_flag=True,
    show_default=False,
    section="Layers",
    label=fixed("values"),
    help="Show small numbers for inputs and weights, and what they come to.",
)
@options.style
@options.limiting_kernels
@options.printing
def command(look: dict[str, Any], writing: dict[str, Any], **settings: Any) -> int:
    """Wire, draw and print."""
    import json
    from contextlib import ExitStack
    from functools import partial

    from cnnviz import arrays, render
    from cnnviz.cli import clock, tables
    from cnnviz.render.connections_text import text

    with ExitStack() as watch:  # over once all is encoded, which is then written whole
        watch.enter_context(clock.timed("connections"))
        found, how = _found(**settings), render.Look(**look)
        data, matrices = found.to_dict(), dict(found.arrays())
        stored = arrays.FORMATS[:3] if matrices else ()
        return tables.put(
            found.subject,
            lambda width, colour: text(found, width=width, colour=colour),
            data,
            {"json": lambda: json.dumps(data, indent=2, allow_nan=False) + "\n"}
            | {form: partial(arrays.store, form, matrices) for form in stored},
            pictures={form: partial(render.render, found, form, how) for form in render.formats()},
            encoded=watch.close,
            **writing,
        )


def _found(
    *,
    inputs: tuple[int, ...],
    units: tuple[tuple[int, ...], ...],
    kinds: tuple[str, ...],
    kernel_size: tuple[int, ...] | None,
    sliding: dict[str, Any],
    use_bias: bool,
    softmax: bool,
    values: bool,
) -> Connections | DensePart:
    """Tell dense layers in a row from layers side by side."""
    if len(units) > 1 or len(inputs) > 2 or softmax:
        from cnnviz.report.connections_chain import dense_part

        _refuse_for_rows(kinds)
        if not units:
            raise SpecError("dense layers in a row need their --units", hint="give it for each")
        if any(len(size) > 1 for size in units):
            raise SpecError("units of dense layers in a row are numbers, not grids")
        return dense_part(inputs, [size for (size,) in units], use_bias=use_bias, softmax=softmax)
    from cnnviz.report.connections import connections

    window = {key: _on_axes(key, value, len(inputs)) for key, value in sliding.items()}
    kernel = kernel_size[0] if kernel_size and len(kernel_size) == 1 else kernel_size
    size = units[0] if units else None
    return connections(
        inputs, size, kinds, kernel_size=kernel, use_bias=use_bias, values=values, **window
    )


def _refuse_for_rows(kinds: tuple[str, ...]) -> None:
    """Refuse what says how a window slides, and numbers, for dense layers in a row."""
    context = click.get_current_context()
    for param in context.command.params:
        given = context.get_parameter_source(param.name or "")
        of_windows = ("kernel_size", "strides", "padding", "dilation_rate", "values")
        if param.name in of_windows and given is click.core.ParameterSource.COMMANDLINE:
            raise SpecError(
                f"{param.opts[0]} does not go with dense layers in a row",
                hint="give --units once, and no --softmax",
            )
    if {*kinds} - {"dense"}:
        raise SpecError(
            f"--kind {kinds[0]} does not go with dense layers in a row",
            hint="give --units once, and no --softmax",
        )


def _on_axes(name: str, value: Any, rank: int) -> Any:
    """Return a size or padding for as many axes as the inputs have; of one, they are columns."""
    if rank > 1 or isinstance(value, str):
        return value
    first, second = value
    if first not in (second, (0, 0)):
        from cnnviz.cli.option import listed

        raise SpecError(f"{name} {listed(value)} is for two axes, and the inputs are a row")
    return second
