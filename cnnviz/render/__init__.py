"""Pictures of data: figures build a Scene, backends write it; no figure is drawn twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnnviz.errors import SpecError
from cnnviz.render.look import Look

if TYPE_CHECKING:
    from cnnviz.render.terminal import Colours
    from cnnviz.report.maps import MapSet

__all__ = ["Look", "formats", "render", "show"]


def formats() -> tuple[str, ...]:
    """Return the picture formats, which are also their suffixes."""
    from cnnviz.render import backends

    return backends.formats()


def render(mapset: MapSet, format: str, look: Look | None = None) -> bytes:
    """Return the figure of `mapset` (with `plain` the bare maps) in a picture format.

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

        return plain(mapset, look)
    from cnnviz.render.backends import write
    from cnnviz.render.figures.maps import maps_figure

    return write(maps_figure(mapset, look), format, scale=look.scale)


def show(
    mapset: MapSet, look: Look | None = None, *, colours: Colours, columns: int, lines: int
) -> str:
    """Return the input and the maps as text for a terminal, in half blocks with labels."""
    from cnnviz.render.preview import preview

    return preview(mapset, look or Look(), colours, columns=columns, lines=lines)
