"""Show what each layer of a network makes of images.

Every layer gets a picture: its maps, the image as the network sees it, what one value sees of that,
ranges, zeros and dead maps. They go to a folder in cnnviz-out/ unless -o says where, with an
overview and a page that lists them. A single -o FILE gets the overview, or the layer if one is
chosen; "{stem}-{layer}.svg" is a file a layer.

A model is a built-in name (see "cnnviz models"), a spec file (.toml, .json), or layers in Keras's
own words. Without --weights it has those in the box, where "cnnviz models" shows some, else random
ones, and every picture says so.

\b
Examples:
  cnnviz features photo.jpg --model lenet5
  cnnviz features photo.jpg --model lenet5 --layer "c*" --layer output
  cnnviz features photo.jpg --model "Conv2D(kernels=['edge'])" --input 60x90
  cnnviz features photo.jpg --model lenet5 --layer s2 --show -o s2.npy
  cnnviz features photo.jpg --model lenet5 -o overview.svg -o maps.npz
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from cnnviz.cli import network, options, words
from cnnviz.cli.option import after, option
from cnnviz.cli.option import command as declare
from cnnviz.errors import SpecError

if TYPE_CHECKING:
    from cnnviz.images import Image
    from cnnviz.model import Model
    from cnnviz.report.features import FeatureSet

_SINGLE = ("npy", "csv", "txt")  # formats that hold one array


@declare("features", __doc__)
@words.images
@network.weights_of_images
@network.preprocessing
@network.layers
@option(
    "--page",
    type=click.IntRange(min=1),
    section="Layers",
    label=after("page"),
    metavar="N",
    help="Show the Nth 64 maps of each layer (or its last ones), instead of an even sample.",
)
@option(
    "--sort",
    type=click.Choice(["index", "mean", "max"]),
    default="index",
    section="Layers",
    label=after("sort-", str),
    help="Order of the maps: as stored, or the largest mean or maximum first.",
)
@options.style_of_kernels
@options.reading
@options.writing
def command(
    images: tuple[str, ...],
    model: dict[str, Any],
    preprocess: dict[str, Any],
    layers: tuple[str, ...],
    page: int | None,
    sort: str,
    look: dict[str, Any],
    reading: dict[str, Any],
    writing: dict[str, Any],
) -> int:
    """Load the network and choose its layers first: what is wrong there needs no image."""
    from cnnviz.cli import clock, pictures
    from cnnviz.graph.choose import choose
    from cnnviz.model import load_model
    from cnnviz.model.features import features
    from cnnviz.report.features import check_page

    with clock.timed(model["spec"]):
        net = load_model(**model).preprocessed_by(**preprocess)
    chosen = choose(net.graph, layers)
    check_page(net.graph, chosen, page)
    for target in writing["targets"]:
        if target.format in _SINGLE and len(chosen) > 1:
            hint = "use .npz, or choose one with --layer"
            raise SpecError(
                f"a .{target.format} file holds one layer, not {len(chosen)}", hint=hint
            )

    def work(image: Image) -> FeatureSet:
        return features(net, image, chosen, leave_out=not layers, page=page, sort=sort)

    return pictures.make(
        images,
        work,
        reading=reading,
        look=look,
        inputs=[path for path in (model["spec"], model["weights"]) if path],
        parts=_files(net, chosen),
        text=pictures.headed,
        facts=network.facts(net, model),
        **writing,
    )


def _files(net: Model, chosen: tuple[str, ...]) -> dict[str, str]:
    """Return the names of the layers' files: their place in the network, and a safe word."""
    from cnnviz.cli.names import slug

    places = {node.name: number for number, node in enumerate(net.graph.nodes, 1)}
    digits = max(3, len(str(len(places))))
    return {name: f"{places[name]:0{digits}d}-{slug(name)}" for name in chosen}
