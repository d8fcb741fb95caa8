"""Inputs and outputs in a row each, with a wire from each input to each output that reads it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import cos, pi, sin

from cnnviz.render.figures.connections_panel import NARROWEST, Panel, indexed
from cnnviz.render.fonts import measure
from cnnviz.render.numbers import number
from cnnviz.render.scene import Path, Point, Polygon, Rect, Scene
from cnnviz.render.theme import CAPTION, LABEL, ink, mixed, rgb
from cnnviz.report.connections_wiring import Edge

TALLEST, LARGEST, LEAST = 560, 48, 16  # px of all nodes, from one to the next at most and at least
DASH = 5
MANY, THINNER = 150, 0.4  # wires from which they are thinner
STRONG, CALM, FAINT = 2.6, 1.7, 1.2  # px of a wire whose weight is shared, or not; to padding
AIR = 2  # px around a label
Box = tuple[float, float, float, float]


@dataclass(eq=False, repr=False)
class Layout:
    """Where the nodes are.

    Attributes
    ----------
    step, radius : float
    sources : dict of int to point
        By the place of the input; those outside are padding.
    targets : list of point
    """

    step: float
    radius: float
    sources: dict[int, Point]
    targets: list[Point]
    height: float


def draw(scene: Scene, panel: Panel, x: float, y: float) -> tuple[float, float]:
    """Draw the nodes and the wires of a layer; return width and height."""
    laid = layout(panel, x, y)
    one = panel.one
    for edge in one.padding:
        start, end = _ends(laid, edge)
        _dashed(scene, start, end, scene.theme.rule)
    line = STRONG if one.is_shared else CALM
    if len(one.edges) > MANY:
        line *= THINNER
    for edge in one.edges:
        scene.add(Path(_ends(laid, edge), panel.colours[edge.weight], line))
    for place, box in labels(panel, laid).items():
        edge = one.edges[place]
        scene.add(
            Rect(box[0], box[1], box[2] - box[0], box[3] - box[1], fill=panel.theme.background)
        )
        middle = (box[0] + box[2]) / 2
        scene.text(middle, box[3] - AIR - 1, panel.weight(edge), anchor="middle")
    _sources(scene, panel, laid)
    _targets(scene, panel, laid)
    return NARROWEST, laid.height


def layout(panel: Panel, x: float, y: float) -> Layout:
    """Place inputs with their padding on the left, and outputs at the middle of what they read."""
    one = panel.one
    (count,) = one.inputs
    (first,), (last,) = panel.first, panel.last
    rows = last - first + 1
    outputs = sorted({edge.target for edge in (*one.edges, *one.padding)})
    step = max(LEAST, min(LARGEST, TALLEST / max(rows, len(outputs))))
    radius = min(15.0, 0.38 * step)
    height = max(rows, len(outputs)) * step
    left, right = x + 44, x + NARROWEST - 60
    top = y + (height - rows * step) / 2
    read = {edge.source[0] for edge in one.padding}.union(range(count))
    sources = {place: (left, top + (place - first + 0.5) * step) for place in sorted(read)}
    middles = []
    for target in outputs:
        seen = [sources[e.source[0]][1] for e in (*one.edges, *one.padding) if e.target == target]
        middles.append((min(seen) + max(seen)) / 2)
    if len(set(middles)) < len(middles) or _too_close(middles, step):
        gap = min(height / len(outputs), 1.6 * LARGEST)
        start = y + height / 2 - gap * (len(outputs) - 1) / 2
        middles = [start + gap * place for place in range(len(outputs))]
    return Layout(step, radius, sources, [(right, middle) for middle in middles], height)


def _too_close(middles: list[float], step: float) -> bool:
    return any(b - a < step - 1e-6 for a, b in pairwise(middles))


def _ends(laid: Layout, edge: Edge) -> tuple[Point, Point]:
    start, end = laid.sources[edge.source[0]], laid.targets[_place(edge)]
    return (start[0] + laid.radius, start[1]), (end[0] - laid.radius, end[1])


def _place(edge: Edge) -> int:
    return edge.target[0]


def _dashed(scene: Scene, start: Point, end: Point, colour: str) -> None:
    """Draw a dashed line."""
    length = ((end[0] - start[0]) ** 2 + (end[1] - start[1]) ** 2) ** 0.5
    pieces = max(1, int(length / (2 * DASH)))
    for piece in range(pieces):
        a, b = (2 * piece) / (2 * pieces), (2 * piece + 1) / (2 * pieces)
        scene.add(Path((_between(start, end, a), _between(start, end, b)), colour, FAINT))


def _between(start: Point, end: Point, share: float) -> Point:
    return start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share


def _sources(scene: Scene, panel: Panel, laid: Layout) -> None:
    (count,) = panel.one.inputs
    for place, centre in laid.sources.items():
        if 0 <= place < count:
            value = number(float(panel.one.x[place])) if panel.values else ""
            name = indexed(f"x{place + 1}")
            _node(scene, centre, laid, scene.theme.input, name, value, "end")
        else:
            side = 2 * laid.radius
            box = centre[0] - laid.radius, centre[1] - laid.radius, side, side
            scene.add(Rect(*box, fill=scene.theme.background))
            scene.add(Rect(*box, hatch=scene.theme.rule, stroke=scene.theme.rule))
            _name(scene, (centre[0] - laid.radius - 6, centre[1]), "0", "end")


def _targets(scene: Scene, panel: Panel, laid: Layout) -> None:
    for place, centre in enumerate(laid.targets):
        value = number(float(panel.one.y[place])) if panel.values else ""
        bias = panel.one.bias(place)
        _node(scene, centre, laid, panel.role, indexed(f"y{place + 1}"), value, "start")
        if bias and laid.radius >= 8:
            shift = 22 if value or laid.radius < 11 else 0
            spot = centre[0] + laid.radius + 6 + shift, centre[1]
            _name(scene, spot, f"+ {indexed(bias)}", "start")


def _node(
    scene: Scene, centre: Point, laid: Layout, role: str, name: str, value: str, anchor: str
) -> None:
    """Draw a node with its number, or its name, in it; the name beside it where that is no room."""
    fill = mixed(role, scene.theme.background, 0.1)
    scene.add(Polygon(disc(centre, laid.radius), fill))
    inside = value or name
    room = 2 * laid.radius - 4
    size = LABEL if measure(inside, LABEL, "bold") <= room else CAPTION
    fits = laid.radius >= 11 and measure(inside, size, "bold") <= room
    if fits:
        scene.text(
            centre[0], centre[1] + 0.36 * size, inside, size=size, colour=ink(rgb(fill)),
            face="bold", anchor="middle",
        )  # fmt: skip
    if not fits or value:
        shown = name if fits or not value else f"{name} = {value}"
        shift = laid.radius + 5
        x = centre[0] - shift if anchor == "end" else centre[0] + shift
        _name(scene, (x, centre[1]), shown, anchor)


def _name(scene: Scene, spot: Point, text: str, anchor: str) -> None:
    size = LABEL if measure(text, LABEL) < 36 else CAPTION
    scene.text(
        spot[0], spot[1] + 4, text, size=size, colour=scene.theme.secondary,
        anchor="end" if anchor == "end" else "start",
    )  # fmt: skip


def disc(centre: Point, radius: float, corners: int = 48) -> tuple[Point, ...]:
    """Return a circle as a polygon."""
    turns = (2 * pi * corner / corners for corner in range(corners))
    return tuple((centre[0] + radius * cos(t), centre[1] + radius * sin(t)) for t in turns)


def labels(panel: Panel, laid: Layout) -> dict[int, Box]:
    """Return where the names of all wires stand, each on its own and on no other; none if not all.

    Wires that have the fewest places come first.
    """
    edges = panel.one.edges
    if laid.step < 22 or len(edges) > 40:
        return {}
    lines = [_ends(laid, edge) for edge in (*edges, *panel.one.padding)]
    free: dict[int, list[Box]] = {}
    for place, edge in enumerate(edges):
        width, height = measure(panel.weight(edge), CAPTION) / 2 + AIR, CAPTION / 2 + AIR
        found = []
        for share in sorted((n / 40 for n in range(4, 37)), key=lambda share: abs(share - 0.45)):
            cx, cy = _between(*lines[place], share)
            box = cx - width, cy - height, cx + width, cy + height
            others = (line for n, line in enumerate(lines) if n != place)
            if not any(crosses(line, box) for line in others):
                found.append(box)
        free[place] = found
    taken: dict[int, Box] = {}
    for place in sorted(free, key=lambda place: len(free[place])):
        for box in free[place]:
            if all(_apart(box, other) for other in taken.values()):
                taken[place] = box
                break
        else:
            return {}
    return taken


def crosses(line: tuple[Point, Point], box: Box) -> bool:
    """Tell whether a line passes through a box.

    >>> crosses(((0, 0), (10, 10)), (4, 4, 6, 6)), crosses(((0, 0), (10, 0)), (4, 4, 6, 6))
    (True, False)
    """
    (x0, y0), (x1, y1) = line
    low, high = 0.0, 1.0
    for start, step, least, most in ((x0, x1 - x0, box[0], box[2]), (y0, y1 - y0, box[1], box[3])):
        if step == 0:
            if not least <= start <= most:
                return False
            continue
        a, b = sorted(((least - start) / step, (most - start) / step))
        low, high = max(low, a), min(high, b)
    return low <= high


def _apart(one: Box, other: Box) -> bool:
    return one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
