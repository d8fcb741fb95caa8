"""Explain one output value, number by number.

Every product, sum, bias and activation. The value is one of a kernel's map (--kernel), of a
pooled image (--pool), or of a layer inside a
network (--model, --layer), which then has its real input and its trained weights. --at says which,
and may be repeated: the same kernel at two places. Without it, it is the strongest response.

\b
Examples:
  cnnviz explain photo.jpg --kernel edge --at 20,30
  cnnviz explain photo.jpg --kernel sobel-x --at 0,0 --at 9,30 --padding same
  cnnviz explain photo.jpg --pool max --size 3 --stride 2
  cnnviz explain photo.jpg --model lenet5 --layer c3 --filter 4
  cnnviz explain matrix.csv --kernel "1 0 1; 0 1 0; 1 0 1" --tiles
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cnnviz.cli import options, subjects, words
from cnnviz.cli.option import command as declare
from cnnviz.cli.option import fixed, option
from cnnviz.cli.types import PLACE

if TYPE_CHECKING:
    from cnnviz.images import Image
    from cnnviz.model.model import Model
    from cnnviz.report.explanation import Explanation


@declare("explain", __doc__)
@words.images
@subjects.what()
@option(
    "--at",
    type=PLACE,
    multiple=True,
    section="What",
    label=lambda place: f"at{place[0]},{place[1]}",
    metavar="ROW,COL",
    help="Place in the output. Repeatable.  [default: the strongest response]",
)
@option(
    "--tiles",
    is_flag=True,
    show_default=False,
    section="What",
    label=fixed("tiles"),
    help="Show all patches that the window visits, each with its sum.",
)
@subjects.how
@options.style
@options.reading
@options.writing
def command(
    images: tuple[str, ...],
    what: dict[str, Any],
    at: tuple[tuple[int, int], ...],
    tiles: bool,
    how: dict[str, Any],
    look: dict[str, Any],
    reading: dict[str, Any],
    writing: dict[str, Any],
) -> int:
    """Find out what is explained first: what is wrong there needs no image."""
    from cnnviz.cli import pictures

    def of_layer(net: Model, layer: str, filter: int | None) -> subjects.Work:
        from cnnviz.model.explain import find, layer_explanation

        name = find(net, layer).name
        return lambda image: layer_explanation(net, image, name, at, filter)

    (work,), inputs = subjects.subject(what, how, reading, of_layer=of_layer, at=at)

    def shown(image: Image) -> Explanation:
        from cnnviz.report.tiles import tiled

        return tiled(work(image)) if tiles else work(image)

    return pictures.make(
        images, shown, reading=reading, look=look, key="values", inputs=inputs, **writing
    )
