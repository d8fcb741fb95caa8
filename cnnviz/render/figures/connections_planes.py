"""A grid of inputs as a plane seen from the side, and above it the outputs that are wired to it."""

from __future__ import annotations

from cnnviz.render.figures.connections_nodes import CALM, STRONG, THINNER, disc
from cnnviz.render.figures.connections_panel import Panel, indexed
from cnnviz.render.fonts import measure
from cnnviz.render.numbers import spaced
from cnnviz.render.scene import Path, Point, Polygon, Scene
from cnnviz.render.theme import CAPTION, ink, mixed, rgb
from cnnviz.report.connections_wiring import Cell, cells
from cnnviz.report.connections_words import plural

MOST = 600  # wires that can still be followed
MANY = 60
CELL, WIDEST = 58, 360  # px of a cell, and of all cells, across
SHEAR, TILT = 0.57, 0.42  # of a cell: how far a row is moved to the left, how tall it is
RISE, HEAD = 140, 14  # px from the inputs up to the outputs, and above these
RADIUS = 13


def draw(scene: Scene, panel: Panel, x: float, y: float) -> tuple[float, float]:
    """Draw the planes and the wires of a layer; where they are too many, say so."""
    one, theme = panel.one, scene.theme
    if len(one.edges) > MOST:
        words = f"{spaced(plural(len(one.edges), 'wire'))}: too many to be drawn"
        scene.text(x, y + HEAD, words, colour=theme.secondary)
        return measure(words, CAPTION), 2.0 * HEAD
    rows, columns = (b - a + 1 for a, b in zip(panel.first, panel.last, strict=True))
    size = min(CELL, WIDEST / (columns + SHEAR * rows))
    top = y + HEAD + RISE

    def at(row: float, column: float) -> Point:
        i, j = row - panel.first[0], column - panel.first[1]
        return x + (SHEAR * (rows - i) + j) * size, top + TILT * size * i

    plain = mixed(theme.input, theme.background, 0.82)
    for i, j in cells(one.inputs):
        corners = (at(i, j), at(i, j + 1), at(i + 1, j + 1), at(i + 1, j))
        scene.add(Polygon(corners, plain))
        scene.add(Path((*corners, corners[0]), theme.input, 1))
    line = (STRONG if one.is_shared else CALM) * (THINNER if len(one.edges) > MANY else 0.7)
    nodes = {target: _above(at(*place), RISE) for target, place in _middles(panel).items()}
    for edge in one.edges:
        i, j = edge.source
        start = at(i + 0.5, j + 0.5)
        colour = panel.colours[edge.weight]
        scene.add(Path((start, nodes[edge.target]), colour, line))
        scene.add(Polygon(disc(start, 2.5, 16), theme.input))
    _outputs(scene, panel, nodes, size)
    return (columns + SHEAR * rows) * size, HEAD + RISE + TILT * size * rows


def _above(point: Point, rise: float) -> Point:
    return point[0], point[1] - rise


def _middles(panel: Panel) -> dict[Cell, tuple[float, float]]:
    """Return the middle of what each output reads; places side by side where all read the same."""
    one = panel.one
    read: dict[Cell, list[Cell]] = {cell: [] for cell in cells(one.outputs)}
    for edge in (*one.edges, *one.padding):
        read[edge.target].append(edge.source)
    middles = {
        target: tuple(0.5 + (min(at) + max(at)) / 2 for at in zip(*sources, strict=True))
        for target, sources in read.items()
    }
    if len(set(middles.values())) < len(middles):
        grid = one.outputs if len(one.outputs) == 2 else (1, one.outputs[0])
        places = zip(middles, cells(grid), strict=True)
        middles = {
            target: tuple(
                (at + 0.5) * size / count
                for at, size, count in zip(place, one.inputs, grid, strict=True)
            )
            for target, place in places
        }
    return {target: (row, column) for target, (row, column) in middles.items()}


def _outputs(scene: Scene, panel: Panel, nodes: dict[Cell, Point], size: float) -> None:
    points = list(nodes.values())
    apart = [
        max(abs(a[0] - b[0]), abs(a[1] - b[1]))
        for place, a in enumerate(points)
        for b in points[:place]
    ]
    radius = min(RADIUS, 0.42 * min(apart, default=2 * RADIUS))
    fill = mixed(panel.role, scene.theme.background, 0.1)
    for output, centre in enumerate(points):
        scene.add(Polygon(disc(centre, radius), fill))
        name = indexed(f"y{output + 1}")
        if measure(name, CAPTION, "bold") <= 2 * radius - 3:
            scene.text(
                centre[0], centre[1] + 4, name, colour=ink(rgb(fill)), face="bold", anchor="middle",
            )  # fmt: skip
