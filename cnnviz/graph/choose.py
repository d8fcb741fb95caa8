"""Nodes by what a user calls them: the exact name, else a glob."""

from __future__ import annotations

from collections.abc import Sequence

from cnnviz.errors import SpecError, unknown_name
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
            raise _unknown(pattern, names)
        found |= own
    return tuple(name for name in names if name in found or not patterns)


def _unknown(pattern: str, names: Sequence[str]) -> SpecError:
    error = unknown_name("layer", pattern, names)
    begun = [name for name in names if pattern and name.startswith(pattern)]
    return SpecError(error.message, hint=f'did you mean "{pattern}*"?') if begun else error
