"""Pictures of data: figures build a Scene, backends write it; no figure is drawn twice."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, cast

from cnnviz.errors import SpecError
from cnnviz.render.look import Look

if TYPE_CHECKING:
    from cnnviz.render.terminal import Colours
    from cnnviz.report.maps import MapSet
    from cnnviz.report.result import Result

__all__ = ["Look", "formats", "render", "show"]


def formats() -> tuple[str, ...]:
    """Return the picture formats, which are also their suffixes."""
    from cnnviz.render import backends

    return backends.formats()


def render(result: Result, format: str, look: Look | None = None) -> bytes:
    """Return the figure of `result` (with `plain` its bare maps) in a picture format.

    Raises
    ------
    SpecError
        If there is no such format, or the look asks for what the maps do not have.
    """
    look = look or Look()
    _check_memory(result, plain=look.plain)
    if look.plain:
        if format != "png":
            raise SpecError(f"plain maps are written as png, not {format}")
        from cnnviz.render.plain import plain

        return plain(cast("MapSet", result), look)
    from cnnviz.render.backends import write

    figure = import_module(f"cnnviz.render.figures.{result.figure}")
    return write(figure.draw(result, look), format, scale=look.scale)


def _check_memory(result: Result, *, plain: bool) -> None:
    """Check what maps hold together with what turns them into colours."""
    from cnnviz.files import check_bytes

    if not hasattr(result, "maps"):
        return
    mapset = cast("MapSet", result)
    sizes = [m.values.size for m in mapset.maps]
    # A map at a time in floats; all of them as levels or colours, in three copies.
    work = 16 * max(sizes) + 9 * sum(sizes)
    if not plain:  # one of the arrays as a photo; the winners sorted, to count them
        won = sum(m.winners.size for m in mapset.maps if m.winners is not None)
        work = 9 * max(mapset.source.size, *sizes) + 24 * won
    check_bytes(mapset.nbytes + work, f"a figure of {mapset.image}")


def show(
    result: Result, look: Look | None = None, *, colours: Colours, columns: int, lines: int
) -> str:
    """Return a result as text for a terminal: labelled pictures in half blocks.

    They are what the figure's module has as `tiles(result, look)`, else the result's arrays.
    """
    from cnnviz.render.sheet import sheet

    figure = import_module(f"cnnviz.render.figures.{result.figure}")
    if not hasattr(figure, "tiles"):
        figure = import_module("cnnviz.render.preview")
    tiles = figure.tiles(result, look or Look())
    return sheet(tiles, colours, columns=columns, lines=lines)
