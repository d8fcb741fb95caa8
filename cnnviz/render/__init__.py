"""Pictures of data: figures build a Scene, backends write it; no figure is drawn twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnnviz.errors import SpecError
from cnnviz.render.look import Look

if TYPE_CHECKING:
    import numpy as np

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
    _check_memory(mapset, plain=look.plain)
    if look.plain:
        if format != "png":
            raise SpecError(f"plain maps are written as png, not {format}")
        from cnnviz.render.plain import plain

        return plain(mapset, look)
    from cnnviz.render.backends import write
    from cnnviz.render.figures.maps import maps_figure

    return write(maps_figure(mapset, look), format, scale=look.scale)


def _check_memory(mapset: MapSet, *, plain: bool) -> None:
    """Check what the maps hold together with what turns them into colours."""
    from cnnviz.files import check_bytes

    sizes = [m.values.size for m in mapset.maps]
    # A map at a time in floats; all of them as levels or colours, in three copies.
    work = 16 * max(sizes) + 9 * sum(sizes)
    if not plain:  # one of the arrays as a photo; the winners sorted, to count them
        won = sum(m.winners.size for m in mapset.maps if m.winners is not None)
        work = 9 * max(mapset.source.size, *sizes) + 24 * won
    check_bytes(mapset.nbytes + work, f"a figure of {mapset.image}")


def show(mapset: MapSet, look: Look | None = None) -> np.ndarray:
    """Return a small picture `(H, W, 3)` uint8 for the terminal: the input, then the maps."""
    from cnnviz.render.preview import preview

    return preview(mapset, look or Look())
