"""Scenes that follow each other as an animated GIF."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain

import numpy as np

from cnnviz.render.backends.png import draw
from cnnviz.render.giffile import encode
from cnnviz.render.scene import Scene


def animate(frames: Iterable[tuple[Scene, float]], *, scale: int = 1) -> bytes:
    """Return scenes as the bytes of a GIF that loops for ever.

    Parameters
    ----------
    frames : iterable of (Scene, float)
        What is seen, all of one size, and for how many seconds. They are drawn one by one and
        not held: what does not change between them costs neither memory nor bytes.
    scale : int
        Pixels per px.

    Raises
    ------
    RefusedError
        If a frame is larger than a GIF can be, or what is held is over the byte budget.
    """
    frames = iter(frames)
    first = next(frames)
    drawn = ((np.asarray(draw(scene, scale)), seconds) for scene, seconds in chain([first], frames))
    tokens = [value for value in vars(first[0].theme).values() if value.startswith("#")]
    exact = [int(value[1:], 16) for value in tokens]
    return encode(drawn, exact=exact, comment=first[0].description)
