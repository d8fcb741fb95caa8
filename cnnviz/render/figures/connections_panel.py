"""The parts of a layer's panel in the figure of `connections`, each drawn at a place.

Each takes a scene, a panel and its top left corner, and returns its width and its height.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import prod

import numpy as np

from cnnviz.render.figures import blocks, connections_hues
from cnnviz.render.fonts import measure
from cnnviz.render.numbers import MINUS, number, spaced
from cnnviz.render.scene import Picture, Scene
from cnnviz.render.theme import CAPTION, LABEL, SMALLEST, Theme, ink, rgb
from cnnviz.report.connections_wiring import Cell, Edge, Wiring, cells, flat
from cnnviz.report.connections_words import noun, plural, said

NARROWEST = 300  # px of a panel
CELL = 34  # px of a cell of a matrix that has room
MOST_WIDE = 420  # px of a matrix
MOST_EQUATIONS = 6
LINE = 20
_SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


@dataclass(eq=False, repr=False)
class Panel:
    """A layer, how it is coloured, and how wide its panel has become.

    Attributes
    ----------
    one : Wiring
    theme : Theme
    values : bool
        Whether numbers are shown in place of names.
    colours : list of str
        By the number of a weight.
    width : float
        Px that its panel has.
    first, last : tuple of int
        Corners of the inputs with their padding: those of all panels beside each other.
    """

    one: Wiring
    theme: Theme
    values: bool
    colours: list[str] = field(init=False)
    width: float = NARROWEST
    first: Cell = ()
    last: Cell = ()

    def __post_init__(self) -> None:
        choose = connections_hues.shared if self.one.is_shared else connections_hues.own
        self.colours = choose(self.one.weights, self.theme)
        self.first, self.last = extent([self])

    @property
    def role(self) -> str:
        """The colour of its outputs: of a dense layer, or of a feature map."""
        return self.theme.dense if self.one.kind == "dense" else self.theme.map

    def weight(self, edge: Edge) -> str:
        """Return what is written at an edge: the weight's name, or its number."""
        if self.values:
            return number(float(self.one.w[edge.weight]))
        return indexed(self.one.weight(edge.weight))


def extent(panels: Sequence[Panel]) -> tuple[Cell, Cell]:
    """Return the first and the last cell of the inputs with all padding that is read."""
    inputs = panels[0].one.inputs
    corners = [tuple(0 for _ in inputs), tuple(size - 1 for size in inputs)]
    corners += [edge.source for panel in panels for edge in panel.one.padding]
    axes = list(zip(*corners, strict=True))
    return tuple(map(min, axes)), tuple(map(max, axes))


def indexed(name: str) -> str:
    """Return a name with its number as an index.

    >>> indexed("w12")
    'w₁₂'
    """
    return name.translate(_SUBSCRIPTS)


def heading(scene: Scene, panel: Panel, x: float, y: float) -> tuple[float, float]:
    """Write what the layer is, and who reads what in it."""
    blocks.heading(scene, x, y, panel.role, noun(panel.one), room=panel.width)
    text = said(panel.one)
    scene.text(x, y + 33, text, colour=scene.theme.secondary)
    return measure(text, CAPTION), 40


