"""The tokens of the visual language: colours by role, type sizes, spacing; both themes."""

from __future__ import annotations

from dataclasses import dataclass

from cnnviz.errors import SpecError

CAPTION, LABEL, TITLE = 11, 13, 18  # px at 1x
SMALLEST = 8  # numbers in cells shrink to this, below it cells go without numbers
GAP, WIDE_GAP, MARGIN = 8, 16, 24
WIDTH = 960  # px of a figure of curves or bars


@dataclass(eq=False, repr=False)
class Theme:
    """Colours as `#rrggbb`; a role has the same hue in both themes."""

    name: str
    background: str
    text: str
    secondary: str
    rule: str
    input: str
    kernel: str
    map: str
    pool: str
    dense: str
    accent: str
    warning: str
    unknown: str  # of a map, where nothing is known yet: no colour that a value has
    nan: str = "#ff00ff"


LIGHT = Theme(
    name="light",
    background="#ffffff",
    text="#1b1f24",
    secondary="#57606a",
    rule="#c4cad1",
    input="#64748b",
    kernel="#c2570c",
    map="#1f6feb",
    pool="#1a7f37",
    dense="#7c3aed",
    accent="#d6006c",
    warning="#8a5a00",
    unknown="#e7eaed",
)
DARK = Theme(
    name="dark",
    background="#12161c",
    text="#e9edf2",
    secondary="#9aa5b1",
    rule="#3d4650",
    input="#94a3b8",
    kernel="#f59342",
    map="#6ea8fe",
    pool="#4ac26b",
    dense="#b794f6",
    accent="#ff5ca8",
    warning="#e3b341",
    unknown="#343b45",
)
THEMES = {theme.name: theme for theme in (LIGHT, DARK)}


def theme(name: str) -> Theme:
    """Return the theme called `name`; raise `SpecError` for another name."""
    if name not in THEMES:
        raise SpecError(f"theme {name!r} is not one of {', '.join(THEMES)}")
    return THEMES[name]


def rgb(colour: str) -> tuple[int, int, int]:
    """Return `#rrggbb` as three values from 0 to 255."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def mixed(colour: str, other: str, share: float) -> str:
    """Return a colour with a `share` of another in it, from 0 to 1.

    >>> mixed("#000000", "#ffffff", 0.5)
    '#808080'
    """
    pairs = zip(rgb(colour), rgb(other), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def luminance(colour: tuple[int, int, int]) -> float:
    """Return the relative luminance of an sRGB colour (WCAG 2), from 0 to 1."""
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
        for c in (value / 255 for value in colour)
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: tuple[int, int, int], other: tuple[int, int, int]) -> float:
    """Return the contrast ratio of two sRGB colours (WCAG 2), from 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def ink(on: tuple[int, int, int]) -> str:
    """Return the ink that reads best on a cell of that colour: always 4.5:1 or more."""
    return max(("#000000", "#ffffff"), key=lambda colour: contrast(rgb(colour), on))
