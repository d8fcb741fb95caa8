"""The head of a figure of curves or bars: what it is of, what it says, and a line of detail."""

from __future__ import annotations

from cnnviz.render.fonts import measure, shorten
from cnnviz.render.scene import Scene
from cnnviz.render.theme import LABEL, MARGIN, TITLE, WIDE_GAP


def draw(scene: Scene, name: str, sentence: str, detail: str) -> float:
    """Write the title, of which a long name is cut first, and a line below; return the bottom."""
    room = scene.width - 2 * MARGIN
    rest = f": {sentence}" if name else sentence
    size = TITLE
    while size > LABEL and measure(rest, size, "bold") + 60 > room:
        size -= 1
    left = max(60.0, room - measure(rest, size, "bold"))
    text = (shorten(name, size, "bold", left) if name else "") + rest
    scene.text(MARGIN, MARGIN + 16, text, size=size, face="bold", room=room)
    scene.text(MARGIN, MARGIN + 38, detail, size=LABEL, colour=scene.theme.secondary, room=room)
    return MARGIN + 38 + WIDE_GAP
