"""Connections in a terminal: a table of what layers cost, and their equations."""

from __future__ import annotations

from cnnviz.render.tables import DIM, HEAD, grouped, wrapped, written
from cnnviz.report.connections import Connections
from cnnviz.report.connections_chain import DensePart
from cnnviz.report.connections_words import noun, said

INDENT = 5  # of what goes on in a line of its own


def text(found: Connections | DensePart, *, width: int = 80, colour: bool = False) -> str:
    """Return the sentence, the table, and the equations or the steps.

    >>> from cnnviz.report.connections import connections
    >>> print(text(connections(4, 2, ["dense", "conv"])).splitlines()[0])
     4 inputs: dense layer 10 parameters, 1-D convolution 4
    """
    from rich.text import Text

    parts = [written(wrapped(found.headline(), width, HEAD), width, colour)]
    parts.append(grouped(found.report(), width=width, colour=colour))
    if isinstance(found, DensePart):
        lines = [line for step in found.words() for line in wrapped(step, width, "")]
        parts.append(written(lines, width, colour))
    else:
        for one in found.wirings:
            lines = wrapped(f"{noun(one)}: {said(one)}", width, DIM)
            for equation in one.some_equations(values=found.with_values):
                name, *rest = equation.split(" = ", 2)
                for symbols in rest:
                    first, *more = wrapped(f"{name} = {symbols}", width - INDENT, "")
                    lines += [first, *(Text(" " * INDENT) + line for line in more)]
                    name = "  "
                lines += [] if rest else wrapped(name, width, DIM)
            parts.append(written(lines, width, colour))
    return "\n\n".join(part.strip("\n") for part in parts if part) + "\n"
