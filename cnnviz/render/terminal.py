"""What may reach a terminal: escaped text, and pictures where it can show them."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal, TextIO

if TYPE_CHECKING:
    import numpy as np

Colours = Literal["truecolor", "256"]

# C0, DEL and C1 drive the terminal, bidi controls reorder a line, U+2028 and U+2029 end one, and
# a surrogate is a byte of a file name that is not UTF-8.
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)


def escape(text: str) -> str:
    r"""Return `text` as one printable line: every control character becomes its escape.

    Names of files, kernels and layers come from anywhere; all of them pass here on their way to a
    terminal, so that none can move the cursor, clear the screen or reverse a line.

    >>> print(escape("cat\x1b[2J\n.png"))
    cat\x1b[2J\x0a.png
    """
    return _UNSAFE.sub(_escaped, text)


def _escaped(match: re.Match[str]) -> str:
    code = ord(match[0])
    if 0xDC80 <= code <= 0xDCFF:  # what Python makes of a byte that does not decode
        code -= 0xDC00
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def has_colour(
    stream: TextIO | None, *, no_color: bool = False, environ: Mapping[str, str] = os.environ
) -> bool:
    """Tell whether text on `stream` may be coloured.

    A terminal may, anything else not. `FORCE_COLOR` counts as a terminal; `no_color` and
    `NO_COLOR` win over it (https://no-color.org).
    """
    if no_color or environ.get("NO_COLOR"):
        return False
    if environ.get("FORCE_COLOR", "") not in ("", "0"):
        return True
    return is_terminal(stream) and environ.get("TERM", "dumb") != "dumb"


def colours(
    stream: TextIO | None, *, no_color: bool = False, environ: Mapping[str, str] = os.environ
) -> Colours | None:
    """Return how many colours a picture on `stream` can have, by `COLORTERM` and `TERM`."""
    if not has_colour(stream, no_color=no_color, environ=environ):
        return None
    term = environ.get("TERM", "")
    if environ.get("COLORTERM", "").lower() in ("truecolor", "24bit") or "direct" in term:
        return "truecolor"
    forced = environ.get("FORCE_COLOR", "") not in ("", "0")
    return "256" if "256" in term or forced else None


def is_terminal(stream: TextIO | None) -> bool:
    """Tell whether `stream` is open and a terminal."""
    return stream is not None and not stream.closed and stream.isatty()


def width(stream: TextIO | None, *, environ: Mapping[str, str] = os.environ) -> int:
    """Return the columns of the terminal behind `stream`: `COLUMNS`, its own size, or 80."""
    if environ.get("COLUMNS", "").isdecimal() and int(environ["COLUMNS"]):
        return int(environ["COLUMNS"])
    try:
        return os.get_terminal_size(stream.fileno()).columns or 80  # type: ignore[union-attr]
    except (OSError, ValueError, AttributeError):
        return 80


def half_blocks(pixels: np.ndarray, width: int, colours: Colours | None) -> str:
    """Return a picture as lines of half blocks, two pixels a character, at most `width` wide.

    Parameters
    ----------
    pixels : ndarray, (H, W, 3), uint8
        Reduced by area averaging if wider than `width`; never enlarged.
    width : int
        Columns of the terminal.
    colours : {"truecolor", "256", None}
        What the terminal can show; None gives an empty string.
    """
    if colours is None:
        return ""
    code = _true_colour if colours == "truecolor" else _cube_colour
    picture = _reduced(pixels, width).tolist()
    lines = []
    for top in range(0, len(picture), 2):
        upper = [code(pixel) for pixel in picture[top]]
        lower = [code(pixel) for pixel in picture[top + 1]] if top + 1 < len(picture) else None
        lines.append(_line(upper, lower))
    return "\n".join(lines)


def _line(upper: list[str], lower: list[str] | None) -> str:
    """Return one row of characters, naming a colour only where it changes."""
    parts = []
    foreground = background = ""
    for x, colour in enumerate(upper):
        if colour != foreground:
            foreground = colour
            parts.append(f"\x1b[38;{colour}m")
        if lower is not None and lower[x] != background:
            background = lower[x]
            parts.append(f"\x1b[48;{background}m")
        parts.append("\u2580")
    return "".join(parts) + "\x1b[0m"


def _reduced(pixels: np.ndarray, width: int) -> np.ndarray:
    import numpy as np

    height, columns = pixels.shape[:2]
    if columns <= width:
        return pixels
    from PIL import Image

    size = (width, max(1, round(height * width / columns)))
    return np.asarray(Image.fromarray(pixels, "RGB").resize(size, Image.Resampling.BOX))


def _true_colour(pixel: list[int]) -> str:
    return "2;{};{};{}".format(*pixel)


def _cube_colour(pixel: list[int]) -> str:
    """Return the nearest of xterm's 6x6x6 cube (16-231) or its gray ramp (232-255)."""
    steps = [0 if v < 48 else 1 if v < 115 else (v - 35) // 40 for v in pixel]
    cube = [55 + 40 * s if s else 0 for s in steps]
    ramp = min(23, max(0, round((sum(pixel) / 3 - 8) / 10)))
    gray = [8 + 10 * ramp] * 3
    if _distance(pixel, gray) < _distance(pixel, cube):
        return f"5;{232 + ramp}"
    return f"5;{16 + 36 * steps[0] + 6 * steps[1] + steps[2]}"


def _distance(a: list[int], b: list[int]) -> int:
    return sum((x - y) ** 2 for x, y in zip(a, b, strict=True))
