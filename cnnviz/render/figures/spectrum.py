"""A kernel's frequency response as a panel: the gain for every wave, and two cuts through it."""

from __future__ import annotations

from functools import partial

import numpy as np

from cnnviz.render import display
from cnnviz.render.figures import blocks
from cnnviz.render.figures.blocks import HEADING
from cnnviz.render.fonts import measure
from cnnviz.render.look import Look
from cnnviz.render.numbers import MINUS, number
from cnnviz.render.scene import Line, Path, Rect, Scene
from cnnviz.render.sheet import Tile
from cnnviz.render.theme import CAPTION, WIDE_GAP
from cnnviz.report.spectrum import Response, gains

SIDE, SMALL = 193, 111  # px: an odd number, so that zero frequency has a pixel
TICKS = 30  # px left of the picture, for the frequencies down
CUT = (176, 120)  # px of the diagram of two cuts
LABEL_ROOM = 28  # px left of the cuts, so that those of several kernels stand below each other
_PEN = 1.75  # px


def draw(
    scene: Scene, x: float, y: float, values: np.ndarray, found: Response, look: Look
) -> tuple[float, float]:
    """Draw |H(u, v)| with axes and colour bar, and its cuts beside; return right and bottom."""
    theme = scene.theme
    left, top = x + TICKS, y + HEADING
    title = "|H(u, v)|"
    blocks.heading(scene, left, y, theme.map, title, "gain by frequency", room=SIDE + 40)
    scale = _scale(found.gains, theme.name)
    pixels = scale.colours(gains(values, (SIDE - 1) * look.scale))
    pixels = display.reduce(pixels, SIDE * look.scale, SIDE * look.scale)
    blocks.tile(scene, left, top, pixels, SIDE, SIDE, "frequency response")
    for place, text in ((0.0, f"{MINUS}0.5"), (0.5, "0"), (1.0, "0.5")):
        at = place * (SIDE - 1) + 0.5
        scene.add(Rect(round(left + at), top + SIDE + 1, 1, 4, fill=theme.secondary))
        scene.add(Rect(left - 5, round(top + at), 4, 1, fill=theme.secondary))
        line = top + SIDE + 16
        scene.text(left + at, line, text, colour=theme.secondary, anchor="middle")
        down = top + at + 4 - 4 * (place == 1) + 4 * (place == 0)
        scene.text(left - 8, down, text, colour=theme.secondary, anchor="end")
    caption = "u across, v down, in cycles per pixel"
    width = scene.text(left, top + SIDE + 32, caption, colour=theme.secondary)
    bar = top + SIDE + 42
    blocks.bar(scene, left, bar, SIDE, scale)
    right, bottom = left + max(SIDE, width), bar + 20
    return _cuts(scene, right + 2 * WIDE_GAP, top, found), bottom


def thumbnail(scene: Scene, x: float, y: float, values: np.ndarray, name: str, look: Look) -> None:
    """Draw |H(u, v)| alone."""
    found = gains(values)
    side = SMALL * look.scale
    pixels = display.reduce(_scale(found, scene.theme.name).colours(found), side, side)
    blocks.tile(scene, x, y, pixels, SMALL, SMALL, f"frequency response of {name}")


def tile(name: str, found: Response, look: Look) -> Tile:
    """Return |H(u, v)| as a tile for the terminal."""
    scale = _scale(found.gains, look.theme)
    titles = f"{name}  gain by frequency", "gain by frequency", "gain"
    captions = f"{found.kind}  most {found.peak[0]:.4g}", found.kind
    return Tile(titles, captions, found.gains.shape, partial(display.pixels, found.gains, scale))


def _scale(found: np.ndarray, theme_name: str) -> display.Scale:
    top = float(found.max()) or 1.0
    return display.choose(0.0, top, display="minmax", name="blue", theme=theme_name)


def _cuts(scene: Scene, x: float, y: float, found: Response) -> float:
    """Draw the gain along u and along v, from zero frequency to Nyquist; return the right end."""
    theme, (width, height) = scene.theme, CUT
    middle = found.gains.shape[0] // 2
    across, down = found.gains[middle, middle:], found.gains[middle:, middle]
    top = float(max(across.max(), down.max())) or 1.0
    label = number(top, 3)
    x += max(LABEL_ROOM, measure(label, CAPTION)) + 6
    blocks.heading(scene, x, y - HEADING, theme.map, "cuts", "from the middle", room=width)
    scene.add(Line((x, y), (x, y + height), theme.rule))
    scene.add(Line((x, y + height), (x + width, y + height), theme.rule))
    same = bool(np.allclose(across, down, atol=1e-9 * top))
    curves = [(down, theme.dense, "down (u = 0)")]
    curves = (
        [(across, theme.map, "in both directions")]
        if same
        else [*curves, (across, theme.map, "across (v = 0)")]
    )
    for gain, colour, _ in curves:
        xs = x + np.linspace(0, width, len(gain))
        ys = y + height - gain / top * (height - 8)
        scene.add(Path(tuple(zip(xs.tolist(), ys.tolist(), strict=True)), colour, _PEN))
    scene.text(x - 6, y + 12, label, colour=theme.secondary, anchor="end")
    scene.text(x - 6, y + height + 4, "0", colour=theme.secondary, anchor="end")
    for place, text in ((0.0, "0"), (0.5, "0.25"), (1.0, "0.5")):
        at = x + place * width
        scene.add(Rect(round(at), y + height + 1, 1, 4, fill=theme.secondary))
        scene.text(at, y + height + 18, text, colour=theme.secondary, anchor="middle")
    line = y + height + 34
    scene.text(x, line, "cycles per pixel", colour=theme.secondary)
    for _, colour, text in reversed(curves):
        line += 18
        scene.add(Rect(x, line - 5, 14, 3, fill=colour))
        scene.text(x + 20, line, text)
    return x + width + 12
