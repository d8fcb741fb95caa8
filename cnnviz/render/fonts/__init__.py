"""The one type family of every figure, IBM Plex (OFL, licence beside the files), and its widths."""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont

Face = Literal["regular", "bold", "mono"]
_FILES = {
    "regular": "IBMPlexSans-Regular.ttf",
    "bold": "IBMPlexSans-SemiBold.ttf",
    "mono": "IBMPlexMono-Regular.ttf",
}
_LONGEST = 10_000  # characters of a line, more than fit any figure


@cache
def font(face: Face, size: float) -> FreeTypeFont:
    """Return a face at a size in px."""
    from PIL import ImageFont

    path = os.path.join(os.path.dirname(__file__), _FILES[face])
    return ImageFont.truetype(path, size, layout_engine=ImageFont.Layout.BASIC)


@cache
def measure(text: str, size: float, face: Face = "regular") -> float:
    """Return the width of a line of text in px.

    The largest of its widths at its own size, at twice that and at 64 px, scaled: hinting rounds
    each letter to whole pixels, up to 7% in a line, less in large pictures and not in SVG.
    """
    widths = (font(face, at).getlength(text) * size / at for at in (size, 2 * size, 64))
    return float(max(widths))


def shorten(text: str, size: float, face: Face, room: float) -> str:
    """Return `text`, cut in its middle with an ellipsis if it is wider than `room`."""
    # A name out of a file may have millions of characters: it is cut, then halved until it fits.
    if len(text) > _LONGEST:
        text = text[: _LONGEST // 2] + text[-_LONGEST // 2 :]
    elif measure(text, size, face) <= room:
        return text
    least, most, result = 2, len(text) - 1, "…"
    while least <= most:
        keep = (least + most) // 2
        head = (keep + 1) // 2
        cut = text[:head] + "…" + text[len(text) - (keep - head) :]
        if measure(cut, size, face) <= room:
            least, result = keep + 1, cut
        else:
            most = keep - 1
    return result
