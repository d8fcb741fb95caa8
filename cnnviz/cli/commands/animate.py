"""Slide the window over your image as the map fills: a GIF.

The window is a kernel's (--kernel, repeatable: a map each), that of a pooling (--pool), or that of
a layer inside a network (--model, --layer), over its real input and with its trained weights; a
transposed convolution lays its stamps. Products and sum are those of each place. Where there are
more places than frames, the picture says which are shown. As PNG or SVG it is the last frame.

\b
Examples:
  cnnviz animate matrix.csv --kernel "1 0 1; 0 1 0; 1 0 1"
  cnnviz animate photo.jpg --kernel sobel-x --kernel sobel-y --padding same
  cnnviz animate photo.jpg --pool max --region 20,10,12,12 --theme dark
  cnnviz animate digit.png --model lenet5 --layer c3 --filter 4 --frames 60
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from cnnviz.cli import options, subjects, words
from cnnviz.cli.option import after, option
from cnnviz.cli.option import command as declare

if TYPE_CHECKING:
    from collections.abc import Callable

    from cnnviz.images import Image
    from cnnviz.model.model import Model
    from cnnviz.report.result import Result

_KERNELS = {
    "multiple": True,
    "help": 'A name (gaussian:7,2), a matrix ("1 0 -1; 2 0 -2") or a file. Repeatable.',
}
_LAYER = {"help": "A layer of --model: convolution (transposed too), dense or pooling."}


@declare("animate", __doc__)
@words.images
@subjects.what(kernel=_KERNELS, layer=_LAYER)
@option(
    "--frames",
    type=click.IntRange(10, 1000),
    default=120,
    section="What",
    label=after("frames"),
    metavar="N",
    help="Frames at most: of more places some are shown.",
)
@subjects.how
@options.style
@options.reading
@options.writing
def command(
    images: tuple[str, ...],
    what: dict[str, Any],
    frames: int,
    how: dict[str, Any],
    look: dict[str, Any],
    reading: dict[str, Any],
    writing: dict[str, Any],
) -> int:
    """Find out what moves first: what is wrong there needs no image."""
    from cnnviz.cli import pictures

    def of_layer(net: Model, layer: str, filter: int | None) -> Callable[[Image], Result]:
        from cnnviz.model import explain, stamps

        node = explain.find(net, layer, (*explain.KNOWN, stamps.KIND))
        if type(node.layer).__name__ == stamps.KIND:
            return lambda image: stamps.layer_stamps(net, image, node.name, filter, most=frames)
        return lambda image: explain.layer_explanation(net, image, node.name, (), filter)

    works, inputs = subjects.subject(what, how, reading, of_layer=of_layer)

    def moving(image: Image) -> Result:
        from cnnviz.report.sliding import sliding
        from cnnviz.report.stamps import Stamping

        found = [work(image) for work in works]
        return found[0] if isinstance(found[0], Stamping) else sliding(found, frames)

    return pictures.make(
        images,
        moving,
        reading=reading,
        look=look,
        key="animations",
        inputs=inputs,
        animated=True,
        **writing,
    )
