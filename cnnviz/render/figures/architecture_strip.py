"""The columns of a network in a row: a volume for each layer, and below it what it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from cnnviz.geometry import Shape
from cnnviz.render.figures import architecture_brackets, volumes
from cnnviz.render.figures import architecture_joints as joints
from cnnviz.render.figures.architecture_brackets import HEIGHT as BRACKETS
from cnnviz.render.figures.architecture_brackets import brackets
from cnnviz.render.figures.architecture_joints import AIR, SLICE, Cell
from cnnviz.render.figures.architecture_look import amount, colour, operation
from cnnviz.render.fonts import Face, measure, shorten
from cnnviz.render.numbers import times
from cnnviz.render.scene import Scene
from cnnviz.render.theme import CAPTION, GAP, LABEL, MARGIN, WIDE_GAP, WIDTH, ink, mixed, rgb
from cnnviz.report.architecture import Architecture
from cnnviz.report.architecture_groups import Group

MOST = 1400.0  # px of a row of columns: more go into further rows
ROOM, NUMBERS = 112.0, 240.0  # px of a text in a column, and of a shape, which is not cut
WORDS = 84.0  # px of what stands beside an operation before it takes a second line
MOST_AIR = 48.0  # px between two columns where there is room
SLICES = 5  # volumes of a column
DEEPEST = (72.0, 56.0, 42.0, 30.0, 24.0, 20.0)  # px of the most channels: the first that fits
DEEP = 42.0  # where none does, and there are several rows
LINE = 15.0  # px of a line of text
HEADS = ("layer", "operation", "output", "parameters", "with", "")
SHAPE, PARAMS = 2, 3
DIM = 3  # the first of the lines that are secondary
LEFT = 72.0  # px of what stands before the texts


@dataclass(eq=False, repr=False)
class Strip:
    """The cells of every row with their places."""

    found: Architecture
    rows: list[list[Cell]]
    lines: list[int]
    width: float
    windows: bool = False


def plan(found: Architecture) -> Strip:
    """Return the columns as cells in as few rows as they fit in, spread over the width."""
    for deepest in DEEPEST:
        cells = _cells(found, deepest)
        if _width(cells) <= MOST:
            break
    else:
        cells = _cells(found, DEEP)
    count = -(-int(_width(cells) - LEFT) // int(MOST - LEFT))
    rows = _rows(cells, count)
    width = max(map(_width, rows))
    room = max(width, WIDTH - 2 * MARGIN)
    for row in rows:
        spare = min(MOST_AIR - AIR, max(0.0, room - _width(row)) / len(row)) if count == 1 else 0
        x = float(MARGIN + LEFT)
        for cell in row:
            cell.width += spare
            cell.x = x
            x += cell.width
    # Lines that no column has a word for are left out.
    lines = [i for i in range(len(HEADS)) if any(cell.texts[i] for cell in cells)]
    pairs = [pair for row in rows for pair in pairwise(row)]
    return Strip(found, rows, lines, max(map(_width, rows)), joints.visible(pairs))


def draw(scene: Scene, strip: Strip, y: float) -> float:
    """Draw every row with the brackets above it; return the bottom."""
    bracketed = bool(strip.found.divisions)
    for place, row in enumerate(strip.rows):
        if bracketed:
            brackets(scene, strip.found.divisions, _spans(strip, place), y, first=not place)
            y += BRACKETS
        tall = max((solid.span[1] for cell in row for solid in cell.solids), default=0)
        middle = y + tall / 2 + GAP
        for before, cell in zip([None, *row], row, strict=False):
            _solids(scene, cell, middle)
            if before is not None:
                joints.draw(scene, before, cell, middle, windows=strip.windows)
        y = _texts(scene, strip, row, y + tall + 2 * GAP) + WIDE_GAP
    return y - GAP


def _cells(found: Architecture, deepest: float) -> list[Cell]:
    cells = []
    for place, group in enumerate(found.columns):
        if place in found.hidden:
            if place == found.hidden[0]:
                cells.append(Cell(None, [], ["…", *[""] * (len(HEADS) - 1)], 30.0))
            continue
        shapes = _shown([member.shape for member in group.members])
        solids = [volumes.volume(shape, found.scales, deepest) for shape in shapes]
        cell = Cell(group, solids, _words(group))
        name, *others = cell.texts
        text = max(measure(name, CAPTION, "bold"), *(measure(t, CAPTION) for t in others))
        cell.width = max(cell.inner + AIR, text) + AIR
        cells.append(cell)
    for part in found.divisions:  # room for what is written above
        own = [cell for cell in cells if cell.group in found.columns[part.begin : part.end]]
        spare = architecture_brackets.least(part) + AIR - sum(cell.width for cell in own)
        for cell in own:
            cell.width += max(0.0, spare / len(own))
    return cells


def _shown(shapes: Sequence[Shape]) -> list[Shape]:
    return list(shapes[: SLICES - 1]) + list(shapes[-1:]) if len(shapes) > SLICES else list(shapes)


def _words(group: Group) -> list[str]:
    lines = ["", ""]
    for word in group.besides:
        longer = measure(f"{lines[0]}, {word}", CAPTION)
        place = 1 if lines[1] or (lines[0] and longer > WORDS) else 0
        lines[place] += f", {word}" if lines[place] else word
    if lines[1]:
        lines[0] += ","
    shape = times(group.shape)
    texts = [group.name, operation(group), shape, amount(group.total("params")), *lines]
    rooms = [NUMBERS if line in (SHAPE, PARAMS) else ROOM for line in range(len(texts))]
    faces: list[Face] = ["regular" if line else "bold" for line in range(len(texts))]
    triples = zip(texts, faces, rooms, strict=True)
    return [shorten(text, CAPTION, face, room) for text, face, room in triples]


def _width(cells: Sequence[Cell]) -> float:
    return LEFT + sum(cell.width for cell in cells) - AIR / 2


def _rows(cells: list[Cell], count: int) -> list[list[Cell]]:
    """Return the cells in so many rows of about the same width, or in more."""
    share = max(sum(cell.width for cell in cells) / count, 1)
    rows: list[list[Cell]] = [[]]
    for cell in cells:
        wide = sum(other.width for other in rows[-1])
        full = len(rows) < count and wide + cell.width / 2 > share
        if rows[-1] and (full or wide + cell.width > MOST - LEFT):
            rows.append([])
        rows[-1].append(cell)
    return rows


def _spans(strip: Strip, place: int) -> list[tuple[str, float, float]]:
    """Return from where to where each part goes in a row."""
    found, spans = strip.found, []
    places = {id(group): at for at, group in enumerate(found.columns)}
    for part in found.divisions:
        own = [
            cell
            for cell in strip.rows[place]
            if cell.group is not None and part.begin <= places[id(cell.group)] < part.end
        ]
        if own:
            left, last = own[0].x, own[-1]
            spans.append((part.name, left, last.x + last.width - AIR))
    return spans


def _solids(scene: Scene, cell: Cell, middle: float) -> None:
    if cell.group is None:
        return
    fill = colour(scene.theme, cell.group.kind)
    x = cell.left
    for solid in cell.solids:
        volumes.draw(scene, x, middle, solid, fill)
        letter = cell.group.letter
        wide = solid.reach and solid.depth >= measure(letter, LABEL, "bold") + 2
        if letter and wide and solid.height >= LABEL + 2:
            face = mixed(fill, scene.theme.background, 0.5)
            y = volumes.front(middle, solid) + solid.height / 2 + 5
            at = x + solid.depth / 2
            shade = ink(rgb(face))
            scene.text(at, y, letter, size=LABEL, face="bold", anchor="middle", colour=shade)
        x += solid.depth + SLICE


def _texts(scene: Scene, strip: Strip, row: Sequence[Cell], y: float) -> float:
    """Write the lines of every column, and before them what they are; return the bottom."""
    dim = scene.theme.secondary
    for place, line in enumerate(strip.lines):
        at = y + (place + 1) * LINE - 3
        scene.text(MARGIN, at, HEADS[line], colour=dim)
        for cell in row:
            face: Face = "regular" if line else "bold"
            x = cell.x + (cell.width - AIR) / 2
            shade = dim if line >= DIM else scene.theme.text
            scene.text(x, at, cell.texts[line], face=face, anchor="middle", colour=shade)
    return y + len(strip.lines) * LINE
