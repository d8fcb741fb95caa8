"""Colours that tell weights apart: strong ones where weights are shared, calm ones where not.

A shared weight has to be found again, so nine colours, for a 3x3 kernel, were searched for that
differ in OKLab for readers with and without each kind of colour blindness, and have a contrast of
3:1 to the background. Where each wire has a weight of its own there is nothing to find again: their
hues run evenly round the circle, at one lightness, so that many of them stay calm.
"""

from __future__ import annotations

import numpy as np

from cnnviz.render.oklab import to_srgb
from cnnviz.render.theme import Theme, contrast, mixed, rgb

SHARED = {
    "light": (
        *(
            "#2794fb",
            "#e66700",
            "#004400",
            "#91288c",
            "#695f01",
            "#3d006f",
            "#a1655b",
            "#008892",
            "#544ec5",
        ),
    ),
    "dark": (
        *(
            "#1364ce",
            "#b84c00",
            "#90ff91",
            "#f98cf1",
            "#c7c100",
            "#9d7af7",
            "#fa6865",
            "#00a0ad",
            "#f1e5ff",
        ),
    ),
}
FIRST = 250  # degrees of the first hue: blue
_LIGHTNESS = {"light": 0.62, "dark": 0.70}
AA = 4.5  # contrast of text


def shared(count: int, theme: Theme) -> list[str]:
    """Return the colours of weights that several outputs use."""
    if count <= len(SHARED[theme.name]):
        return list(SHARED[theme.name][:count])
    # More than nine are not told apart by hue alone: neighbours differ in lightness too.
    return _round(count, theme, chroma=0.13, swing=0.12)


def own(count: int, theme: Theme) -> list[str]:
    """Return the colours of weights that are used once."""
    return _round(count, theme, chroma=0.10)


def legible(colour: str, theme: Theme) -> str:
    """Return a colour of the same hue in which text can be read on the background."""
    for step in range(21):
        found = mixed(colour, theme.text, step / 20)
        if contrast(rgb(found), rgb(theme.background)) >= AA:
            return found
    return theme.text


def _round(count: int, theme: Theme, *, chroma: float, swing: float = 0.0) -> list[str]:
    places = np.arange(count)
    hues = np.deg2rad(FIRST + 360 * places / max(count, 1))
    lightness = _LIGHTNESS[theme.name] + swing * ((places % 2) - 0.5)
    lab = np.stack([lightness, chroma * np.cos(hues), chroma * np.sin(hues)], axis=1)
    return [f"#{r:02x}{g:02x}{b:02x}" for r, g, b in to_srgb(lab).tolist()]
