"""The figure of a confusion matrix: shares of each class as colours, counts, the worst of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from math import ceil, floor, log10

import numpy as np

from cnnviz.render import display
from cnnviz.render.colormaps import colormap
from cnnviz.render.display import Scale
from cnnviz.render.figures import blocks, title
from cnnviz.render.fonts import measure
from cnnviz.render.look import Look
from cnnviz.render.numbers import THIN, count, percent, spaced
from cnnviz.render.scene import Line, Rect, Scene
from cnnviz.render.sheet import Tile
from cnnviz.render.theme import CAPTION, GAP, LABEL, MARGIN, SMALLEST, WIDE_GAP, ink, theme
from cnnviz.report.confusion import Confused, Confusion

SIDE, MOST_SIDE = 600, 1000  # px that a matrix takes, and at most where classes are many
FEW = 12  # classes up to which cells hold counts and shares
MOST_CELLS = 27  # classes up to which cells stand apart and hold counts
WIDE, HIGH = (44, 76), 36  # px of a cell that holds both
NAMED = 12  # px of a row from which on it has its name
LONGEST = 132  # px of a name
RECALL = 64  # px of the bar beside a row
LEAST_WIDTH = 600  # px of the figure
LIST, MARKED = 8, 5  # confusions that are written out, and that have a frame in the matrix
BAR = 240  # px of the colour scale
SCALE = "share of the class, on a square-root scale"
WORDS = " taken for "
TICKS = (0, 0.01, 0.1, 0.25, 0.5, 1)


@dataclass(eq=False, repr=False)
class Place:
    """Where the matrix stands: its corner, the px of a cell, and what its columns are called."""

    x: float
    y: float
    wide: float
    high: float
    numbered: bool

    def corner(self, row: int, column: int) -> tuple[float, float]:
        """Return the px of a cell's upper left corner."""
        return self.x + column * self.wide, self.y + row * self.high


def draw(result: Confusion, look: Look) -> Scene:
    """Return the figure."""
    scene, size = Scene(theme(look.theme)), len(result.labels)
    sentence = spaced(result.headline()).replace("%", f"{THIN}%")
    scene.title = f"{result.model}: {sentence}"
    scene.description = f"Confusion matrix of {result.subject}, {size} classes."
    place = _place(result)
    right, bottom = place.corner(size, size)
    beside = 2 * GAP + RECALL + GAP + measure(f"100{THIN}% of {count(result.count)}", CAPTION)
    scale_end = place.x + BAR + WIDE_GAP + measure(SCALE, CAPTION)
    scene.width = max(right + beside + MARGIN, scale_end + MARGIN, LEAST_WIDTH)
    rule = f"{size} class{'es' * (size != 1)}; a row is a class, a column what it is taken for"
    title.draw(scene, result.model, sentence, f"{result.data}, {rule}")
    scale = _scale(look)
    if size <= MOST_CELLS:
        _cells(scene, result, place, scale)
    else:
        _picture(scene, result, place, scale, look)
    _columns(scene, result, place)
    _rows(scene, result, place)
    _bar(scene, place, bottom + WIDE_GAP, scale)
    scene.height = _list(scene, result, bottom + WIDE_GAP + 48) + MARGIN
    return scene


def tiles(result: Confusion, look: Look) -> list[Tile]:
    """Return the matrix in the figure's colours."""
    draw = partial(display.pixels, result.shares, _scale(look))
    titles = f"{result.model}: {result.headline()}", result.headline()
    captions = "rows: classes  columns: taken for", "columns: taken for"
    return [Tile(titles, captions, result.matrix.shape, draw)]


def _scale(look: Look) -> Scale:
    """Return a root scale of shares: on a linear one all that is off the diagonal is white."""
    return Scale(0.0, 1.0, colormap(look.colormap or "blue", look.theme), root=True)


