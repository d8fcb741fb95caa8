"""Spec files: TOML and JSON to a graph, and a graph to TOML that reads back the same."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from cnnviz.errors import SpecError, unknown_name
from cnnviz.graph.connect import connected, inputs_of, place_of, placed
from cnnviz.graph.graph import INPUT, MAX_NODES, Graph, Node
from cnnviz.graph.inline import Find
from cnnviz.graph.settings import build, settings_of
from cnnviz.graph.values import MAX_DEPTH, plain, shown

MAX_BYTES = 2**20
FIELDS = ("name", "input_shape", "labels", "preprocess", "layers")
# What a layer's table states beside its settings.
BESIDE = ("type", "name", "inputs")

# A key of many dotted parts costs tomllib time that grows with the square of their number.
_LONG_KEY = re.compile(r"""(?<![\w-])(?:(?:[\w-]+|"[^"\n]*"|'[^'\n]*')[ \t]*\.[ \t]*){9}""")


def read_document(
    data: bytes, find: Find, *, kind: str, name: str, input_shape: tuple[int, ...] | None = None
) -> Graph:
    """Return the graph that a spec file describes.

    Parameters
    ----------
    data : bytes
        The whole file.
    find : callable
        Returns the layer class of a name.
    kind : {"toml", "json"}
    name : str
        The model's name if the file states none.
    input_shape : tuple of int, optional
        Goes before what the file says.

    Raises
    ------
    SpecError
        If the file is too large or cannot be read, or a field is unknown or wrong.

    Examples
    --------
    >>> from cnnviz.layers import find
    >>> data = b'{"input_shape": [784], "layers": [{"type": "Dense", "units": 10}]}'
    >>> read_document(data, find, kind="json", name="digits").shapes()
    {'input': (784,), 'dense1': (10,)}
    """
    if len(data) > MAX_BYTES:
        raise SpecError(f"the spec is larger than {MAX_BYTES // 2**20} MiB")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SpecError(f"the spec is not UTF-8 text (byte {error.start})") from None
    fields = _json(text) if kind == "json" else _toml(text)
    if not isinstance(fields, dict):
        raise SpecError("the spec is not a table of fields", hint=f"it takes {', '.join(FIELDS)}")
    for field in fields:
        if field not in FIELDS:
            raise unknown_name("field", field, FIELDS)
    shape = input_shape or plain(fields.get("input_shape"), "input_shape")
    if not isinstance(shape, tuple):
        raise SpecError("input_shape is missing or no list", hint="write input_shape = [28, 28, 1]")
    preprocess = plain(fields.get("preprocess"), "preprocess")
    if preprocess is not None and not isinstance(preprocess, dict):
        raise SpecError("preprocess is not a table")
    title = plain(fields.get("name", name), "name")
    return Graph(title, _nodes(fields.get("layers"), find), shape, preprocess, _labels(fields))


def to_toml(graph: Graph) -> str:
    """Return the graph as the text of a spec file, each layer with its fewest settings.

    >>> from cnnviz.model import zoo
    >>> print(to_toml(zoo.build("lenet5")).splitlines()[0])
    name = "lenet5"
    """
    lines = [f"name = {_value(graph.name)}", f"input_shape = {_value(graph.input_shape)}"]
    if graph.labels:
        lines += ["labels = [", *(f"  {_value(label)}," for label in graph.labels), "]"]
    if graph.preprocess is not None:
        lines += ["", "[preprocess]"]
        lines += [f"{_key(key)} = {_value(value)}" for key, value in graph.preprocess.items()]
    last = INPUT
    for node in graph.nodes:
        lines += ["", "[[layers]]", f"type = {_value(type(node.layer).__name__)}"]
        lines += [f"name = {_value(node.name)}"]
        if node.inputs != (last,):
            lines += [f"inputs = {_value(node.inputs)}"]
        lines += [f"{_key(key)} = {_value(v)}" for key, v in settings_of(node.layer).items()]
        last = node.name
    return "\n".join(lines) + "\n"


def _nodes(tables: Any, find: Find) -> tuple[Node, ...]:
    if not isinstance(tables, list) or not tables:
        raise SpecError("the spec has no layers", hint='write [[layers]] and type = "Conv2D"')
    if len(tables) > MAX_NODES:
        raise SpecError(f"the spec has more than {MAX_NODES} layers")
    layers, takes = [], []
    for number, table in enumerate(tables, 1):
        place = place_of(table.get("name") if isinstance(table, dict) else None, number)
        if not isinstance(table, dict) or not isinstance(table.get("type"), str):
            raise SpecError(f"{place}: type is missing or no text", hint='write type = "Conv2D"')
        settings = {key: plain(value, f"{place}: {_shown(key)}") for key, value in table.items()}
        kind, own, inputs = (settings.pop(key, None) for key in BESIDE)
        takes.append(inputs_of(inputs, place))
        try:
            layers.append((own, build(find(kind), (), settings, beside=BESIDE)))
        except SpecError as error:
            raise placed(error, place, kind) from error
    return connected(layers, takes)


def _shown(key: str) -> str:
    return key if key.isidentifier() and len(key) < 60 else shown(key)


def _labels(fields: Mapping[str, Any]) -> tuple[str, ...]:
    labels = plain(fields.get("labels", ()), "labels")
    if labels != () and not (_is_texts(labels) and all(text.isprintable() for text in labels)):
        raise SpecError("labels is not a list of printable texts")
    return tuple(labels)


def _is_texts(value: Any) -> bool:
    return isinstance(value, tuple) and bool(value) and all(isinstance(v, str) for v in value)


def _toml(text: str) -> Any:
    import tomllib

    if _LONG_KEY.search(text):
        raise SpecError("the spec has a key of more than eight dotted parts")
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise SpecError(f"the spec is not TOML: {_reason(error)}") from None


def _json(text: str) -> Any:
    import json

    try:
        return json.loads(text, object_pairs_hook=_unique)
    except SpecError:
        raise
    except (ValueError, RecursionError) as error:
        raise SpecError(f"the spec is not JSON: {_reason(error)}") from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for key, value in pairs:
        if key in fields:
            raise SpecError(f"the spec states {key[:60]!a} twice")
        fields[key] = value
    return fields


def _reason(error: Exception) -> str:
    text = f"nested more than {MAX_DEPTH} deep" if isinstance(error, RecursionError) else str(error)
    return ascii(text)[1:-1][:120]


def _value(value: Any) -> str:
    import json

    if isinstance(value, dict):
        return "{" + ", ".join(f"{_key(key)} = {_value(v)}" for key, v in value.items()) + "}"
    if isinstance(value, tuple):
        return "[" + ", ".join(map(_value, value)) + "]"
    # What is left, numbers, truth values and text, JSON writes as TOML reads it.
    return json.dumps(value, ensure_ascii=not str(value).isprintable())


def _key(key: str) -> str:
    return key if re.fullmatch(r"[\w-]+", key, re.ASCII) else _value(key)
