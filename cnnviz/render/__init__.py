"""Pictures of data: figures build a Scene, backends write it; no figure is drawn twice."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from cnnviz.errors import SpecError
from cnnviz.render.look import Look

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from cnnviz.render.scene import Scene
    from cnnviz.render.terminal import Colours
    from cnnviz.report.result import Result

__all__ = ["Look", "animate", "formats", "render", "show"]


def formats() -> tuple[str, ...]:
    """Return the picture formats, which are also their suffixes; PNG, the usual one, first."""
    from cnnviz.render import backends

    return tuple(sorted(backends.formats(), key=lambda name: name != "png"))


def render(result: Result, format: str, look: Look | None = None) -> bytes:
    """Return the figure of `result` (with `plain` its bare maps) in a picture format.

    Raises
    ------
    SpecError
        If there is no such format, or the look asks for what the maps do not have.
    """
    look = look or Look()
    if look.plain:
        if format != "png":
            raise SpecError(f"plain maps are written as png, not {format}")
        from cnnviz.render.plain import plain

        return plain(result, look)
    from cnnviz.files import check_bytes
    from cnnviz.render.backends import write

    check_bytes(result.nbytes + result.figure_nbytes, f"a figure of {result.subject}")
    figure = import_module(f"cnnviz.render.figures.{result.figure}")
    return write(figure.draw(result, look), format, scale=look.scale)


def animate(
    result: Result, look: Look | None = None, *, watch: Callable[[int], object] | None = None
) -> bytes:
    """Return the animation of `result` as GIF: what its figure's module has as `scenes`.

    `scenes(result, look)` yields each Scene with the seconds that it is shown. `watch` is told
    the number of each frame, from 1, before it is drawn.

    Raises
    ------
    RefusedError
        If it is larger than a GIF can be, or over the byte budget.
    """
    from cnnviz.render import animation

    look = look or Look()
    figure = import_module(f"cnnviz.render.figures.{result.figure}")
    frames = figure.scenes(result, look)
    if watch is not None:
        frames = _watched(frames, watch)
    return animation.animate(frames, scale=look.scale)


def _watched(
    frames: Iterable[tuple[Scene, float]], watch: Callable[[int], object]
) -> Iterator[tuple[Scene, float]]:
    for number, frame in enumerate(frames, 1):
        watch(number)
        yield frame


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
