"""Say what a trained network takes images for.

A model is a built-in name (see "cnnviz models"), a spec file (.toml, .json), or layers in Keras's
own words; its weights are a file, or in the box, where "cnnviz models" shows some. What is done
to an image before the first layer is printed too. A table goes to stdout and, with -o, to .txt,
.md, .csv, .json, .tex or .html; a picture of each image to .png or .svg.

\b
Examples:
  cnnviz predict photo.jpg --model cifar-net
  cnnviz predict digit.png --model mnist.toml --weights mnist.pth
  cnnviz predict ink.jpg --model mnist.toml --weights mnist.pth --invert
  cnnviz predict digit.png --model mnist.toml --weights mnist.pth -o top.png
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from cnnviz.cli import network, options, suggest, words
from cnnviz.cli.option import after, fixed, option
from cnnviz.cli.option import command as declare

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnnviz.images import Image
    from cnnviz.report.prediction import Prediction
    from cnnviz.report.report import Report


@declare("predict", __doc__)
@words.images
@network.weights_of_images
@network.preprocessing
@option(
    "--top",
    type=click.IntRange(min=1),
    default=5,
    section="Classes",
    label=after("top"),
    metavar="N",
    help="How many classes to show.",
)
@option(
    "--labels",
    type=suggest.Text(files="file"),
    section="Classes",
    label=fixed("labels"),
    metavar="FILE",
    help="Names of the classes, one a line, in place of the model's own.",
)
@options.style
@options.reading
@options.printing
def command(
    images: tuple[str, ...],
    model: dict[str, Any],
    preprocess: dict[str, Any],
    top: int,
    labels: str | None,
    look: dict[str, Any],
    reading: dict[str, Any],
    writing: dict[str, Any],
) -> int:
    """Load the model once, then ask it about every image."""
    from cnnviz.cli import clock, listings
    from cnnviz.model import load_model
    from cnnviz.model.labels import labels_of
    from cnnviz.model.prediction import predict
    from cnnviz.render.tables import grouped
    from cnnviz.render.terminal import escape
    from cnnviz.report.prediction import table

    with clock.timed(model["spec"]):
        loaded = load_model(**model).preprocessed_by(**preprocess)
        loaded.check_predicts()
    classes = labels_of(loaded.graph, labels)

    def work(image: Image) -> Prediction:
        return predict(loaded, image, labels=classes, top=top)

    def lightened(one: Prediction) -> Prediction:
        return replace(one, seen=one.seen[:0])

    def report(found: Sequence[Prediction]) -> Report:
        return table(found, loaded.notes)

    def text(found: Sequence[Prediction], width: int, colour: bool) -> str:
        named = [replace(one, image=escape(one.image)) for one in found]
        rows = table(named, loaded.notes, grouped=True)
        return grouped(rows, key="image", width=width, colour=colour)

    facts = {"model": loaded.name, "weights": loaded.source, "notes": list(loaded.notes)}
    listing = listings.Listing(
        loaded.name, work, lightened, report, text, key="predictions", facts=facts
    )
    inputs = [path for path in (model["spec"], model["weights"], labels) if path]
    return listings.make(listing, images, reading=reading, look=look, inputs=inputs, **writing)
