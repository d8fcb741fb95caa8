"""Show the region of an image that one unit of a layer sees.

The receptive field is outlined on the image as the network takes it, hatched where it hangs over
into the padding; several layers stand side by side, and a chart shows how fields grow from layer to
layer. --effective adds how much each pixel counts, by the gradient of the unit's value. Without
--layer some of the layers are drawn and all are listed.

\b
Examples:
  cnnviz receptive-field photo.jpg --model vgg16
  cnnviz receptive-field photo.jpg --model lenet5 --layer c1 --layer s4
  cnnviz receptive-field photo.jpg --model lenet5 --layer "s*" --effective
  cnnviz receptive-field photo.jpg --model alexnet --layer pool5 --at 0,5
  cnnviz receptive-field photo.jpg --model lenet5 --set c1.strides=2 --json
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from cnnviz.cli import network, options, words
from cnnviz.cli.option import after, fixed, option
from cnnviz.cli.option import command as declare
from cnnviz.cli.types import PLACE
from cnnviz.errors import SpecError

if TYPE_CHECKING:
    from cnnviz.images import Image
    from cnnviz.report.receptive import ReceptiveFields


@declare("receptive-field", __doc__)
@words.images
@network.weights_of_images
@network.preprocessing
@network.layers
@option(
    "--at",
    type=PLACE,
    multiple=True,
    section="Layers",
    label=lambda place: f"at{place[0]},{place[1]}",
    metavar="ROW,COL",
    help="Place of the unit in the layer's output. Repeatable.  [default: the middle]",
)
@option(
    "--effective",
    is_flag=True,
    show_default=False,
    section="Layers",
    label=fixed("effective"),
    help="Show how much each pixel counts: the gradient of the unit's value, with the weights.",
)
@option(
    "--filter",
    type=click.IntRange(min=0),
    section="Layers",
    label=after("f"),
    metavar="N",
    help="Whose value --effective follows, from 0.  [default: the strongest at the place]",
)
@options.style
@options.reading
@options.writing
def command(
    images: tuple[str, ...],
    model: dict[str, Any],
    preprocess: dict[str, Any],
    layers: tuple[str, ...],
    at: tuple[tuple[int, int], ...],
    effective: bool,
    filter: int | None,
    look: dict[str, Any],
    reading: dict[str, Any],
    writing: dict[str, Any],
) -> int:
    """Load the network and choose its units first: what is wrong there needs no image."""
    from cnnviz.cli import clock, pictures
    from cnnviz.graph.choose import choose
    from cnnviz.model import load_model
    from cnnviz.model.receptive import receptive_fields
    from cnnviz.report.receptive_choice import chosen_units, growth_rows, usual_layers

    if filter is not None and not effective:
        raise SpecError("--filter is whose gradient is taken", hint="add --effective")
    with clock.timed(model["spec"]):
        net = load_model(**model).preprocessed_by(**preprocess)
        names = choose(net.graph, layers) if layers else usual_layers(net.graph)
        units = chosen_units(net.graph, names, at, filter)

    def work(image: Image) -> ReceptiveFields:
        how: dict[str, Any] = {"effective": effective, "filter": filter}
        return receptive_fields(net, image, units, is_chosen=bool(layers), **how)

    return pictures.make(
        images,
        work,
        reading=reading,
        look=look,
        inputs=[path for path in (model["spec"], model["weights"]) if path],
        key="layers",
        text=pictures.headed,
        facts=network.facts(net, model) | {"growth": growth_rows(net.graph)},
        **writing,
    )
