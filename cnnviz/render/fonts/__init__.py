"""The type of every figure, IBM Plex and its Korean signs (README beside the files), and widths."""

from __future__ import annotations

import os
import re
from functools import cache
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont

Face = Literal["regular", "bold", "mono"]
Korean = Literal["hangul", "hangul-bold"]
_FILES = {
    "regular": "IBMPlexSans-Regular.ttf",
    "bold": "IBMPlexSans-SemiBold.ttf",
    "mono": "IBMPlexMono-Regular.ttf",
    "hangul": "CnnvizHangul-Regular.woff",
    "hangul-bold": "CnnvizHangul-SemiBold.woff",
}
_LONGEST = 10_000  # characters of a line, more than fit any figure
# What the Korean files have, none of which the others have.
_KOREAN = (
    "\u203b\u2460-\u2473\u3000-\u3003\u3008-\u3011\u3013-\u301c\u3131-\u318e\u3200-\u321e"
    "\u3260-\u327f\uac00-\ud7a3\uff01-\uff5d\uffe6"
)
_RUNS = f"[{_KOREAN}]+|[^{_KOREAN}]+"
_JAMO = "[\u1100-\u11ff]"  # the parts in which macOS writes a syllable in a file's name


@cache
def font(face: Face | Korean, size: float) -> FreeTypeFont:
    """Return a face at a size in px."""
    from PIL import ImageFont

    path = os.path.join(os.path.dirname(__file__), _FILES[face])
    return ImageFont.truetype(path, size, layout_engine=ImageFont.Layout.BASIC)


def runs(text: str, face: Face) -> list[tuple[str, Face | Korean]]:
    """Return the parts of a line in order, each with the face that has its signs.

    What no face has is drawn by `face`, as a box.

    >>> runs("conv1 합성곱 3×3", "bold")
    [('conv1 ', 'bold'), ('합성곱', 'hangul-bold'), (' 3×3', 'bold')]
    """
    if text.isascii():
        return [(text, face)]
    korean: Korean = "hangul-bold" if face == "bold" else "hangul"
    parts = re.findall(_RUNS, composed(text))
    return [(part, korean if re.match(f"[{_KOREAN}]", part) else face) for part in parts]


def composed(text: str) -> str:
    """Return the text with Korean syllables as one character each, the rest as it is."""
    if text.isascii() or not re.search(_JAMO, text):
        return text
    from unicodedata import normalize

    return re.sub(f"[가-힣]?{_JAMO}+", lambda parts: normalize("NFC", parts[0]), text)


@cache
def measure(text: str, size: float, face: Face = "regular") -> float:
    """Return the width of a line of text in px.

    The largest of its widths at its own size, at twice that and at 64 px, scaled: hinting rounds
    each letter to whole pixels, up to 7% in a line, less in large pictures and not in SVG.
    """
    parts = runs(text, face)
    widths = (_length(parts, at) * size / at for at in (size, 2 * size, 64))
    return float(max(widths))


def _length(parts: list[tuple[str, Face | Korean]], size: float) -> float:
    return sum(font(face, size).getlength(part) for part, face in parts)


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
