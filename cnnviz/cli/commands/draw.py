"""Draw the architecture of a network.

Each layer is a volume of its height, width and channels, on scales that the picture states; below
it are its kernel, output and parameters. Blocks of branches, and chains of layers, that repeat are
drawn as one and unfolded once, as boxes and arrows. Brackets show feature extraction and
classification, and the picture says where that division, or what is usually said of it, fails.

\b
Examples:
  cnnviz draw --model lenet5
  cnnviz draw --model googlenet -o googlenet.svg --theme dark
  cnnviz draw --model vgg16 --input 64x64x3 -o vgg16.png --scale 2
  cnnviz draw --model "Conv2D(8, 3) Flatten() Dense(10)" --input 28x28x1
  cnnviz draw --model resnet18 --json -o resnet18.svg
"""

from __future__ import annotations

from typing import Any

from cnnviz.cli import network, options
from cnnviz.cli.option import command as declare


@declare("draw", __doc__)
@network.model
@options.style
@options.limiting_kernels
@options.printing
def command(model: dict[str, Any], look: dict[str, Any], writing: dict[str, Any]) -> int:
    """Load, look at its architecture, draw and print it."""
    import json
    from contextlib import ExitStack
    from functools import partial

    from cnnviz import render
    from cnnviz.cli import clock, tables
    from cnnviz.model.load import load_graph
    from cnnviz.render.architecture_text import text
    from cnnviz.report.architecture import architecture

    with ExitStack() as watch:  # over once all is encoded, which is then written whole
        watch.enter_context(clock.timed(model["spec"]))
        found, how = architecture(load_graph(**model)), render.Look(**look)
        data = found.to_dict()
        return tables.put(
            found.subject,
            lambda width, colour: text(found, width=width, colour=colour),
            data,
            {"json": lambda: json.dumps(data, indent=2, allow_nan=False) + "\n"},
            inputs=[model["spec"]],
            pictures={form: partial(render.render, found, form, how) for form in render.formats()},
            encoded=watch.close,
            **writing,
        )
