"""How a figure is to look: the options that every picture shares."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(eq=False, repr=False)
class Look:
    """Options of a picture.

    Parameters
    ----------
    theme : {"light", "dark"}
    scale : int
        Pixels per px: 2 for print and high-density screens.
    display : {"auto", "signed", "minmax", "abs", "clip"}
        How values become colours; `auto` is signed where a map has negative values.
    colormap : str, optional
        Name of a colour map, instead of the one that suits the values.
    range : {"own", "shared"}
        Limits of each map's own values, or of all maps together.
    overlay : bool
        Lay each map over the photo.
    peaks : int
        Mark this many strongest responses of each map, with their patches.
    plain : bool
        The maps alone at full resolution, without the figure.
    """

    theme: str = "light"
    scale: int = 1
    display: str = "auto"
    colormap: str | None = None
    range: str = "own"
    overlay: bool = False
    peaks: int = 0
    plain: bool = False
