"""List the tensors of a weight file, or convert it.

The file is PyTorch's (.pt, .pth; read without PyTorch, and nothing in it is run), .safetensors,
.npz or .npy. Each tensor is listed with what it looks like and how its values lie; -o with
.safetensors or .npz converts it, one tensor at a time.

\b
Examples:
  cnnviz weights model.pth
  cnnviz weights model.pth -o model.safetensors
  cnnviz weights model.safetensors --no-stats -o tensors.csv
"""

from __future__ import annotations

from typing import Any

import click

from cnnviz.cli import options, words
from cnnviz.cli.option import command as declare
from cnnviz.cli.option import option
from cnnviz.cli.suggest import Text


@declare("weights", __doc__)
@click.argument("path", metavar="FILE", type=Text(files="file"))
@option(
    "--no-stats",
    is_flag=True,
    section="Table",
    help="Leave out minimum, maximum, mean and deviation: no values are read.",
)
@words.layout
@options.limiting_kernels
@options.printing
def command(path: str, no_stats: bool, layout: str | None, writing: dict[str, Any]) -> int:
    """Open, list, print; convert what is open to what -o names."""
    from functools import partial

    from cnnviz.arrays import conversion, open_arrays
    from cnnviz.cli import clock, streams, tables
    from cnnviz.render.tables import grouped
    from cnnviz.report.weights import tensors

    with clock.timed(path), open_arrays(path, name=path) as file:
        report = tensors(file, path, layout=layout, stats=not no_stats, progress=streams.progress)
        return tables.put_report(
            report,
            lambda width, colour: grouped(report, width=width, colour=colour),
            inputs=[path],
            streamed={form: partial(conversion.write, file, form) for form in conversion.formats()},
            **writing,
        )