def _place(result: Confusion) -> Place:
    size = len(result.labels)
    if size <= FEW:
        wide, high = max(measure(name, CAPTION) for name in result.labels) + GAP, float(HIGH)
        numbered = wide > WIDE[1] or _nameless(result)
        wide = min(max(wide, WIDE[0]), WIDE[1])
    else:
        numbered, wide = True, max(SIDE // size, 1) if size <= MOST_SIDE else MOST_SIDE / size
        high = wide
    names = max(measure(name, LABEL) for name in result.labels)
    room = min(names, LONGEST) if high >= NAMED and not _nameless(result) else 0
    room += measure(str(size - 1), LABEL) + GAP if numbered else 0
    x = MARGIN + max(room, measure("class", CAPTION)) + GAP
    return Place(round(x), MARGIN + 38 + 3 * WIDE_GAP, wide, high, numbered)


def _nameless(result: Confusion) -> bool:
    """Tell whether classes are called by their numbers."""
    return result.labels == tuple(map(str, range(len(result.labels))))


def _cells(scene: Scene, result: Confusion, place: Place, scale: Scale) -> None:
    """Draw every cell with its count and, where there is room, its share of the row."""
    shares, size = result.shares, len(result.labels)
    colours = scale.colours(np.nan_to_num(shares))
    worst = {(one.label, one.predicted) for one in result.worst(MARKED)}
    font = _font(result, place)
    for i in range(size):
        x, y = place.corner(i, 0)
        if np.isnan(shares[i, i]):
            scene.add(Rect(x, y, place.wide * size - 1, place.high - 1, hatch=scene.theme.rule))
            continue
        for j in range(size):
            x, y = place.corner(i, j)
            r, g, b = (int(c) for c in colours[i, j])
            box = x, y, place.wide - 1, place.high - 1
            scene.add(Rect(*box, fill=f"#{r:02x}{g:02x}{b:02x}"))
            marked = (i, j) in worst
            edge = scene.theme.accent if marked else scene.theme.rule
            scene.add(Rect(*box, stroke=edge, line=2 if marked else 1))
            if result.matrix[i, j] and font:
                _numbers(scene, result, place, (i, j), font, ink((r, g, b)))


def _numbers(
    scene: Scene, result: Confusion, place: Place, cell: tuple[int, int], font: float, colour: str
) -> None:
    """Write what a cell counts, and its share below it where cells are that high."""
    x, y = place.corner(*cell)
    middle, centre = x + (place.wide - 1) / 2, y + (place.high - 1) / 2
    text, share = count(int(result.matrix[cell])), percent(float(result.shares[cell]))
    two = place.high >= HIGH
    line = centre - 1.5 if two else centre + 0.36 * font
    scene.text(middle, line, text, size=font, colour=colour, anchor="middle")
    if two:
        size = float(CAPTION)
        while size > SMALLEST and measure(share, size) > place.wide - 6:
            size -= 0.5
        scene.text(middle, centre + 11, share, size=size, colour=colour, anchor="middle")


def _font(result: Confusion, place: Place) -> float:
    """Return the px of the type in which every count fits its cell, 0 if none does."""
    longest, font = count(int(result.matrix.max())), float(LABEL)
    while font > SMALLEST and (measure(longest, font) > place.wide - 5 or font > place.high - 8):
        font -= 0.5
    return font if measure(longest, font) <= place.wide - 4 else 0.0


def _picture(scene: Scene, result: Confusion, place: Place, scale: Scale, look: Look) -> None:
    """Draw the cells of many classes as one picture."""
    side = round(place.wide * len(result.labels))
    shares = np.nan_to_num(result.shares)
    pixels = display.pixels(shares, scale, side * look.scale, side * look.scale)
    blocks.tile(scene, place.x, place.y, pixels, side, side, "confusion matrix")
    for i in np.flatnonzero(result.matrix.sum(axis=1) == 0).tolist():
        x, y = place.corner(i, 0)
        scene.add(Rect(x, y, side, place.high, hatch=scene.theme.rule))


def _columns(scene: Scene, result: Confusion, place: Place) -> None:
    """Write above the columns what they are: names, or numbers, of which not all may fit."""
    size, dim = len(result.labels), scene.theme.secondary
    scene.text(place.x, place.y - 21, "taken for", colour=dim)
    step = _step(measure(str(size - 1), CAPTION) + 6, place.wide)
    for j in range(0, size, step):
        middle = place.corner(0, j)[0] + place.wide / 2
        text = str(j) if place.numbered else result.labels[j]
        if middle + measure(text, CAPTION) / 2 <= place.corner(0, size)[0] + 2:
            scene.text(middle, place.y - 6, text, anchor="middle")


def _rows(scene: Scene, result: Confusion, place: Place) -> None:
    """Write which class each row is, and beside it how much of it is right."""
    size, dim = len(result.labels), scene.theme.secondary
    rowed = place.high >= NAMED
    named = rowed and not (place.numbered and _nameless(result))
    font = LABEL if place.high >= 18 else CAPTION
    right, top = place.corner(0, size)[0] + GAP, place.y - 6
    scene.text(MARGIN, top, "class", colour=dim)
    scene.text(right, top, "right, of how many", colour=dim)
    full = right + RECALL
    scene.add(Line((full, place.y), (full, place.corner(size, 0)[1]), scene.theme.rule))
    number = measure(str(size - 1), LABEL) if place.numbered else 0
    step = 1 if rowed else _step(1.3 * NAMED, place.high)
    totals, recall = result.matrix.sum(axis=1).tolist(), np.diagonal(result.shares).tolist()
    for i, name in enumerate(result.labels):
        _, y = place.corner(i, 0)
        line = y + place.high / 2 + 0.36 * font
        if place.numbered and not i % step:
            x = MARGIN + number if named else place.x - GAP
            scene.text(x, line, str(i), size=font, colour=dim, anchor="end")
        if named:
            room = place.x - MARGIN - GAP - (number + GAP if number else 0)
            scene.text(place.x - GAP, line, name, size=font, anchor="end", room=room)
        thick = min(12, place.high * (0.6 if rowed else 1))
        at = y + (place.high - thick) / 2
        if totals[i]:
            width = RECALL * recall[i]
            scene.add(Rect(right, at, width, thick, fill=scene.theme.map))
        if rowed:
            text = f"{percent(recall[i])} of {count(totals[i])}" if totals[i] else "no pictures"
            scene.text(full + GAP, y + place.high / 2 + 4, text, colour=dim)


def _step(least: float, each: float) -> int:
    """Return every how many cells a number has room: 1, or a round number."""
    wanted = max(least / each, 1)
    power = int(10 ** floor(log10(wanted)))
    return next(step for step in (power, 2 * power, 5 * power, 10 * power) if step >= wanted)


def _bar(scene: Scene, place: Place, y: float, scale: Scale) -> None:
    """Draw the colour scale with its shares, and say what it is."""
    dim = scene.theme.secondary
    height = blocks.bar_alone(scene, place.x, y, BAR, scale)
    for share in TICKS:
        at = place.x + share**0.5 * BAR
        text = f"{100 * share:g}{THIN}%" if share else "0"
        scene.text(at, y + height + 12, text, colour=dim, anchor="middle")
    scene.text(place.x + BAR + WIDE_GAP, y + 8, SCALE, colour=dim)


def _list(scene: Scene, result: Confusion, y: float) -> float:
    """Write the worst confusions in two columns; return the bottom."""
    found = result.worst(LIST)
    marked = len(result.labels) <= MOST_CELLS
    name = "most confused" if found else "no confusion"
    detail = "the first of them framed" if found and marked else ""
    room = scene.width - 2 * MARGIN
    blocks.heading(scene, MARGIN, y, scene.theme.accent, name, detail, room=room)
    each = (room - WIDE_GAP) / 2
    is_long = any(_needed(result, one) > _room_of_names(result, one, each) for one in found)
    lines = len(found) if is_long else ceil(len(found) / 2)
    for i, one in enumerate(found):
        column, row = divmod(i, lines)
        x = MARGIN + column * (each + WIDE_GAP)
        _confused(scene, result, one, x, y + 40 + 20 * row, room if is_long else each)
    return y + 26 + 20 * lines


def _confused(
    scene: Scene, result: Confusion, one: Confused, x: float, y: float, room: float
) -> None:
    """Write a line about one confusion."""
    scene.text(x + _share(), y, percent(one.share), size=LABEL, face="bold", anchor="end")
    left, both = x + _share() + GAP, _room_of_names(result, one, room)
    names = result.labels[one.label], result.labels[one.predicted]
    for name, other, after in ((*names, WORDS), (*names[::-1], "")):
        own = max(both / 2, both - measure(other, LABEL))
        left += scene.text(left, y, name, size=LABEL, room=own)
        left += scene.text(left, y, after, size=LABEL, colour=scene.theme.secondary)
    scene.text(left + GAP, y, _of(result, one), colour=scene.theme.secondary)


def _share() -> float:
    """Return the px of a share in bold."""
    return measure(f"99.9{THIN}%", LABEL, "bold")


def _needed(result: Confusion, one: Confused) -> float:
    """Return the px of the two names."""
    return sum(measure(result.labels[i], LABEL) for i in (one.label, one.predicted))


def _room_of_names(result: Confusion, one: Confused, room: float) -> float:
    """Return the px that a line leaves for them."""
    return room - _share() - 2 * GAP - measure(WORDS, LABEL) - measure(_of(result, one), CAPTION)


def _of(result: Confusion, one: Confused) -> str:
    return f"{count(one.count)} of {count(int(result.matrix[one.label].sum()))}"
