"""What a terminal makes of half blocks: escape sequences to pixels, written apart from cnnviz."""

from __future__ import annotations

import re

import numpy as np

OWN: tuple[int, ...] = (-1, -1, -1)  # where the terminal shows its own background
SEQUENCE = re.compile(r"\x1b\[[0-9;]*m|.")


def xterm(place: int) -> tuple[int, int, int]:
    """Return the colour of a place from 16 to 255, by xterm's rule."""
    if place >= 232:
        return (8 + 10 * (place - 232),) * 3
    steps = [0, 95, 135, 175, 215, 255]
    place -= 16
    return steps[place // 36], steps[place // 6 % 6], steps[place % 6]


def pixels(text: str) -> np.ndarray:
    """Return the pixels of lines of half blocks, `(2 * lines, columns, 3)`; OWN elsewhere."""
    rows: list[list[tuple[int, ...]]] = []
    for line in text.split("\n"):
        fore = back = OWN
        upper, lower = [], []
        for part in SEQUENCE.findall(line):
            if part[0] != "\x1b":
                upper.append(fore if part == "\u2580" else OWN)
                lower.append(back if part == "\u2580" else OWN)
            elif part == "\x1b[0m":
                fore = back = OWN
            elif part[2:-1].count(";"):
                ground, kind, *rest = map(int, part[2:-1].split(";"))
                colour = tuple(rest) if kind == 2 else xterm(rest[0])
                fore, back = (colour, back) if ground == 38 else (fore, colour)
        rows += [upper, lower]
    width = max(map(len, rows))
    return np.array([row + [OWN] * (width - len(row)) for row in rows])


def plain(text: str) -> list[str]:
    """Return what stands in each line, without its colours."""
    return [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in text.split("\n")]


def picture_lines(text: str) -> list[str]:
    """Return the lines that hold half blocks, with their colours."""
    return [line for line in text.split("\n") if "\u2580" in line]


# The published matrices from XYZ (D65), not the ones from linear sRGB that cnnviz inverts.
_XYZ = np.array([[0.4124564, 0.3575761, 0.1804375],
                 [0.2126729, 0.7151522, 0.0721750],
                 [0.0193339, 0.1191920, 0.9503041]])  # fmt: skip
_LMS = np.array([[0.8189330101, 0.3618667424, -0.1288597137],
                 [0.0329845436, 0.9293118715, 0.0361456387],
                 [0.0482003018, 0.2643662691, 0.6338517070]])  # fmt: skip
_LAB = np.array([[0.2104542553, 0.7936177850, -0.0040720468],
                 [1.9779984951, -2.4285922050, 0.4505937099],
                 [0.0259040371, 0.7827717662, -0.8086757660]])  # fmt: skip


def oklab(colour: tuple[int, ...]) -> np.ndarray:
    """Return an sRGB colour in OKLab by way of XYZ."""
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4
              for v in (c / 255 for c in colour)]  # fmt: skip
    lab: np.ndarray = _LAB @ np.cbrt(_LMS @ _XYZ @ np.array(linear))
    return lab
