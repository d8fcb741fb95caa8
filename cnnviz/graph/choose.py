"""Nodes by what a user calls them: the exact name, else a glob."""

from __future__ import annotations

from collections.abc import Sequence

from cnnviz.errors import SpecError
from cnnviz.graph.graph import Graph


def choose(graph: Graph, patterns: Sequence[str]) -> tuple[str, ...]:
    """Return the names of the nodes that `patterns` mean, in the order of the graph; without, all.

    A pattern is a node's exact name, else a glob whose `*` and `?` also match `/`.

    Raises
    ------
    SpecError
        If a pattern means no node, with the nearest names.

    >>> from cnnviz import load_model
    >>> choose(load_model("vgg16").graph, ["pool*"])
    ('pool1', 'pool2', 'pool3', 'pool4', 'pool5')
    """
    from fnmatch import fnmatchcase

    names = [node.name for node in graph.nodes]
    found: set[str] = set()
    for pattern in patterns:
        own = {pattern} & set(names) or {n for n in names if fnmatchcase(n, pattern)}
        if not own:
            raise SpecError(f"layer {pattern!a} is not in {graph.name}", hint=_hint(pattern, names))
        found |= own
    return tuple(name for name in names if name in found or not patterns)


def _hint(pattern: str, names: list[str]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(pattern, names, n=3, cutoff=0.5)
    words = " or ".join(near) if near else ", ".join(names[:3]) + ", ..." * (len(names) > 3)
    return f"did you mean {words}?" if near else f"its layers are {words}"
