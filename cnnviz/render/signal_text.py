"""Two signals and what one makes of the other, in a terminal."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from cnnviz.render.tables import DIM, HEAD, grouped, wrapped, written
from cnnviz.render.terminal import escape
from cnnviz.report.result import Result
from cnnviz.report.signal import Sliding
from cnnviz.report.signal_table import table

if TYPE_CHECKING:
    from rich.text import Text

MAIN = 2  # lines that are not dimmed: the formula and the first value


def text(found: Sliding, said: Result, *, width: int = 80, colour: bool = False) -> str:
    """Return the three as a table, and the lines of what is shown of them.

    >>> from cnnviz.report.signal import slide
    >>> from cnnviz.signals import resolve
    >>> found = slide(resolve("1 2 3"), resolve("0 1 0.5"), at=[2])
    >>> print(text(found, found).splitlines()[-2])
     y[2] = 1*0.5 + 2*1 + 3*0 = 2.5
    """
    head = f"{found.operation}, {', '.join(found.settings)}: {found.orientation}"
    report = table(found)
    rows = tuple({**row, "what": escape(row["what"])} for row in report)
    shown: list[Text] = []
    for place, line in enumerate(said.lines(width)):
        shown += wrapped(escape(line), width, "" if place < MAIN else DIM)
    parts = [
        written(wrapped(head, width, HEAD), width, colour),
        grouped(replace(report, rows=rows), width=width, colour=colour),
        written(shown, width, colour),
    ]
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"
