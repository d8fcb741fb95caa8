"""Every shared option, declared once.

`OPTIONS` maps a keyword of a core function to the flag and type of its option. A group of them
reaches a command as one dictionary, which the function takes as it is: `@convolution` gives
`settings`, for `convolve(image, kernels, **settings)`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, wraps
from typing import Any, TypeVar

import click

from cnnviz.cli import suggest, types
from cnnviz.cli.option import after, fixed, group, listed, sized

Command = TypeVar("Command", bound=Callable[..., Any])
OPTIONS: dict[str, tuple[tuple[str, ...], dict[str, Any]]] = {}


def _declare(section: str, keyword: str, flags: str, help: str, **attributes: Any) -> None:
    OPTIONS[keyword] = tuple(flags.split()), {"section": section, "help": help} | attributes


def _flag(section: str, keyword: str, flags: str, help: str, **attributes: Any) -> None:
    _declare(section, keyword, flags, help, is_flag=True, show_default=False, **attributes)


def _choice(
    section: str, keyword: str, flags: str, help: str, names: str, **attributes: Any
) -> None:
    choice = click.Choice(names.split())
    _declare(section, keyword, flags, help, **{"type": choice, "label": str} | attributes)


def _activation(name: str) -> None:
    from cnnviz.ops.activations import activation

    activation(name)


def _colormap(name: str) -> None:
    from cnnviz.render.colormaps import colormap

    colormap(name)


_window, _window_flag = partial(_declare, "Window"), partial(_flag, "Window")
_size = {"type": types.SIZE, "default": "1", "metavar": "N|HxW"}
_window("strides", "--stride", "Step of the window.", label=after("s"), **_size)
_window(
    "padding",
    "--padding",
    "Cells added around the image: none; enough to keep its size (at stride 1); all that the "
    "kernel reaches; or a number.",
    type=types.PADDING,
    default="valid",
    metavar="valid|same|full|N|HxW|T,B,L,R",
    label=lambda value: value if isinstance(value, str) else "p" + listed(value),
)
_window(
    "dilation_rate",
    "--dilation",
    "Step between the cells that the window reads.",
    label=after("d"),
    **_size,
)
_window(
    "border",
    "--border",
    "What the padding holds: zero, edge, reflect, symmetric, wrap (as in numpy.pad) or a number.",
    type=types.BORDER,
    default="zero",
    metavar="NAME|NUMBER",
    label=after("border-", listed),
)
_window(
    "groups",
    "--groups",
    "Convolve the channels in N groups.",
    type=click.IntRange(min=1),
    default=1,
    metavar="N",
    label=after("g"),
)
_window_flag(
    "flip",
    "--flip",
    "True convolution, the kernel turned by 180 degrees; without it correlation, as in networks.",
    label=fixed("flip"),
)
_window_flag(
    "ceil_mode",
    "--ceil-mode",
    "Round the number of windows up: the last may reach past the edge.",
    label=fixed("ceil"),
)
_window_flag(
    "count_include_pad",
    "--count-include-pad",
    "Count padding cells in an average.",
    label=fixed("countpad"),
)

_values = "Values"
_choice(
    _values,
    "channels",
    "--channels",
    "Sum over the channels, as a conv layer does; the gray image; or each: R + G + B = sum.",
    "sum gray each",
    default="sum",
)
_choice(
    _values,
    "gray",
    "--gray",
    "Formula of the gray image; implies --channels gray.  [default: luma601]",
    "luma601 luma709 average linear",
)
_declare(
    _values,
    "bias",
    "--bias",
    "Added to every value.",
    type=types.NUMBER,
    default="0",
    metavar="NUMBER",
    label=after("bias"),
)
_declare(
    _values,
    "activation",
    "--activation",
    "Applied to every value, by its Keras name: relu, sigmoid, tanh, ...",
    type=types.Checked("name", _activation, suggest.activations),
    metavar="NAME",
    label=str,
)
_choice(
    _values,
    "combine",
    "--combine",
    "Join two maps to sqrt(x^2 + y^2), as the edge picture of sobel-x and sobel-y.",
    "magnitude",
)

_look, _look_flag, _look_choice = (partial(f, "Look") for f in (_declare, _flag, _choice))
_look_choice(
    "display",
    "--display",
    "How values become colours: linear around zero (signed), from smallest to largest, without "
    "signs, or clipped to 0-255; auto suits the values, and the figure says how.",
    "auto signed minmax abs clip",
    default="auto",
)
_look(
    "colormap",
    "--colormap",
    "Another colour map: gray, blue, red, orange, green, violet, slate, red-blue, slate-orange.",
    type=types.Checked("name", _colormap, suggest.colormaps),
    metavar="NAME",
    label=str,
)
_look_choice(
    "range",
    "--range",
    "Limits of the colours: each picture its own, or one for all.",
    "own shared",
    default="own",
    label=after("range-", str),
)
_look_flag("overlay", "--overlay", "Lay each map over the photo in gray.", label=fixed("overlay"))
_look(
    "peaks",
    "--peaks",
    "Mark the N strongest responses and show their patches.",
    type=click.IntRange(0, 99),
    default=0,
    metavar="N",
    label=after("peaks"),
)
_look_flag("plain", "--plain", "The maps alone, a pixel for each value.", label=fixed("plain"))
_look_choice("theme", "--theme", "Colours of the figure.", "light dark", default="light")
_look(
    "scale",
    "--scale",
    "Pixel density: 2 for print and high-density screens.",
    type=click.IntRange(1, 8),
    default=1,
    metavar="N",
    label=after("at"),
)

_read = partial(_declare, "Input")
_read(
    "region",
    "--region",
    "Use only this part: left, top, width and height in pixels.",
    type=types.REGION,
    metavar="X,Y,W,H",
    label=after("region", listed),
)
_read(
    "resize",
    "--resize",
    "Resize first: the longer side to N, or both sides.",
    type=types.RESIZE,
    metavar="N|WxH",
    label=after("resize", sized),
)
_read(
    "pixel_range",
    "--pixel-range",
    "The values that become 0 and 255; needed for float and 32-bit images.",
    type=types.RANGE,
    metavar="LO,HI",
    label=after("pixels", listed),
)
_choice(
    "Input",
    "alpha",
    "--alpha",
    "Transparency: laid on white, dropped, or kept as a channel.",
    "white drop channel",
    default="white",
    label=after("alpha-", str),
)
_read(
    "frame",
    "--frame",
    "Frame of an animation or page of a TIFF, from 0.",
    type=click.IntRange(min=0),
    default=0,
    metavar="N",
    label=after("frame"),
)

_bound = partial(_declare, "Limits")
_bound(
    "max_pixels",
    "--max-pixels",
    "Refuse images of more pixels.",
    type=click.IntRange(min=1),
    default=100_000_000,
    show_default="100 million",
    metavar="N",
)
_bound(
    "max_memory",
    "--max-memory",
    "Refuse what needs more memory at a time: bytes, or 500M, 2G, 2GiB.",
    type=types.BYTES,
    default="8G",
    metavar="BYTES",
)
_bound(
    "timeout",
    "--timeout",
    "Give up an image after so many seconds.",
    type=types.SECONDS,
    metavar="SECONDS",
)

_write_flag = partial(_flag, "Output")
_declare(
    "Output",
    "targets",
    "-o --output",
    "Where to write: the suffix, or FORMAT, picks the format; - is stdout. Repeatable.",
    type=types.OUTPUT,
    multiple=True,
    metavar="FILE|DIR/|FORMAT:-",
)
_write_flag("overwrite", "--overwrite", "Replace an existing output.")
_write_flag("as_json", "--json", "Print one JSON object instead of text.")
_write_flag("quiet", "-q --quiet", "Print nothing but errors and data.")
_write_flag("no_color", "--no-color", "No colours in the terminal.")
_write_flag("show", "--show", "Draw the pictures in the terminal too.")

_group = partial(group, OPTIONS)
convolution = _group(
    "settings",
    *("strides", "padding", "border", "dilation_rate", "groups", "flip"),
    *("channels", "gray", "bias", "activation", "combine"),
)
pooling = _group(
    "settings",
    *("strides", "padding", "dilation_rate", "ceil_mode", "count_include_pad"),
    strides={"default": None, "help": "Step of the window.  [default: its size]"},
)
# Of a kernel or of a pooling: what is not given depends on which.
explaining = _group(
    "sliding",
    *("strides", "padding", "border", "dilation_rate", "groups", "flip"),
    *("ceil_mode", "count_include_pad", "channels", "gray", "bias", "activation"),
    strides={"default": None, "help": "Step of the window.  [default: 1, of --pool its size]"},
)
# Of a layer without an image.
stepping = _group(
    "sliding",
    *("strides", "padding", "dilation_rate"),
    padding={
        "help": "Cells added around the inputs: none; so many that there are as many outputs "
        "(at stride 1); all that the kernel reaches; or a number."
    },
)
look = _group("look", "display", "colormap", "range", "overlay", "peaks", "plain", "theme", "scale")
style = _group("look", "theme", "scale")  # of figures that are not maps
style_of_kernels = _group("look", "range", "theme", "scale")


def limiting(function: Command, **changes: dict[str, Any]) -> Command:
    """Give a command the options of bounded memory and time, and run it within them.

    The time is that of every `clock.timed` block.
    """

    @wraps(function)
    def limited(*args: Any, limits: dict[str, Any], **values: Any) -> Any:
        from cnnviz.cli.clock import time_limit
        from cnnviz.files import byte_budget

        with byte_budget(limits["max_memory"]), time_limit(limits["timeout"]):
            return function(*args, **values)

    result: Any = _group("limits", "max_memory", "timeout", **changes)(limited)
    decorated: Command = result
    return decorated


def limiting_kernels(function: Command) -> Command:
    """Give a command that reads no image the same limits."""
    return limiting(function, timeout={"help": "Give up after so many seconds."})


def reading(function: Command) -> Command:
    """Give a command the options of reading an image as `reading`, and run it within its limits."""
    keywords = ("region", "resize", "pixel_range", "alpha", "frame", "max_pixels")
    decorated: Command = _group("reading", *keywords)(limiting(function))
    return decorated


writing = _group("writing", "targets", "overwrite", "as_json", "quiet", "no_color", "show")
printing = _group("writing", "targets", "overwrite", "as_json", "quiet", "no_color")
