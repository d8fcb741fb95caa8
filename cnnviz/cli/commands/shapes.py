"""Report the shapes, costs and receptive fields of a network.

A model is a built-in name (see "cnnviz models"), a spec file (.toml, .json), or layers in Keras's
own words. --set asks "what if" about one setting of a layer; --compare puts other models beside
it. Tables are written as .txt, .md, .csv, .json, .tex (to \\input) and .html (one page); as .png
or .svg, each layer's parameters are drawn against its compute.

\b
Examples:
  cnnviz shapes --model vgg16
  cnnviz shapes --model vgg16 --set conv1_1.strides=2 -o vgg16.md
  cnnviz shapes --model "Conv2D(16, 3) MaxPool2D(2)" --input 28x28x1
  cnnviz shapes --model vgg16 -o vgg16.png -o vgg16.html
  cnnviz shapes --model vgg16 --compare googlenet -o compare.png
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from cnnviz.cli import network, options, suggest
from cnnviz.cli.option import after, option
from cnnviz.cli.option import command as declare

if TYPE_CHECKING:
    from cnnviz.report.report import Report
    from cnnviz.report.result import Result


@declare("shapes", __doc__)
@network.model
@option(
    "--compare",
    "others",
    type=suggest.Text(suggest.models, files="file"),
    multiple=True,
    section="Model",
    label=after("vs-", str),
    metavar="SPEC",
    help="Another model beside it. Repeatable. It takes --input too, and no --set.",
)
@option(
    "--batch",
    type=click.IntRange(1, 1_000_000),
    default=1,
    section="Model",
    label=after("batch"),
    metavar="N",
    help="Count compute and memory for N images.",
)
@options.style
@options.printing
def command(
    model: dict[str, Any],
    others: tuple[str, ...],
    batch: int,
    look: dict[str, Any],
    writing: dict[str, Any],
) -> int:
    """Load, report, print."""
    from cnnviz.cli import tables
    from cnnviz.model.load import load_graph
    from cnnviz.render.tables import shape_report
    from cnnviz.report.shapes import shapes

    report = shapes(load_graph(**model), batch)
    name = report.name
    if others:
        report = _beside(report, others, batch, **model)
    return tables.put_report(
        report,
        lambda width, colour: shape_report(report, width=width, colour=colour),
        name=name,
        figure=lambda: _costs(report),
        look=look,
        inputs=[model["spec"], *others],
        **writing,
    )


def _beside(
    report: Report,
    others: tuple[str, ...],
    batch: int,
    *,
    input_shape: Any,
    settings: Any,
    **_: Any,
) -> Report:
    """Return the comparison with other models; what was set stands behind the first one's name."""
    from dataclasses import replace

    from cnnviz.model.load import load_graph
    from cnnviz.report.compare import compare
    from cnnviz.report.shapes import shapes

    named = replace(report, name=" ".join([report.name, *settings]))
    rest = [shapes(load_graph(other, input_shape=input_shape), batch) for other in others]
    return compare([named, *rest])


def _costs(report: Report) -> Result:
    """Return what the picture shows: of one model, or of several."""
    from cnnviz.report.compare import Comparison, costs
    from cnnviz.report.cost import cost

    return costs(report) if isinstance(report, Comparison) else cost(report)
