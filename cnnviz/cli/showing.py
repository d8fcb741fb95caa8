"""`--show`: a result as a small picture in the terminal, or why there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING, TextIO

from cnnviz.cli import streams
from cnnviz.render.terminal import colours, size, why_no_picture

if TYPE_CHECKING:
    from cnnviz.render import Look
    from cnnviz.report.result import Result

MOST = 400, 120  # columns and lines of a picture in a terminal, whatever its size
PROMPT = 2  # lines that follow it: what was written, and the prompt


def picture(result: Result, look: Look, stream: TextIO, *, no_color: bool) -> str | None:
    """Return a result drawn for the terminal behind `stream`; None once it is said why not."""
    from cnnviz import render

    depth = colours(stream, no_color=no_color)
    if depth is None:
        why = why_no_picture(stream, no_color=no_color)
        streams.say(f"cnnviz: --show draws nothing: {why}")
        return None
    columns, lines = size(stream)
    room = {"columns": min(columns, MOST[0]), "lines": min(lines, MOST[1]) - PROMPT}
    return render.show(result, look, colours=depth, **room)
