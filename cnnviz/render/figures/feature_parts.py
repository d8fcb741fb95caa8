"""What the figures of features share: the head with its stamp, the input, roles, scales."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cnnviz.render import display
from cnnviz.render.display import Scale
from cnnviz.render.figures import blocks, header
from cnnviz.render.figures.blocks import HEADING
from cnnviz.render.fonts import measure
from cnnviz.render.look import Look
from cnnviz.render.numbers import number, times
from cnnviz.render.scene import Rect, Scene
from cnnviz.render.theme import CAPTION, LABEL, MARGIN, Theme
from cnnviz.report.layer_features import LayerFeatures, Seen

MOST_VOTES = 8  # maps that are asked whether a root scale is needed
CAPTION_LINE = 16


def role(theme: Theme, layer: LayerFeatures) -> str:
    """Return the colour of a layer's kind."""
    kind = str(layer.row["type"])
    if "Pool" in kind:
        return theme.pool
    return theme.dense if layer.is_vector else theme.map


def draw_head(scene: Scene, lines: Sequence[str], seen: Seen) -> None:
    """Write the head over the width of a scene; random weights are stamped below the lines."""
    header.draw(scene, list(lines))
    if not seen.is_random:
        return
    words = seen.stamp
    y = MARGIN + 24 + header.LINE * len(lines)
    room = scene.width - 2 * MARGIN - 16
    text = measure(words, LABEL, "bold")
    scene.add(Rect(MARGIN, y + 3, min(room, text) + 16, 20, stroke=scene.theme.warning))
    scene.text(
        MARGIN + 8, y + 17, words, size=LABEL, face="bold", colour=scene.theme.warning, room=room
    )


def head_height(lines: Sequence[str], seen: Seen) -> int:
    """Return the px that the head takes below the margin."""
    return header.height(list(lines)) + (24 if seen.is_random else 0)


def input_size(seen: Seen, box: tuple[int, int]) -> tuple[int, int]:
    """Return height and width of the input in a box `(width, height)`."""
    return display.fit(seen.pixels.shape, box)


def draw_input(
    scene: Scene, x: float, y: float, seen: Seen, size: tuple[int, int], look: Look, *, room: float
) -> float:
    """Draw the image as the network takes it, with its range; return the bottom."""
    height, width = size
    shape = times(seen.pixels.shape)
    blocks.heading(scene, x, y, scene.theme.input, "input", shape, room=room)
    pixels = input_pixels(seen, height * look.scale, width * look.scale)
    blocks.tile(scene, x, y + HEADING, pixels, width, height, seen.image)
    low, high = float(seen.pixels.min()), float(seen.pixels.max())
    line = y + HEADING + height + CAPTION_LINE
    words = f"min {number(low)}   max {number(high)}"
    scene.text(x, line, words, colour=scene.theme.secondary, room=room)
    return line + 4


def input_pixels(seen: Seen, height: int, width: int) -> np.ndarray:
    """Return the part of the image that the network takes, in colour; an array to its own range."""
    values = seen.pixels if seen.picture is None else seen.picture
    if values.ndim == 3 and values.shape[2] == 3:
        return display.reduce(display.photo(values)[0], height, width)
    flat = values.mean(axis=2) if values.ndim == 3 else np.atleast_2d(values)
    scale = display.choose(float(flat.min()), float(flat.max()), display="minmax")
    return display.picture(flat, scale, height, width)


def range_words(low: float, high: float, *, room: float) -> str:
    """Return `0 … 350`, or `all 0`, with as many digits as there is room: no number is cut.

    >>> range_words(-0.008766, 0.005938, room=112)
    '−0.00877 … 0.00594'
    """
    text = ""
    for digits in (4, 3, 2, 1):
        ends = number(low, digits), number(high, digits)
        text = f"{ends[0]} … {ends[1]}" if ends[0] != ends[1] else f"all {ends[0]}"
        if measure(text, CAPTION) <= room:
            break
    return text


def scales(layer: LayerFeatures, shown: Sequence[int], look: Look) -> list[Scale]:
    """Return the scale of each map that is shown: its own, or one for the whole layer.

    A layer with negative values has them all around zero, so that its maps can be compared.
    """
    stats = layer.stats
    signed = layer.min < 0
    some = list(shown)[:MOST_VOTES]
    crowded = stats.size >= display.CROWD and display.are_crowded(
        [layer.values[..., i] for i in some if stats.low[i] != stats.high[i]]
    )
    found = []
    for i in shown:
        low, high = float(stats.low[i]), float(stats.high[i])
        if look.range == "shared":
            low, high = layer.min, layer.max
        if signed:
            high = max(-low, high)
            low = -high
        found.append(
            display.choose(
                low,
                high,
                display="auto" if low < 0 or not signed else "signed",
                name=look.colormap,
                theme=look.theme,
                crowded=crowded,
            )
        )
    return found
