"""Inline specs in Keras's own words: `"Conv2D(16, (3, 3)) MaxPool2D(2) Flatten() Dense(10)"`.

The text is data: calls are cut apart by a scan, each is parsed into a syntax tree and its
arguments must be literals. Nothing is evaluated or imported.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from cnnviz.contract import Layer
from cnnviz.errors import SpecError, shortened
from cnnviz.geometry import Shape
from cnnviz.graph.connect import connected, inputs_of, place_of, placed
from cnnviz.graph.graph import MAX_NODES, Graph
from cnnviz.graph.settings import build
from cnnviz.graph.values import parse, plain, shown

MAX_TEXT = 100_000
MAX_BRACKETS = 8

Find = Callable[[str], type[Layer]]

# Between layers: blanks, commas, bars and arrows. A pasted `layers.Conv2D` counts as `Conv2D`.
_BETWEEN = re.compile(r"(?:[\s,;|]|->)*")
_NAME = re.compile(r"(?:[A-Za-z_]\w{0,60}\.){0,4}([A-Za-z_]\w{0,60})[ \t]*", re.ASCII)
_PIECE = re.compile(r"""'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|[][(){}]|[^][(){}'"]+""")
_INPUTS = ("Input", "InputLayer")


def read_inline(
    text: str, find: Find, *, input_shape: Shape | None = None, name: str | None = None
) -> Graph:
    """Return the graph that an inline spec describes.

    Parameters
    ----------
    text : str
        Layers in order, each taking the one above unless `inputs="…"` or a list names others.
        `name="…"` in a call names its node; `Input((H, W, C))` or an `input_shape=` in the first
        call gives the input's shape.
    find : callable
        Returns the layer class of a name.
    input_shape : tuple of int, optional
        Goes before what the text says.
    name : str, optional
        That of its first and last layer otherwise, `Conv2D-...-Dense`.

    Raises
    ------
    SpecError
        If the text cannot be read, with the layer and what is wrong with it.

    Examples
    --------
    >>> from cnnviz.layers import find
    >>> text = "Conv2D(8, 3, name='stem') MaxPool2D(2)"
    >>> [node.name for node in read_inline(text, find, input_shape=(28, 28, 1)).nodes]
    ['stem', 'pool1']
    """
    if len(text) > MAX_TEXT:
        raise SpecError(f"the inline spec is longer than {MAX_TEXT} characters")
    stated: Any = None
    layers: list[tuple[str | None, Layer]] = []
    takes: list[tuple[str, ...] | None] = []
    for place, (kind, call) in enumerate(_calls(text)):
        if len(layers) == MAX_NODES:
            raise SpecError(f"the inline spec has more than {MAX_NODES} layers")
        args, settings = _arguments(kind, call)
        if kind in _INPUTS and place == 0:
            stated = _input(kind, args, settings)
            continue
        if not layers:
            stated = settings.pop("input_shape", stated)
        own = settings.pop("name", None)
        where = place_of(own, len(layers) + 1)
        takes.append(inputs_of(settings.pop("inputs", None), where))
        try:
            layers.append((own, build(find(kind), args, settings, beside=("name", "inputs"))))
        except SpecError as error:
            raise placed(error, where, kind) from error
    if not layers:
        raise SpecError("the inline spec has no layers", hint='write "Conv2D(16, 3) Flatten()"')
    shape = input_shape or stated
    if shape is None:
        raise SpecError(
            "the inline spec has no input shape",
            hint="give --input HxWxC or begin with Input((28, 28, 1))",
        )
    if not isinstance(shape, tuple):
        raise SpecError(f"input_shape {shortened(ascii(shape))} is not (H, W, C)")
    return Graph(name or _named([layer for _, layer in layers]), connected(layers, takes), shape)


def _named(layers: list[Layer]) -> str:
    """Return what to call a network that has no name: its layers, or the first and the last."""
    kinds = [type(layer).__name__ for layer in layers]
    return "-".join(kinds if len(kinds) <= 2 else [kinds[0], "...", kinds[-1]])


def _calls(text: str) -> Iterator[tuple[str, str]]:
    """Yield each layer's name and its arguments with their brackets."""
    at = _BETWEEN.match(text).end()  # type: ignore[union-attr]
    while at < len(text):
        name = _NAME.match(text, at)
        if name is None:
            raise SpecError(
                f"{shown(text[at:], 20)} in the inline spec is not a layer",
                hint="write layers as Conv2D(16, 3) Flatten()",
            )
        at = name.end()
        end = _closing(text, at) if text.startswith("(", at) else at
        yield name[1], text[at:end] or "()"
        at = _BETWEEN.match(text, end).end()  # type: ignore[union-attr]


def _closing(text: str, start: int) -> int:
    """Return the place behind the bracket that closes the one at `start`."""
    depth, at = 0, start
    while piece := _PIECE.match(text, at):
        at = piece.end()
        depth += (piece[0] in "([{") - (piece[0] in ")]}")
        if depth > MAX_BRACKETS:
            raise SpecError(f"{shown(text[start:], 20)} nests more than {MAX_BRACKETS} brackets")
        if depth == 0:
            return at
    raise SpecError(
        f"{shown(text[start:], 20)} in the inline spec is not closed",
        hint="check its brackets and quotes",
    )


def _arguments(kind: str, call: str) -> tuple[list[Any], dict[str, Any]]:
    import ast

    tree = parse(f"{kind}{call}", kind).body
    args = [plain(ast.literal_eval(value), kind) for value in tree.args]
    settings: dict[str, Any] = {}
    for keyword in tree.keywords:
        if keyword.arg is None or keyword.arg in settings:
            raise SpecError(f"{kind}: {keyword.arg or '**'} is given twice or is no setting")
        settings[keyword.arg] = plain(ast.literal_eval(keyword.value), f"{kind}: {keyword.arg}")
    return args, settings


def _input(kind: str, args: list[Any], settings: dict[str, Any]) -> Any:
    given = [*args, *(settings[key] for key in ("shape", "input_shape") if key in settings)]
    if len(given) != 1 or settings.keys() - {"shape", "input_shape", "name"}:
        raise SpecError(f"{kind} does not state one shape", hint="write Input((28, 28, 1))")
    return given[0]
