"""Pictures in a terminal's own characters: half blocks, two pixels each."""

from __future__ import annotations

from functools import cache
from itertools import product

import numpy as np

from cnnviz.render.oklab import from_srgb
from cnnviz.render.terminal import Colours

FIRST = 16  # colours 0 to 15 are the user's own, whatever they look like
STRENGTH = 0.7  # of what a pixel misses, handed on: more would be grainy
SHARES = ((0, 1, 7), (1, -1, 3), (1, 0, 5), (1, 1, 1))  # sixteenths, by rows down and columns right
RESET = "\x1b[0m"


def half_blocks(pixels: np.ndarray, colours: Colours, *, dither: bool = False) -> list[str]:
    r"""Return a picture as lines of half blocks; each ends in the terminal's own colours.

    Parameters
    ----------
    pixels : ndarray, (H, W, 3), uint8
        Each line shows two rows; of an odd number the last line is half empty.
    colours : {"truecolor", "256"}
        What the terminal can show; of 256 it is the nearest one in OKLab.
    dither : bool
        Make up for what the nearest of 256 colours misses in the neighbouring pixels: no bands, no
        cast, but noise in flat areas. True colour needs none.

    >>> half_blocks(np.full((2, 3, 3), 255, np.uint8), "256")
    ['\x1b[38;5;231m\x1b[48;5;231m▀▀▀\x1b[0m']
    """
    codes = _true_codes(pixels) if colours == "truecolor" else _cube_codes(pixels, dither)
    rows = [codes[y : y + 2] for y in range(0, len(codes), 2)]
    return [_line(pair[0], pair[1] if len(pair) == 2 else None) for pair in rows]


@cache
def palette() -> np.ndarray:
    """Return xterm's colours 16 to 255, `(240, 3)` uint8: a 6x6x6 cube, then a ramp of grays."""
    steps = (0, 95, 135, 175, 215, 255)
    grays = [(8 + 10 * i,) * 3 for i in range(24)]
    return np.array([*product(steps, repeat=3), *grays], np.uint8)


def _true_codes(pixels: np.ndarray) -> list[list[str]]:
    """Return what names each pixel's colour in an escape sequence."""
    return [[f"2;{r};{g};{b}" for r, g, b in row] for row in pixels.tolist()]


def _cube_codes(pixels: np.ndarray, dither: bool) -> list[list[str]]:
    lab = from_srgb(pixels.reshape(-1, 3)).reshape(pixels.shape)
    places = _diffused(lab) if dither else _nearest(lab)
    return [[f"5;{FIRST + place}" for place in row] for row in places.tolist()]


def _nearest(lab: np.ndarray) -> np.ndarray:
    """Return the place in the palette of the colour that looks nearest to each of `(..., 3)`."""
    known = _palette_lab()
    # |a - b|^2 without its part that is the same for every colour of the palette.
    distance = (known**2).sum(axis=1) - 2 * lab @ known.T
    nearest: np.ndarray = distance.argmin(axis=-1)
    return nearest


def _diffused(lab: np.ndarray) -> np.ndarray:
    """Return places in the palette by error diffusion (Floyd and Steinberg 1976), `(H, W)`.

    A pixel depends on the one before it and on three above it: those with equal x + 2y are
    independent, and are done together.
    """
    height, width = lab.shape[:2]
    wanted = np.pad(lab, ((0, 1), (1, 1), (0, 0)))
    places = np.zeros((height, width), np.intp)
    for step in range(width + 2 * (height - 1)):
        y = np.arange(max(0, (step - width + 2) // 2), min(height - 1, step // 2) + 1)
        x = step - 2 * y
        places[y, x] = _nearest(wanted[y, x + 1])
        missed = STRENGTH * (wanted[y, x + 1] - _palette_lab()[places[y, x]])
        for down, right, share in SHARES:
            wanted[y + down, x + 1 + right] += missed * (share / 16)
    return places


@cache
def _palette_lab() -> np.ndarray:
    return from_srgb(palette())


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
    return "".join(parts) + RESET
