"""Two signals and what one makes of the other, in a terminal."""

from __future__ import annotations

from cnnviz.render.tables import DIM, HEAD, grouped, wrapped, written
from cnnviz.report.result import Result
from cnnviz.report.signal import Sliding
from cnnviz.report.signal_table import table


def text(found: Sliding, said: Result, *, width: int = 80, colour: bool = False) -> str:
    """Return the three as a table, and the lines of what is shown of them.

    >>> from cnnviz.report.signal import slide
    >>> from cnnviz.signals import resolve
    >>> found = slide(resolve("1 2 3"), resolve("0 1 0.5"), at=[2])
    >>> print(text(found, found).splitlines()[-3])
     y[2] = 1*0.5 + 2*1 + 3*0 = 2.5
    """
    head = f"{found.operation}, {', '.join(found.settings)}: {found.orientation}"
    lines = list(said.lines(width))
    parts = [
        written(wrapped(head, width, HEAD), width, colour),
        grouped(table(found), width=width, colour=colour),
        written(
            [
                line
                for place, each in enumerate(lines)
                for line in wrapped(each, width, "" if place < 2 else DIM)
            ],
            width,
            colour,
        ),
    ]
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"
