"""What if: a graph with one setting changed."""

from __future__ import annotations

from dataclasses import replace

from cnnviz.errors import SpecError, bounded, unknown_name
from cnnviz.graph.graph import Graph
from cnnviz.graph.settings import changed
from cnnviz.graph.values import setting, shown


def with_setting(graph: Graph, text: str) -> Graph:
    """Return the graph with a setting such as `conv1.strides=2` changed.

    Parameters
    ----------
    graph : Graph
    text : str
        `NODE.SETTING=VALUE`; the value is a literal, a size such as `3x3`, or a bare word.

    Raises
    ------
    SpecError
        If the node or the setting is unknown (with the nearest known), or the value is wrong.

    Examples
    --------
    >>> from cnnviz.model import zoo
    >>> with_setting(zoo.build("lenet5"), "c1.strides=2").shapes()["c1"]
    (14, 14, 6)
    """
    target, equals, value = text.partition("=")
    name, dot, field = target.strip().rpartition(".")
    if not (equals and dot and name and field):
        raise SpecError(f"setting {shown(text)} is not NODE.SETTING=VALUE")
    layers = {node.name: node.layer for node in graph.nodes}
    if name not in layers:
        raise unknown_name("layer", name, layers)
    if field in ("type", "name", "inputs"):
        raise SpecError(
            f"{name}: {field} is no setting of a layer", hint="change it in the text of the spec"
        )
    try:
        layer = changed(layers[name], field, setting(value, field))
    except SpecError as error:
        raise SpecError(f"{name}: {bounded(error.message)}", hint=error.hint) from error
    nodes = (replace(node, layer=layer) if node.name == name else node for node in graph.nodes)
    return replace(graph, nodes=tuple(nodes))


def alternatives(text: str) -> list[str]:
    """Return the settings that a list of values stands for: `c1.filters=4,16` is two.

    A comma within brackets or quotes belongs to the value.

    Raises
    ------
    SpecError
        If a value is missing, or there twice.

    >>> alternatives("c1.filters=4,16"), alternatives("c1.strides=(1, 2)")
    (['c1.filters=4', 'c1.filters=16'], ['c1.strides=(1, 2)'])
    """
    target, _, value = text.partition("=")
    values = [part.strip() for part in _parts(value)]
    if not all(values):
        raise SpecError(f"setting {shown(text)}: a value is missing")
    if len(set(values)) < len(values):
        raise SpecError(f"setting {shown(text)}: a value is there twice")
    return [f"{target.strip()}={value}" for value in values]


def _parts(text: str) -> list[str]:
    """Return what stands between the commas that are in no brackets and no quotes."""
    parts, depth, quote = [""], 0, ""
    for c in text:
        if quote:
            quote = "" if c == quote else quote
        elif c in "'\"":
            quote = c
        else:
            depth += (c in "([") - (c in ")]")
        if c == "," and not depth and not quote:
            parts.append("")
        else:
            parts[-1] += c
    return parts
