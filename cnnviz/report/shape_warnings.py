"""What a shape report warns of: pixels that no layer reads, fields without use, loose ends."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from cnnviz.geometry import times
from cnnviz.geometry.field import Field
from cnnviz.graph import INPUT, Graph
from cnnviz.graph.graph import dead_ends
from cnnviz.report.shape_columns import field_text
from cnnviz.report.shape_fields import data_of, exceeds
from cnnviz.report.shape_workings import unread

MOST = 3  # nodes that one warning names


def warnings_of(
    graph: Graph,
    fields: Mapping[str, Field | None],
    left: Mapping[str, Sequence[int]],
) -> Iterable[str]:
    """Yield the warnings, one line each.

    Parameters
    ----------
    graph : Graph
    fields : mapping
        The receptive field of each node and of the input; None where it is not known.
    left : mapping
        Cells an axis that a node's last window does not reach.
    """
    yield from _left_over(left)
    yield from _too_large(graph, fields)
    yield from _misfits(graph, fields)
    ends = dead_ends(graph)
    if ends:
        yield f"nothing takes {names(ends)}; the output is that of {graph.nodes[-1].name}"


def names(nodes: Sequence[str]) -> str:
    """Return a few names in words.

    >>> names(["a", "b", "c"]), names(["a", "b", "c", "d", "e"])
    ('a, b and c', 'a, b, c and 2 more')
    """
    shown = [*nodes] if len(nodes) <= MOST + 1 else [*nodes[:MOST], f"{len(nodes) - MOST} more"]
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)


def _left_over(left: Mapping[str, Sequence[int]]) -> Iterable[str]:
    """Yield one line for all nodes that leave the same number of rows and columns."""
    alike = defaultdict(list)
    for name, cells in left.items():
        if any(cells):
            alike[unread(cells)].append(name)
    for amount, nodes in alike.items():
        leave, its = ("leaves", "its") if len(nodes) == 1 else ("leave", "their")
        yield f"{names(nodes)} {leave} the last {amount} of {its} input unread"


def _too_large(graph: Graph, fields: Mapping[str, Field | None]) -> Iterable[str]:
    shapes = graph.shapes()
    for node in graph.nodes:
        field = fields[node.name]
        if field is not None and exceeds(field, shapes[node.name], graph.input_shape):
            size = times(field.size)
            yield f"from {node.name} on, the receptive field ({size}) is larger than the input"
            return


def _misfits(graph: Graph, fields: Mapping[str, Field | None]) -> Iterable[str]:
    """Yield the nodes at which branches meet that look at different places, the first few."""
    found = [text for node in graph.nodes if (text := _misfit(node.name, node.inputs, fields))]
    yield from found[:MOST]
    if len(found) > MOST:
        yield f"{len(found) - MOST} more nodes join branches that do not line up"


def _misfit(name: str, inputs: Sequence[str], fields: Mapping[str, Field | None]) -> str:
    met, above = fields[name], {one: fields[one] for one in inputs}
    known = [field for field in above.values() if field is not None and field.aligned]
    if len(known) < len(above) or len(known) < 2:
        return ""
    if met is not None:
        return "" if met.aligned else _sees(name, above)
    apart = any(field.stride != known[0].stride for field in known)
    return _sees(name, above) if apart else ""  # else they stand side by side


def _sees(name: str, above: Mapping[str, Field | None]) -> str:
    alike = defaultdict(list)
    for one, field in above.items():
        alike[field_text(data_of(field))].append("the input" if one == INPUT else one)
    each = [f"{names(nodes)} {'sees' if len(nodes) == 1 else 'see'} {text}"
            for text, nodes in alike.items()]  # fmt: skip
    shown = each if len(each) <= MOST + 1 else [*each[:MOST], "..."]
    return (
        f"{name} joins branches that do not line up: {', '.join(shown)} "
        "(receptive field: size/stride/start)"
    )
