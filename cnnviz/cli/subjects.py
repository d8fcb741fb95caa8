"""What `explain` and `animate` are of: a kernel's map, a pooled image, or a layer of a network."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial, wraps
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click

from cnnviz.cli import network, options, suggest, words
from cnnviz.cli.option import after, group
from cnnviz.errors import SpecError

if TYPE_CHECKING:
    from cnnviz.images import Image
    from cnnviz.model.model import Model
    from cnnviz.report.explanation import Explanation
    from cnnviz.report.result import Result

Command = TypeVar("Command", bound=Callable[..., Any])
Place = tuple[int, int]
Work = Callable[["Image"], "Explanation"]
OfLayer = Callable[["Model", str, "int | None"], Callable[["Image"], "Result"]]

OF_KERNELS = [
    *("padding", "border", "dilation_rate", "groups", "flip"),
    *("channels", "gray", "bias", "activation"),
]
OF_POOLING = ["padding", "dilation_rate", "ceil_mode", "count_include_pad"]
_SECTION: dict[str, Any] = {"section": "What"}
# By the keyword of `what` that each is.
OPTIONS: dict[str, tuple[tuple[str, ...], dict[str, Any]]] = {
    "kernel": (
        ("--kernel",),
        _SECTION
        | {
            "type": words.KERNEL,
            "label": after("", str),
            "metavar": "KERNEL",
            "help": 'A name (gaussian:7,2), a matrix ("1 0 -1; 2 0 -2") or a file.',
        },
    ),
    "pool": (
        ("--pool",),
        _SECTION
        | {
            "type": words.POOLING,
            "label": after("", str),
            "metavar": "TYPE",
            "help": "max, average, min, lp:P, global-max or global-average.",
        },
    ),
    "layer": (
        ("--layer",),
        _SECTION
        | {
            "type": suggest.Text(suggest.layers),
            "label": after("", str),
            "metavar": "NAME",
            "help": "A layer of --model: convolution, dense or pooling.",
        },
    ),
    "filter": (
        ("--filter",),
        _SECTION
        | {
            "type": click.IntRange(min=0),
            "label": after("f"),
            "metavar": "N",
            "help": "Which of several maps, from 0.  [default: the strongest; of kernels the "
            "first]",
        },
    ),
}
what = partial(group, OPTIONS, "what", "kernel", "pool", "layer", "filter")
_HOW = ("pool_size", "sliding", "model", "preprocess")


def how(function: Command) -> Command:
    """Give a command the options of the window, of the values and of the network as `how`."""

    @wraps(function)
    def gathered(*args: Any, **values: Any) -> Any:
        return function(*args, how={key: values.pop(key) for key in _HOW}, **values)

    decorated: Any = network.explained(network.preprocessing(gathered))
    decorated = words.window_size(help="Size of the window of --pool.")(
        options.explaining(decorated)
    )
    command: Command = decorated
    return command


class Subject(NamedTuple):
    """What a command line names, checked before an image is read.

    `works` make what is shown of one map each (of several kernels there are several), an
    explanation; of a layer what the command says. `inputs` are files that are read.
    """

    works: tuple[Callable[[Image], Any], ...]
    inputs: list[str]


def subject(
    what: dict[str, Any],
    how: dict[str, Any],
    reading: dict[str, Any],
    *,
    of_layer: OfLayer,
    at: Sequence[Place] = (),
) -> Subject:
    """Return what is to be shown, at the places `at`; `reading` learns whether it is gray.

    Raises
    ------
    SpecError
        If none or several are named, or options do not go with it.
    """
    pool_size, sliding, model, preprocess = (how[key] for key in _HOW)
    given, pool, filter = what["kernel"], what["pool"], what["filter"]
    kernels = given if isinstance(given, tuple) else () if given is None else (given,)
    if bool(kernels) + (pool is not None) + (model["spec"] is not None) != 1:
        if what["layer"] is not None and not kernels and pool is None:
            raise SpecError("--layer needs --model", hint="such as --model lenet5")
        name = click.get_current_context().info_name
        raise SpecError(
            f"{name} takes one of --kernel, --pool and --model", hint="try --kernel edge"
        )
    _check_given("--kernel" if kernels else "--model" if pool is None else "--pool")
    if kernels:
        found = [_of_kernel(k, filter, at, model["layout"], sliding, reading) for k in kernels]
        return Subject(tuple(work for work, _ in found), [source for _, source in found])
    if pool is not None:
        own = {key: sliding[key] for key in ("strides", *OF_POOLING)}
        return Subject((_of_pooling(pool, filter, at, own | {"pool_size": pool_size}),), [])
    if what["layer"] is None:
        raise SpecError("--model needs --layer", hint="'cnnviz shapes' lists the layers")
    inputs = [path for path in (model["spec"], model["weights"]) if path]
    return Subject((of_layer(_loaded(model, preprocess), what["layer"], filter),), inputs)


def _check_given(chosen: str) -> None:
    """Refuse options that belong to another way of saying what is shown."""
    context = click.get_current_context()
    if chosen == "--kernel":
        others = ["pool_size", "layer", "ceil_mode", "count_include_pad"]
    elif chosen == "--pool":
        others = ["layer", *(key for key in OF_KERNELS if key not in OF_POOLING)]
    else:
        others = ["pool_size", "strides", *dict.fromkeys(OF_KERNELS + OF_POOLING)]
    if chosen != "--model":
        others += ["settings", "input_shape", "weights", "match", "preset", "invert"]
    for param in context.command.params:
        source = context.get_parameter_source(param.name or "")
        if param.name in others and source is click.core.ParameterSource.COMMANDLINE:
            raise SpecError(f"{param.opts[0]} does not go with {chosen}", hint="leave it out")


def _of_kernel(
    text: str,
    filter: int | None,
    at: Any,
    layout: str | None,
    settings: dict[str, Any],
    reading: dict[str, Any],
) -> tuple[Work, str]:
    """Return what explains a kernel's map, and where the kernel is from."""
    from cnnviz.cli import clock
    from cnnviz.kernels import resolve
    from cnnviz.report.explained import kernel_explanation

    with clock.timed(text):
        kernels = resolve(text, layout)
    own = {key: settings[key] for key in ("strides", *OF_KERNELS)}
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

    return work, kernels[which].source


def _of_pooling(kind: str, filter: int | None, at: Any, settings: dict[str, Any]) -> Work:
    from cnnviz.report.explained import pooling_explanation

    def work(image: Image) -> Explanation:
        return pooling_explanation(
            image.pixels,
            kind,
            at,
            name=image.name,
            is_photo=image.is_photo,
            channel=filter,
            **settings,
        )

    return work


def _loaded(model: dict[str, Any], preprocess: dict[str, Any]) -> Model:
    from cnnviz.cli import clock
    from cnnviz.model import load_model

    with clock.timed(model["spec"]):
        return load_model(**model).preprocessed_by(**preprocess)