def matrix(scene: Scene, panel: Panel, x: float, y: float) -> tuple[float, float]:
    """Draw the weights as the matrix of `y = W x + b`: what is not wired is 0."""
    one, theme = panel.one, scene.theme
    rows, columns = prod(one.outputs), prod(one.inputs)
    zeros = rows * columns - len(one.edges)
    detail = f"{rows}×{columns}, {spaced(plural(zeros, 'zero')) if zeros else 'no zeros'}"
    blocks.heading(scene, x, y, theme.kernel, "weight matrix", detail, room=NARROWEST)
    size = max(3, min(CELL, MOST_WIDE // columns))
    left, top = x + 28, y + 22 + 18
    pixels = np.empty((rows, columns, 3), np.uint8)
    pixels[:] = rgb(theme.background)
    for edge in one.edges:
        place = flat(edge.target, one.outputs), flat(edge.source, one.inputs)
        pixels[place] = rgb(panel.colours[edge.weight])
    scene.add(Picture(left, top, columns * size, rows * size, pixels, f"matrix of {noun(one)}"))
    blocks.grid(scene, left, top, columns, rows, size, theme.rule)
    texts = [[""] * columns for _ in range(rows)]
    for edge in one.edges:
        i, j = flat(edge.target, one.outputs), flat(edge.source, one.inputs)
        texts[i][j] = panel.weight(edge)
    font = fitting([text for row in texts for text in row], size)
    for i in range(rows if font else 0):
        for j in range(columns):
            colour = ink(tuple(pixels[i, j].tolist())) if texts[i][j] else theme.secondary
            scene.text(
                left + (j + 0.5) * size, top + (i + 0.5) * size + font * 0.36,
                texts[i][j] or "0", size=font, colour=colour, anchor="middle",
            )  # fmt: skip
    _sides(scene, one, left, top, size)
    return 28 + columns * size, 40 + rows * size


def _sides(scene: Scene, one: Wiring, left: float, top: float, size: float) -> None:
    """Name the rows and the columns of a matrix, where there is room for names."""
    rows, columns = prod(one.outputs), prod(one.inputs)
    every = 1 if size >= 18 else 0
    for j in range(columns) if every else (0, columns - 1):
        scene.text(
            left + (j + 0.5) * size, top - 5, indexed(f"x{j + 1}"),
            colour=scene.theme.secondary, anchor="middle",
        )  # fmt: skip
    for i in range(rows) if size >= 12 else sorted({0, rows - 1} if rows * size > 24 else {0}):
        scene.text(
            left - 5, top + (i + 0.5) * size + 4, indexed(f"y{i + 1}"),
            colour=scene.theme.secondary, anchor="end",
        )  # fmt: skip


def fitting(texts: list[str], size: float) -> float:
    """Return the px of the type in which all of these fit cells, 0 if they cannot be read."""
    font = float(LABEL - 1)
    longest = max(texts, key=lambda text: measure(text, CAPTION))
    while font >= SMALLEST and (measure(longest, font) > size - 3 or font > size - 4):
        font -= 0.5
    return font if font >= SMALLEST else 0.0


Piece = tuple[str, str]  # a text and its colour


def equations(scene: Scene, panel: Panel, x: float, y: float) -> tuple[float, float]:
    """Write the equation of each output, its weights in their colours; with values its numbers."""
    one, top, right = panel.one, y, 0.0
    outputs = list(enumerate(cells(one.outputs)))
    few = len(outputs) <= MOST_EQUATIONS
    shown = outputs if few else [*outputs[: MOST_EQUATIONS - 2], outputs[-1]]
    for place, (output, cell) in enumerate(shown):
        if not few and place == len(shown) - 1:
            y += LINE
            scene.text(x, y, f"… {len(outputs) - len(shown)} more …", colour=scene.theme.secondary)
        edges = one.terms(cell)
        y += LINE
        right = max(right, _line(scene, x, y, _symbols(panel, edges, output), panel.width))
        if panel.values:
            y += LINE - 3
            pieces = _numbers(panel, edges, output)
            right = max(right, _line(scene, x + 19, y, pieces, panel.width - 19) + 19)
    return right, y - top + 4


def _symbols(panel: Panel, edges: list[Edge], output: int) -> list[list[Piece]]:
    """Return an equation as terms, each in coloured pieces."""
    one, plain = panel.one, panel.theme.text
    terms = [
        [
            (indexed(one.weight(e.weight)), _text_colour(panel, e)),
            (f"·{indexed(f'x{flat(e.source, one.inputs) + 1}')}", plain),
        ]
        for e in edges
    ]
    bias = one.bias(output)
    parts = [*terms, [(indexed(bias), plain)]] if bias else terms or [[("0", plain)]]
    first = [[(f"{indexed(f'y{output + 1}')} = ", plain), *parts[0]]]
    return first + [[(" + ", plain), *part] for part in parts[1:]]


def _numbers(panel: Panel, edges: list[Edge], output: int) -> list[list[Piece]]:
    """Return an equation's numbers as terms, and its result."""
    one, plain = panel.one, panel.theme.secondary
    terms: list[list[Piece]] = []
    for e in edges:
        weight, sign = float(one.w[e.weight]), _sign(float(one.w[e.weight]), not terms)
        product = f"·{number(float(one.x[e.source]))}"
        terms.append(
            [(sign, plain), (number(abs(weight)), _text_colour(panel, e)), (product, plain)]
        )
    if one.biases:
        bias = float(one.b[output if one.biases > 1 else 0])
        terms.append([(_sign(bias, not terms) + number(abs(bias)), plain)])
    terms = terms or [[("0", plain)]]
    terms[0].insert(0, ("= ", plain))
    terms[-1].append((f" = {number(float(one.y.flat[output]))}", panel.theme.text))
    return terms


def _sign(value: float, first: bool) -> str:
    if first:
        return MINUS if value < 0 else ""
    return f" {MINUS} " if value < 0 else " + "


def _text_colour(panel: Panel, edge: Edge) -> str:
    return connections_hues.legible(panel.colours[edge.weight], panel.theme)


def _line(scene: Scene, x: float, y: float, terms: list[list[Piece]], room: float) -> float:
    """Write terms in a line, without those in the middle if they are too many; return its px."""
    room = max(room, NARROWEST)
    more: list[Piece] = [(" + …", scene.theme.secondary)]
    kept = terms
    while _wide(kept) > room and len(terms) > 3:
        size = len(kept) - (2 if kept is not terms else 1)
        head = terms[: max(1, size - 2)]
        kept = [*head, more, *terms[-2:]]
        if len(head) == 1:
            break
    start = x
    for text, colour in (piece for term in kept for piece in term):
        x += scene.text(x, y, text, size=LABEL, colour=colour)
    return x - start


def _wide(terms: list[list[Piece]]) -> float:
    return sum(measure(text, LABEL) for term in terms for text, _ in term)


def figures(scene: Scene, panel: Panel, x: float, y: float) -> tuple[float, float]:
    """Write what the layer costs."""
    one, theme = panel.one, scene.theme
    bold = spaced(plural(one.params, "parameter"))
    wide = scene.text(x, y + 14, bold, size=LABEL + 1, face="bold")
    parts = [plural(one.weights, "weight")]
    if one.biases:
        parts.append(plural(one.biases, "bias").replace("biass", "biases"))
    detail = spaced(f"= {' + '.join(parts)}")
    scene.text(x + wide + 8, y + 14, detail, size=LABEL, colour=theme.secondary)
    wide += 8 + measure(detail, LABEL)
    macs = spaced(plural(one.macs, "multiply-add"))
    scene.text(x, y + 34, macs, size=LABEL)
    if one.padding:
        padded = f", {len(one.padding)} of them with padding"
        end = x + measure(macs, LABEL)
        wide = max(wide, end - x + scene.text(end, y + 34, padded, size=LABEL))
    return wide, 40
