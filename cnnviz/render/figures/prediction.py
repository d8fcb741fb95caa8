"""The figure of a prediction: the image as the network sees it, its likeliest classes as bars."""

from __future__ import annotations

import re

import numpy as np

from cnnviz.render import display
from cnnviz.render.figures import blocks, header
from cnnviz.render.figures.blocks import HEADING
from cnnviz.render.fonts import measure
from cnnviz.render.look import Look
from cnnviz.render.numbers import count, times
from cnnviz.render.scene import Rect, Scene
from cnnviz.render.theme import CAPTION, GAP, LABEL, MARGIN, WIDE_GAP, theme
from cnnviz.report.prediction import Prediction, percent

BOX = 256  # px of the picture
BETWEEN = 48  # px between picture and bars
BAR, STEP = 14, 28  # px of a bar, and from one to the next
TRACK = 280  # px of a bar that is certain
LONGEST = 260  # px of a label
LEAST = 0.5  # px of what is not zero
MOST = 40  # classes shown
WIDEST = 700  # px of a line of the head, unless one step alone is longer


def draw(result: Prediction, look: Look) -> Scene:
    """Return the figure of one image."""
    scene = Scene(theme(look.theme), title=_title(result), description=_description(result))
    lines = _lines(result)
    top = MARGIN + header.height(lines)
    left, bottom = _seen(scene, result, look, MARGIN, top)
    right, foot = _bars(scene, result, left + BETWEEN, top)
    wide = max((measure(line, LABEL) for line in lines), default=0)
    scene.width = max(right, MARGIN + min(wide, WIDEST)) + MARGIN
    scene.height = max(bottom, foot) + MARGIN
    header.draw(scene, lines)
    return scene


def _title(result: Prediction) -> str:
    first = result.top[0]
    return f"{result.title}: {first.label}, {_typeset(percent(first.probability))}"


def _description(result: Prediction) -> str:
    return "; ".join(f"{g.label} {percent(g.probability)}" for g in result.top[:MOST])


def _lines(result: Prediction) -> list[str]:
    """Return who says so, and what was done to the image."""
    shown = min(len(result.top), MOST)
    of = f"the likeliest {shown} of {count(result.classes)} classes"
    lines = [f"{result.model}, {of}", "before the first layer: "]
    for step in result.preprocess:
        text = re.sub(r"(?<=\d)x(?=\d)", "×", step)
        longer = lines[-1] + "; " * (not lines[-1].endswith(": ")) + text
        if measure(longer, LABEL) > WIDEST:
            lines[-1] += ";"
            lines.append(text)
        else:
            lines[-1] = longer
    return lines


def _seen(scene: Scene, result: Prediction, look: Look, x: float, y: float) -> tuple[float, float]:
    """Draw the image as it is after resizing and cropping; return right and bottom."""
    height, width = display.fit(result.seen.shape, (BOX, BOX))
    shape = times(result.seen.shape)
    room = max(width, measure("as the network sees it", LABEL, "bold") + 15)
    if blocks.heading(scene, x, y, scene.theme.input, "as the network sees it", shape, room=room):
        under = 0
    else:
        scene.text(x, y + HEADING + height + 14, shape, colour=scene.theme.secondary)
        under = 18
    seen = pixels(result.seen, height * look.scale, width * look.scale)
    blocks.tile(scene, x, y + HEADING, seen, width, height, result.title)
    return x + room, y + HEADING + height + under


def pixels(seen: np.ndarray, height: int, width: int) -> np.ndarray:
    """Return a picture in its colours; where there are not three, its first channel."""
    low, high = float(seen.min()), float(seen.max())
    if seen.shape[-1] == 3:
        return display.pixels(seen, None, height, width)
    like_image = low >= 0 and high <= 255
    scale = display.choose(
        0.0 if like_image else low, 255.0 if like_image else high, like_image=True
    )
    return display.pixels(seen[..., :1], scale, height, width)


def _bars(scene: Scene, result: Prediction, x: float, y: float) -> tuple[float, float]:
    """Draw a bar a class, its label before it and its probability behind; return right, bottom."""
    tokens, shown = scene.theme, result.top[:MOST]
    blocks.heading(scene, x, y, tokens.dense, "probability", room=TRACK)
    numbered = any(g.label != str(g.index) for g in shown)
    column = min(LONGEST, max(measure(g.label, LABEL, "bold") for g in shown))
    track = x + column + GAP
    value = track + TRACK + GAP
    index = value + measure(">99.99 %", LABEL) + WIDE_GAP
    right = index + measure("index 9999", CAPTION) if numbered else index - WIDE_GAP
    for place, guess in enumerate(shown):
        top = y + HEADING + 4 + place * STEP
        line, first = top + BAR - 3, place == 0
        colour = tokens.text if first else tokens.secondary
        scene.text(
            track - GAP,
            line,
            guess.label,
            size=LABEL,
            face="bold" if first else "regular",
            anchor="end",
            room=column,
        )
        scene.add(Rect(track, top + BAR / 2, TRACK, 1, fill=tokens.rule))
        if guess.probability > 0:
            length = max(LEAST, TRACK * guess.probability)
            scene.add(Rect(track, top, length, BAR, fill=tokens.dense))
        scene.text(value, line, _typeset(percent(guess.probability)), size=LABEL, colour=colour)
        if numbered:
            scene.text(index, line, f"index {guess.index}", colour=tokens.secondary)
    return right, y + HEADING + 4 + len(shown) * STEP


def _typeset(text: str) -> str:
    return text.replace("%", " %")
