"""What every kind of spec says of a layer beside its settings: its name and what it takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cnnviz.contract import Layer
from cnnviz.errors import SpecError, bounded
from cnnviz.graph.graph import INPUT, Node
from cnnviz.graph.names import named


def connected(
    layers: Sequence[tuple[str | None, Layer]], takes: Sequence[tuple[str, ...] | None]
) -> tuple[Node, ...]:
    """Return layers as nodes, all of them named; one that states no inputs takes the one above."""
    nodes, last = [], INPUT
    for (own, layer), inputs in zip(named(layers), takes, strict=True):
        nodes.append(Node(own, layer, inputs or (last,)))
        last = own
    return tuple(nodes)


def inputs_of(value: Any, place: str) -> tuple[str, ...] | None:
    """Return what a layer takes from one name or a list of names; None where it states nothing."""
    if value is None:
        return None
    names = (value,) if isinstance(value, str) else value
    if not isinstance(names, tuple) or not names or not all(isinstance(n, str) for n in names):
        raise SpecError(
            f"{place}: inputs is not a list of layers", hint='write inputs = ["conv1", "conv2"]'
        )
    return names


def place_of(own: Any, number: int) -> str:
    """Return how messages call a layer: by its name if it has one that can be shown."""
    named = isinstance(own, str) and own and own.isprintable()
    return own[:100] if named else f"layer {number}"


def placed(error: SpecError, place: str, kind: str) -> SpecError:
    """Return an error that says which layer it is about."""
    about = "" if error.message.startswith("unknown layer") else f"{kind}: "
    return SpecError(f"{place}: {about}{bounded(error.message)}", hint=error.hint)
