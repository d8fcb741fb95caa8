"""What may reach a terminal: escaped text, and as many colours and columns as it has."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Literal, TextIO

Colours = Literal["truecolor", "256"]

# C0, DEL and C1 drive the terminal, bidi controls reorder a line, U+2028 and U+2029 end one, and
# a surrogate is a byte of a file name that is not UTF-8.
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)

# Terminals that have true colour and may not say so in COLORTERM, over ssh for one.
_TRUE_COLOUR = ("direct", "kitty", "alacritty", "wezterm", "foot", "ghostty", "iterm")


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
    if "WT_SESSION" in environ:  # Windows Terminal, where nothing sets TERM
        return is_terminal(stream)
    return is_terminal(stream) and environ.get("TERM", "") not in ("", "dumb")


def colours(
    stream: TextIO | None, *, no_color: bool = False, environ: Mapping[str, str] = os.environ
) -> Colours | None:
    """Return how many colours a picture on `stream` can have, by `COLORTERM` and `TERM`.

    `FORCE_COLOR=3` asks for true colour where nothing else tells.
    """
    if not has_colour(stream, no_color=no_color, environ=environ):
        return None
    term = environ.get("TERM", "")
    forced = environ.get("FORCE_COLOR", "") not in ("", "0")
    # GNU screen passes COLORTERM on but not the colours; tmux, which may call itself so, does both.
    passed_on = not term.startswith("screen") or "TMUX" in environ
    if passed_on and _has_true_colour(term, environ):
        return "truecolor"
    return "256" if "256" in term or forced else None


def _has_true_colour(term: str, environ: Mapping[str, str]) -> bool:
    return (
        environ.get("COLORTERM", "").lower() in ("truecolor", "24bit")
        or environ.get("FORCE_COLOR") == "3"
        or "WT_SESSION" in environ
        or any(word in term for word in _TRUE_COLOUR)
    )


def why_no_picture(
    stream: TextIO | None, *, no_color: bool = False, environ: Mapping[str, str] = os.environ
) -> str:
    """Return why `colours` is None for this stream, in a few words."""
    if no_color:
        return "--no-color is given"
    if environ.get("NO_COLOR"):
        return "NO_COLOR is set"
    if not is_terminal(stream):
        return "the output is no terminal (FORCE_COLOR=1 draws all the same)"
    return f"TERM={environ.get('TERM', '')} has fewer than 256 colours"


def is_terminal(stream: TextIO | None) -> bool:
    """Tell whether `stream` is open and a terminal."""
    return stream is not None and not stream.closed and stream.isatty()


def width(stream: TextIO | None, *, environ: Mapping[str, str] = os.environ) -> int:
    """Return the columns of the terminal behind `stream`: `COLUMNS`, its own size, or 80."""
    return size(stream, environ=environ)[0]


def size(stream: TextIO | None, *, environ: Mapping[str, str] = os.environ) -> tuple[int, int]:
    """Return columns and lines: `COLUMNS` and `LINES`, the terminal's own size, or 80 and 24."""
    try:
        own = tuple(os.get_terminal_size(stream.fileno()))  # type: ignore[union-attr]
    except (OSError, ValueError, AttributeError):
        own = (0, 0)
    said = (_count(environ.get(name, "")) for name in ("COLUMNS", "LINES"))
    columns, lines = (a or b or c for a, b, c in zip(said, own, (80, 24), strict=True))
    return columns, lines


def _count(text: str) -> int:
    return int(text) if re.fullmatch("[0-9]{1,6}", text) else 0
