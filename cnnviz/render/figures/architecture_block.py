"""One kind of block unfolded: its layers as boxes, each below what it takes."""

from __future__ import annotations

from dataclasses import dataclass, replace

from cnnviz.render.figures import layered
from cnnviz.render.figures.architecture_look import amount, colour, operation, typeset
from cnnviz.render.figures.layered import Placed
from cnnviz.render.fonts import Face, measure, shorten
from cnnviz.render.numbers import times
from cnnviz.render.scene import Path, Polygon, Rect, Scene
from cnnviz.render.theme import CAPTION, GAP, LABEL, mixed
from cnnviz.report.architecture import MOST_KINDS, Architecture, Kind
from cnnviz.report.architecture_groups import Group

ROOM = 168.0  # px of a line in a box
LEAST = 88.0  # px of a box
LINE, TOP = 15.0, 7.0  # px of a line, and above the first and below the last
HEAD = 40.0  # px of a block's heading
HEADING = 560.0  # px of a heading that is wider than its block
FLAT = 24  # how much wider than the room between two layers a block may be
WIDEST = 2400.0  # px of a block: a wider one does not fit a page
NOT_DRAWN = "not drawn: its layers do not fit a page"
SHALLOW = 14  # boxes up to which each has three lines


@dataclass(eq=False, repr=False)
class Box:
    """A box with its lines of text."""

    kind: str
    texts: list[str]
    width: float
    height: float


@dataclass(eq=False, repr=False)
class Plan:
    """A block as it is drawn."""

    kind: Kind
    boxes: list[Box]
    placed: Placed | None
    width: float


def plans(found: Architecture) -> list[Plan]:
    """Return the blocks to be unfolded, each with its layout where it fits a page."""
    return [_plan(kind) for kind in found.kinds[:MOST_KINDS]]


def _plan(kind: Kind) -> Plan:
    words = max(measure(_title(kind), LABEL, "bold"), measure(kind.remark(), CAPTION))
    head = min(words, HEADING)
    if kind.boxes is None:
        return Plan(kind, [], None, head)
    brief = len(kind.boxes) > SHALLOW
    source = kind.blocks[0].source
    boxes = [_sized("input", [source.name, times(source.shape)])]
    boxes += [_box(group, kind.blocks[0].prefix, brief=brief) for group in kind.boxes]
    if not brief:  # of one width, so that what is below each other is in line
        wide = max(box.width for box in boxes)
        boxes = [replace(box, width=wide) for box in boxes]
    places = {source.name: 0} | {group.key: i for i, group in enumerate(kind.boxes, 1)}
    edges = [
        (places[name], i)
        for i, group in enumerate(kind.boxes, 1)
        for name in dict.fromkeys(group.inputs)
    ]
    sizes = [(box.width, box.height) for box in boxes]
    gap = 24.0 if brief else 34.0
    placed = layered.place(sizes, edges, gap=gap)
    if placed.width / FLAT > gap:  # lines of many branches would lie on each other
        placed = layered.place(sizes, edges, gap=placed.width / FLAT)
    if placed.width > WIDEST:
        return Plan(kind, [], None, head)
    return Plan(kind, boxes, placed, max(placed.width, head))


def draw(scene: Scene, plan: Plan, x: float, y: float) -> float:
    """Draw a block below its heading; return the bottom."""
    dim = scene.theme.secondary
    room = plan.width
    scene.text(x, y + 13, _title(plan.kind), size=LABEL, face="bold", room=room)
    remark = plan.kind.remark() if plan.placed else NOT_DRAWN
    scene.text(x, y + 13 + LINE, remark, colour=dim, room=room)
    if plan.placed is None:
        return y + HEAD
    top = y + HEAD - (0 if remark else LINE)
    for line in plan.placed.lines:
        _arrow(scene, [(x + u, top + v) for u, v in line])
    for box, (left, above) in zip(plan.boxes, plan.placed.boxes, strict=True):
        _draw_box(scene, box, x + left, top + above)
    return top + plan.placed.height


def _title(kind: Kind) -> str:
    return typeset(f"{kind.letter}: {kind.headline()}")


def _box(group: Group, prefix: str, *, brief: bool) -> Box:
    name = group.name.removeprefix(prefix)
    works = ", ".join([operation(group), *group.besides])
    shape, params = times(group.shape), amount(group.total("params"))
    made = f"{shape} · {params}" if params else shape
    return _sized(group.kind, [name, f"{works} · {shape}"] if brief else [name, works, made])


def _sized(kind: str, texts: list[str]) -> Box:
    room = ROOM + 88 if len(texts) == 2 else ROOM
    faces: list[Face] = ["regular" if line else "bold" for line in range(len(texts))]
    pairs = list(zip(texts, faces, strict=True))
    shown = [shorten(text, CAPTION, face, room) for text, face in pairs]
    wide = max(measure(text, CAPTION, face) for text, face in zip(shown, faces, strict=True))
    return Box(kind, shown, max(LEAST, wide + 2 * GAP), len(texts) * LINE + 2 * TOP - 3)


def _draw_box(scene: Scene, box: Box, x: float, y: float) -> None:
    theme = scene.theme
    shade = colour(theme, box.kind)
    fill = mixed(shade, theme.background, 0.86)
    scene.add(Rect(x, y, box.width, box.height, fill=fill, stroke=shade))
    for place, text in enumerate(box.texts):
        face: Face = "regular" if place else "bold"
        ink = theme.text if place < 2 else theme.secondary
        at = x + box.width / 2, y + TOP + (place + 1) * LINE - 5
        scene.text(*at, text, face=face, anchor="middle", colour=ink)


def _arrow(scene: Scene, points: list[tuple[float, float]]) -> None:
    colour = scene.theme.secondary
    x, y = points[-1]
    scene.add(Path((*points[:-1], (x, y - 4)), colour, 1.25))
    scene.add(Polygon(((x, y), (x - 3.5, y - 6), (x + 3.5, y - 6)), colour))
