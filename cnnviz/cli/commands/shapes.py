"""Report the shapes, costs and receptive fields of a network.

A model is a built-in name (see "cnnviz models"), a spec file (.toml, .json), or layers in Keras's
own words. --set asks "what if" about one setting of a layer.

\b
Examples:
  cnnviz shapes --model vgg16
  cnnviz shapes --model vgg16 --set conv1_1.strides=2 -o vgg16.md
  cnnviz shapes --model "Conv2D(16, 3) MaxPool2D(2)" --input 28x28x1
"""

from __future__ import annotations

from typing import Any

from cnnviz.cli import options, suggest
from cnnviz.cli.option import after, option
from cnnviz.cli.option import command as declare
from cnnviz.cli.types import INPUT_SHAPE, SETTING


@declare("shapes", __doc__)
@option(
    "--model",
    "spec",
    type=suggest.Text(suggest.models, files="file"),
    required=True,
    section="Model",
    metavar="SPEC",
    help="A built-in name, a spec file, or layers in Keras's words.",
)
@option(
    "--set",
    "changes",
    type=SETTING,
    multiple=True,
    section="Model",
    label=after("", str),
    metavar="LAYER.FIELD=VALUE",
    help="Change a setting first. Repeatable.",
)
@option(
    "--input",
    "input_shape",
    type=INPUT_SHAPE,
    section="Model",
    label=after("", lambda shape: "x".join(map(str, shape))),
    metavar="HxWxC",
    help="Shape of the input, instead of the model's own.",
)
@options.printing
def command(
    spec: str,
    changes: tuple[str, ...],
    input_shape: tuple[int, int, int] | None,
    writing: dict[str, Any],
) -> int:
    """Load, report, print."""
    from cnnviz.cli import tables
    from cnnviz.model import load_model
    from cnnviz.render.tables import shape_report

    report = load_model(spec, input_shape=input_shape, settings=changes).shapes()
    return tables.put_report(
        report,
        lambda width, colour: shape_report(report, width=width, colour=colour),
        inputs=[spec],
        **writing,
    )
