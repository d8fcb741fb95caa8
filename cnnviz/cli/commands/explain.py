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

import click

from cnnviz.cli import network, options, suggest, words
from cnnviz.cli.option import after, fixed, option
from cnnviz.cli.option import command as declare
from cnnviz.cli.types import PLACE
from cnnviz.errors import SpecError

if TYPE_CHECKING:
    from cnnviz.images import Image
    from cnnviz.report.explanation import Explanation

_OF_KERNELS = [
    *("padding", "border", "dilation_rate", "groups", "flip"),
    *("channels", "gray", "bias", "activation"),
]
_OF_POOLING = ["padding", "dilation_rate", "ceil_mode", "count_include_pad"]


@declare("explain", __doc__)
@words.images
@option(
    "--kernel",
    type=words.KERNEL,
    section="What",
    label=after("", str),
    metavar="KERNEL",
    help='A name (gaussian:7,2), a matrix ("1 0 -1; 2 0 -2") or a file.',
)
@option(
    "--pool",
    type=words.POOLING,
    section="What",
    label=after("", str),
    metavar="TYPE",
    help="max, average, min, lp:P, global-max or global-average.",
)
@option(
    "--layer",
    type=suggest.Text(suggest.layers),
    section="What",
    label=after("", str),
    metavar="NAME",
    help="A layer of --model: convolution, dense or pooling.",
)
@option(
    "--filter",
    type=click.IntRange(min=0),
    section="What",
    label=after("f"),
    metavar="N",
    help="Which of several maps, from 0.  [default: the strongest; of kernels the first]",
)
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
@words.window_size(help="Size of the window of --pool.")
@options.explaining
@network.explained
@network.preprocessing
@options.style
@options.reading
@options.writing
def command(
    images: tuple[str, ...],
    kernel: str | None,
    pool: str | None,
    layer: str | None,
    filter: int | None,
    at: tuple[tuple[int, int], ...],
    tiles: bool,
    pool_size: tuple[int, int],
    sliding: dict[str, Any],
    model: dict[str, Any],
    preprocess: dict[str, Any],
    look: dict[str, Any],
    reading: dict[str, Any],
    writing: dict[str, Any],
) -> int:
    """Find out what is explained first: what is wrong there needs no image."""
    from cnnviz.cli import pictures

    if sum(one is not None for one in (kernel, pool, model["spec"])) != 1:
        raise SpecError(
            "explain takes one of --kernel, --pool and --model", hint="try --kernel edge"
        )
    _check_given(kernel, pool)
    inputs: list[str] = []
    if kernel is not None:
        work, inputs = _of_kernel(kernel, filter, at, model["layout"], sliding, reading)
    elif pool is not None:
        own = {key: sliding[key] for key in ("strides", *_OF_POOLING)}
        work = _of_pooling(pool, filter, at, own | {"pool_size": pool_size})
    else:
        if layer is None:
            raise SpecError("--model needs --layer", hint="'cnnviz shapes' lists the layers")
        work = _of_layer(layer, filter, at, model, preprocess)
        inputs = [path for path in (model["spec"], model["weights"]) if path]

    def shown(image: Image) -> Explanation:
        from cnnviz.report.tiles import tiled

        return tiled(work(image)) if tiles else work(image)

    return pictures.make(
        images, shown, reading=reading, look=look, key="values", inputs=inputs, **writing
    )


def _check_given(kernel: str | None, pool: str | None) -> None:
    """Refuse options that belong to another way of saying what is explained."""
    context = click.get_current_context()
    if kernel is not None:
        others = ["pool_size", "layer", "ceil_mode", "count_include_pad"]
    elif pool is not None:
        own = {*_OF_POOLING}
        others = ["layer", *(key for key in _OF_KERNELS if key not in own)]
    else:
        others = ["pool_size", "strides", *dict.fromkeys(_OF_KERNELS + _OF_POOLING)]
    if kernel is not None or pool is not None:
        others += ["settings", "input_shape", "weights", "match", "preset", "invert"]
    for param in context.command.params:
        source = context.get_parameter_source(param.name or "")
        if param.name in others and source is click.core.ParameterSource.COMMANDLINE:
            chosen = (
                "--kernel" if kernel is not None else "--pool" if pool is not None else "--model"
            )
            raise SpecError(f"{param.opts[0]} does not go with {chosen}", hint="leave it out")


def _of_kernel(
    text: str,
    filter: int | None,
    at: Any,
    layout: str | None,
    settings: dict[str, Any],
    reading: dict[str, Any],
) -> tuple[Any, list[str]]:
    from cnnviz.cli import clock
    from cnnviz.kernels import resolve
    from cnnviz.report.explained import kernel_explanation

    with clock.timed(text):
        kernels = resolve(text, layout)
    own = {key: settings[key] for key in ("strides", *_OF_KERNELS)}
    own["strides"] = own["strides"] or (1, 1)
    if own["gray"]:
        own["channels"] = "gray"
    own["gray"] = own["gray"] or "luma601"
    reading["gray"] = own["gray"] if own["channels"] == "gray" else None
    which, group = (filter or 0, 0) if len(kernels) > 1 else (0, filter or 0)
    if which >= len(kernels):
        raise SpecError(f"{text} has no filter {which}", hint=f"they are 0 to {len(kernels) - 1}")

    def work(image: Image) -> Explanation:
        return kernel_explanation(
            image.stored,
            kernels[which],
            at,
            name=image.name,
            is_photo=image.is_photo,
            group=group,
            **own,
        )

    return work, [kernels[which].source]


def _of_pooling(kind: str, filter: int | None, at: Any, settings: dict[str, Any]) -> Any:
    from cnnviz.report.explained import pooling_explanation

    def work(image: Image) -> Explanation:
        return pooling_explanation(
            image.pixels, kind, at, name=image.name, channel=filter, **settings
        )

    return work


def _of_layer(
    layer: str, filter: int | None, at: Any, model: dict[str, Any], preprocess: dict[str, Any]
) -> Any:
    from cnnviz.cli import clock
    from cnnviz.model import load_model
    from cnnviz.model.explain import find, layer_explanation

    with clock.timed(model["spec"]):
        net = load_model(**model).preprocessed_by(**preprocess)
    name = find(net, layer).name

    def work(image: Image) -> Explanation:
        return layer_explanation(net, image, name, at, filter)

    return work
