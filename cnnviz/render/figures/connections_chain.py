"""The figure of dense layers in a row: maps, laid out as nodes, wired to units, to classes."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import prod

from cnnviz.render.figures import connections_hues, header
from cnnviz.render.figures.connections_nodes import disc
from cnnviz.render.figures.connections_panel import indexed
from cnnviz.render.figures.explanation import signs
from cnnviz.render.fonts import measure
from cnnviz.render.look import Look
from cnnviz.render.numbers import count, number, spaced
from cnnviz.render.scene import Path, Point, Polygon, Rect, Scene
from cnnviz.render.theme import CAPTION, GAP, LABEL, MARGIN, TITLE, ink, mixed, rgb, theme
from cnnviz.report.connections_chain import LETTERS, DensePart, maps_words

MOST, HEAD, TAIL = 10, 5, 3  # nodes of a column; of a longer one those drawn at both ends
STEP, RADIUS = 38, 15
COLUMN, APART = 60, 128  # px of a column and between two
MAP, SHIFT, MOST_MAPS = 84, 11, 6
FAINT = 0.3  # of wires, where they are many
MANY = 40


@dataclass(eq=False, repr=False)
class Column:
    """Nodes below each other: the numbers of those drawn, and their centres."""

    x: float
    size: int
    letter: str
    role: str
    nodes: dict[int, Point]

    @property
    def is_cut(self) -> bool:
        """Whether not all nodes are drawn."""
        return len(self.nodes) < self.size


def draw(result: DensePart, look: Look) -> Scene:
    """Return the figure: a column of nodes for each layer, and all wires between those drawn."""
    scene = Scene(theme(look.theme), title=spaced(result.headline()))
    scene.description = ". ".join(result.lines())
    lines = about(result)
    top = MARGIN + header.height(lines) + 34
    sizes = [prod(result.shape), *(stage.units for stage in result.stages)]
    height = max(map(len, map(shown, sizes))) * STEP + (STEP if max(sizes) > MOST else 0)
    x: float = MARGIN
    if len(result.shape) > 1:
        x = _maps(scene, result, x, top, height)
    x += max(0.0, (measure(_said(result, 0, sizes[0])[1][0], LABEL, "bold") - COLUMN) / 2)
    columns = _columns(scene, result, sizes, x, top, height)
    for place, (one, other) in enumerate(pairwise(columns)):
        _wires(scene, one, other, straight=result.softmax and place == len(columns) - 2)
    for place, column in enumerate(columns):
        _nodes(scene, column)
        _caption(scene, result, place, column, top, top + height)
    right = columns[-1].x + COLUMN + 30
    widest = max(measure(scene.title, TITLE, "bold"), *(measure(line, LABEL) for line in lines))
    scene.width = max(right + MARGIN, min(widest + 2 * MARGIN + 2, 1280))
    scene.height = top + height + 64 + MARGIN
    header.draw(scene, lines)
    return scene


def about(result: DensePart) -> list[str]:
    """Return what wires are, and what is left out."""
    lines = ["Each line is a weight of its own; each unit adds up all that come in, and its bias."]
    if not any(stage.biases for stage in result.stages):
        lines = ["Each line is a weight of its own; each unit adds up all that come in."]
    if result.softmax:
        lines.append("softmax turns the last outputs into probabilities, which add up to 1.")
    if max([prod(result.shape), *(stage.units for stage in result.stages)]) > MOST:
        lines.append(
            f"Of more than {MOST} nodes the first {HEAD} and the last {TAIL} are drawn, "
            "with the lines between them."
        )
    return lines


def shown(size: int) -> list[int]:
    """Return the numbers of the nodes of a column that are drawn.

    >>> shown(4), shown(120)
    ([0, 1, 2, 3], [0, 1, 2, 3, 4, 117, 118, 119])
    """
    return [*range(size)] if size <= MOST else [*range(HEAD), *range(size - TAIL, size)]


def _columns(
    scene: Scene, result: DensePart, sizes: list[int], x: float, top: float, height: float
) -> list[Column]:
    last = len(sizes) - 1
    letters = ["x", *LETTERS[: last - 1], "y"]
    roles = [scene.theme.input, *[scene.theme.dense] * last]
    if result.softmax:
        sizes, letters = [*sizes, sizes[-1]], [*letters, "p"]
        roles.append(scene.theme.dense)
    found = []
    for size, letter, role in zip(sizes, letters, roles, strict=True):
        places = shown(size)
        rows = len(places) + (size > MOST)
        start = top + (height - rows * STEP) / 2 + STEP / 2
        nodes = {
            node: (x + COLUMN / 2, start + STEP * (row + (size > MOST and row >= HEAD)))
            for row, node in enumerate(places)
        }
        found.append(Column(x, size, letter, role, nodes))
        x += COLUMN + APART
    return found


def _wires(scene: Scene, one: Column, other: Column, *, straight: bool) -> None:
    """Draw all wires between the nodes drawn of two columns, or those between equal numbers."""
    pairs = [(i, j) for j in other.nodes for i in one.nodes if not straight or i == j]
    colours = connections_hues.own(len(pairs), scene.theme)
    for (i, j), colour in zip(pairs, colours, strict=True):
        (x0, y0), (x1, y1) = one.nodes[i], other.nodes[j]
        if straight:
            colour = scene.theme.rule
        elif len(pairs) > MANY:
            colour = mixed(colour, scene.theme.background, FAINT)
        scene.add(Path(((x0 + RADIUS, y0), (x1 - RADIUS, y1)), colour, 1.2))


def _nodes(scene: Scene, column: Column) -> None:
    fill = mixed(column.role, scene.theme.background, 0.1)
    for place, centre in column.nodes.items():
        scene.add(Polygon(disc(centre, RADIUS), fill))
        text = indexed(f"{column.letter}{place + 1}")
        size = next((s for s in (LABEL, CAPTION) if measure(text, s) <= 2 * RADIUS - 3), 0)
        if size:
            scene.text(
                centre[0], centre[1] + 0.36 * size, text, size=size, colour=ink(rgb(fill)),
                anchor="middle",
            )  # fmt: skip
    if column.is_cut:
        middle = column.nodes[HEAD - 1][1] + STEP
        for shift in (-8, 0, 8):
            spot = column.x + COLUMN / 2, middle + shift
            scene.add(Polygon(disc(spot, 2, 12), scene.theme.secondary))


def _caption(
    scene: Scene, result: DensePart, place: int, column: Column, top: float, bottom: float
) -> None:
    """Say above a column what it is, and below it what it costs."""
    middle = column.x + COLUMN / 2
    name, texts = _said(result, place, column.size)
    scene.text(middle, top - 14, name, size=LABEL, face="bold", anchor="middle")
    scene.text(middle, bottom + 18, texts[0], size=LABEL, face="bold", anchor="middle")
    for line, text in enumerate(texts[1:], 1):
        scene.text(
            middle, bottom + 18 + 18 * line, text, colour=scene.theme.secondary, anchor="middle"
        )


def _said(result: DensePart, place: int, size: int) -> tuple[str, list[str]]:
    """Return what a column is called, and what is said below it."""
    if place == 0:
        flattened = len(result.shape) > 1
        return ("flattened" if flattened else "inputs"), [
            _amount(size, "value" if flattened else "input")
        ]
    if place > len(result.stages):
        return "softmax", [f"{_short(size)} class{'es' * (size != 1)}", "no parameters"]
    stage = result.stages[place - 1]
    costs = [_amount(stage.params, "parameter"), _amount(stage.macs, "MAC")]
    name = f"dense {place}" if len(result.stages) > 1 else "dense"
    return name, [_amount(size, "unit"), *costs]


def _amount(value: int, word: str) -> str:
    return f"{_short(value)} {word}{'s' * (value != 1)}"


def _short(value: int) -> str:
    """Return an amount in full, or with four digits where it would reach into the next column."""
    return count(value) if value < 10**12 else number(float(value))


def _maps(scene: Scene, result: DensePart, x: float, top: float, height: float) -> float:
    """Draw the maps behind each other and an arrow from them; return where the nodes begin."""
    theme, shape = scene.theme, result.shape
    maps = shape[2] if len(shape) == 3 else 1
    behind = min(maps, MOST_MAPS) - 1
    scale = MAP / max(shape[:2])
    tall, wide = max(6.0, shape[0] * scale), max(6.0, shape[1] * scale)
    full = wide + SHIFT * behind
    y = top + (height - tall - SHIFT * behind) / 2
    for place in range(behind, -1, -1):
        left, up = x + SHIFT * place, y + SHIFT * (behind - place)
        fill = mixed(theme.map, theme.background, 0.75)
        scene.add(Rect(left, up, wide, tall, fill=fill, stroke=theme.map))
        if place == 0 and max(shape[:2]) <= 16:
            _lattice(scene, left, up, shape[0], shape[1], scale)
    words = signs(spaced(maps_words(shape)))
    room = max(full, measure(words, LABEL, "bold"))
    scene.text(x, top - 14, "maps" if maps > 1 else "map", size=LABEL, face="bold")
    scene.text(x, top + height + 18, words, size=LABEL, face="bold")
    start, end, middle = x + full + 2 * GAP, x + room + 92, top + height / 2
    scene.add(Path(((start, middle), (end - 6, middle)), theme.secondary, 2))
    head = ((end, middle), (end - 10, middle - 5), (end - 10, middle + 5))
    scene.add(Polygon(head, theme.secondary))
    scene.text((start + end) / 2, middle - 8, "flatten", colour=theme.secondary, anchor="middle")
    return end + GAP


def _lattice(scene: Scene, x: float, y: float, rows: int, columns: int, scale: float) -> None:
    colour = scene.theme.map
    for i in range(1, rows):
        scene.add(Path(((x, y + i * scale), (x + columns * scale, y + i * scale)), colour, 0.7))
    for j in range(1, columns):
        scene.add(Path(((x + j * scale, y), (x + j * scale, y + rows * scale)), colour, 0.7))
