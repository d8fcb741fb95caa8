"""The figure of the worst mistakes: each picture, what it is, and what it was taken for."""

from __future__ import annotations

from functools import partial
from math import ceil

from cnnviz.geometry import times
from cnnviz.render import display
from cnnviz.render.figures import blocks, title
from cnnviz.render.figures.prediction import pixels
from cnnviz.render.fonts import Face, measure
from cnnviz.render.look import Look
from cnnviz.render.numbers import percent, spaced
from cnnviz.render.scene import Rect, Scene
from cnnviz.render.sheet import Tile
from cnnviz.render.theme import CAPTION, GAP, LABEL, MARGIN, WIDE_GAP, theme
from cnnviz.report.mistakes import Mistakes, Shown
from cnnviz.report.shares import tenths

BOX = 128  # px of a picture
CELL = 168  # px of one mistake
LINE, BAR = 22, 3  # px of a line below a picture, and of the bar in it
MOST_COLUMNS = 5
LEAST_COLUMNS = 4  # whose width the title needs
GAP_BETWEEN = 24  # px from one mistake to the next


def draw(result: Mistakes, look: Look) -> Scene:
    """Return the figure."""
    scene = Scene(theme(look.theme))
    sentence = spaced(result.headline())
    scene.title = f"{result.model}: {sentence}"
    scene.description = "; ".join(f"{one.label} taken for {one.predicted}" for one in result.shown)
    rows = ceil(len(result.shown) / MOST_COLUMNS) or 1
    columns = ceil(len(result.shown) / rows) or 1
    step = CELL + GAP_BETWEEN
    scene.width = 2 * MARGIN + max(columns, LEAST_COLUMNS) * step - GAP_BETWEEN
    y = title.draw(scene, result.model, sentence, _about(result))
    for start in range(0, len(result.shown), columns):
        row = result.shown[start : start + columns]
        height = max(display.fit(one.picture.shape, (BOX, BOX))[0] for one in row)
        for column, one in enumerate(row):
            _mistake(scene, one, MARGIN + column * step, y, height, look)
        y += height + GAP + 2 * LINE + WIDE_GAP
    scene.height = y - WIDE_GAP + MARGIN if result.shown else y + MARGIN - WIDE_GAP
    return scene


def tiles(result: Mistakes, look: Look) -> list[Tile]:
    """Return the pictures, with what each was taken for."""
    return [_tile(one) for one in result.shown]


def _tile(one: Shown) -> Tile:
    sure = "" if one.confidence is None else f" {tenths(one.confidence)}"
    captions = f"taken for {one.predicted}{sure}", f"not {one.predicted}", one.predicted
    return Tile((one.label,), captions, one.picture.shape, partial(pixels, one.picture))


def _about(result: Mistakes) -> str:
    """Return on what, and in which order."""
    if not result.shown:
        return result.data
    order = ": the lower the probability of what it is, the worse" if len(result.shown) > 1 else ""
    return f"{result.data}{order}"


def _mistake(scene: Scene, one: Shown, x: float, y: float, height: int, look: Look) -> None:
    """Draw a picture on the foot of its row, and below it both classes with their bars."""
    high, wide = display.fit(one.picture.shape, (BOX, BOX))
    seen = pixels(one.picture, high * look.scale, wide * look.scale)
    title = f"{one.label} taken for {one.predicted}, {times(one.picture.shape)}"
    blocks.tile(scene, x + 1, y + height - high, seen, wide, high, title)
    line = y + height + GAP
    _class(scene, "is", one.label, one.probability, x, line)
    _class(scene, "taken for", one.predicted, one.confidence, x, line + LINE)


def _class(
    scene: Scene, word: str, name: str, probability: float | None, x: float, y: float
) -> None:
    """Write a class, and how likely it was to the network with a bar of that length."""
    tokens = scene.theme
    said = "not finite" if probability is None else percent(probability)
    room = CELL - measure(said, CAPTION) - GAP
    left = scene.text(x, y + 13, word, colour=tokens.secondary) + 5
    face: Face = "bold" if word == "is" else "regular"
    scene.text(x + left, y + 13, name, size=LABEL, face=face, room=room - left)
    scene.text(x + CELL, y + 13, said, colour=tokens.secondary, anchor="end")
    scene.add(Rect(x, y + 18, CELL, 1, fill=tokens.rule))
    if probability:
        scene.add(Rect(x, y + 17, max(0.5, CELL * probability), BAR, fill=tokens.dense))
