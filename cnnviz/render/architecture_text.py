"""The architecture of a network in a terminal."""

from __future__ import annotations

from cnnviz.geometry import times
from cnnviz.render.tables import DIM, HEAD, grouped, wrapped, written
from cnnviz.report.architecture import Architecture
from cnnviz.report.architecture_table import blocks_table, columns_table


def text(found: Architecture, *, width: int = 80, colour: bool = False) -> str:
    """Return the columns by part, the unfolded blocks, and what is to be said of both.

    >>> from cnnviz.model.load import load_graph
    >>> from cnnviz.report.architecture import architecture
    >>> print(text(architecture(load_graph("lenet5"))).splitlines()[0])
     lenet5: 2 convolutions and 2 poolings extract features, 3 dense layers classify
    """
    shape = times(found.report.head["input_shape"])
    head = [*wrapped(f"{found.subject}: {found.headline()}", width, HEAD)]
    parts = [written([*head, *wrapped(f"input {shape}", width, DIM)], width, colour)]
    parts.append(grouped(columns_table(found), key="part", width=width, colour=colour))
    if found.kinds:
        parts.append(grouped(blocks_table(found), key="block", width=width, colour=colour))
    told = [*found.truths(), *found.missing()]
    said = [line for text in told for line in wrapped(text, width, "")]
    parts.append(written(said, width, colour) if said else "")
    return "\n\n".join(part.strip("\n") for part in parts if part) + "\n"
