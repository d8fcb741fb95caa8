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

from cnnviz.cli import network, options
from cnnviz.cli.option import command as declare


@declare("shapes", __doc__)
@network.model
@options.printing
def command(model: dict[str, Any], writing: dict[str, Any]) -> int:
    """Load, report, print."""
    from cnnviz.cli import tables
    from cnnviz.model import load_model
    from cnnviz.render.tables import shape_report

    report = load_model(**model).shapes()
    return tables.put_report(
        report,
        lambda width, colour: shape_report(report, width=width, colour=colour),
        inputs=[model["spec"]],
        **writing,
    )
