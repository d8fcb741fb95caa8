"""The figure of `shapes`: each layer's parameters against its multiply-adds."""

from __future__ import annotations

from cnnviz.render.figures import butterfly, title
from cnnviz.render.look import Look
from cnnviz.render.numbers import count, times
from cnnviz.render.scene import Line, Scene
from cnnviz.render.theme import GAP, MARGIN, WIDE_GAP, WIDTH, theme
from cnnviz.report.cost import FIGURES, Cost


def draw(cost: Cost, look: Look) -> Scene:
    """Return the figure: the parts by kind, then a bar to each side for each layer or block."""
    scene = Scene(theme(look.theme), width=WIDTH)
    sentence = cost.headline()
    scene.title = f"{cost.subject}: {sentence}"
    scene.description = f"Parameters and multiply-adds of each layer of {cost.subject}."
    y = title.draw(scene, cost.subject, sentence, about(cost))
    place = butterfly.wings([bar.name for bar in cost.bars])
    if len(cost.kinds) > 0:
        y = butterfly.legend(scene, y, cost.kinds, cost.whole) + GAP
    y = butterfly.headings(scene, place, y, cost.whole)
    y = butterfly.strips(scene, place, y, cost.whole, cost.kinds) + GAP
    if cost.bars:
        y = _bars(scene, cost, place, y)
    for line in _remarks(cost):
        scene.text(
            MARGIN, y + 14, line, colour=scene.theme.secondary, room=scene.width - 2 * MARGIN
        )
        y += WIDE_GAP
    scene.height = y + MARGIN
    return scene


def about(cost: Cost) -> str:
    """Return the input, and how much there is of what costs something."""
    parts = [f"input {times(cost.report.head['input_shape'])}", layers(len(cost.report.rows))]
    if cost.batch > 1:
        parts.insert(1, f"batch of {count(cost.batch)}")
    return ", ".join(parts)


def layers(number: int) -> str:
    """Return how many there are, `1 layer`."""
    return f"{number} layer{'s' * (number != 1)}"


def _bars(scene: Scene, cost: Cost, place: butterfly.Wings, y: float) -> float:
    """Draw the layers, every bar as a share of its total and all on one scale."""
    totals = {figure: cost.whole.total(figure) for figure in FIGURES}
    shares = [b.total(f) / totals[f] for b in cost.bars for f in FIGURES if totals[f]]
    most = max(shares, default=0.0)
    full = {figure: totals[figure] * most for figure in FIGURES}
    end = butterfly.rows(scene, place, y, cost.bars, cost.kinds, full, cost.whole)
    for x in (place.left, place.right):
        scene.add(Line((x, y), (x, end), scene.theme.rule))
    return end + GAP


def _remarks(cost: Cost) -> list[str]:
    """Return what the bars leave unsaid."""
    lines = []
    if cost.bars:
        lines.append("Bars are shares of the total, on one scale for both sides.")
    if len(cost.bars) < cost.weighted:
        lines.append(f"{cost.weighted} layers are gathered into {len(cost.bars)} blocks.")
    free = len(cost.report.rows) - cost.weighted
    if free:
        verb = "has" if free == 1 else "have"
        which = layers(free).replace(" ", " other " if cost.weighted else " ")
        lines.append(f"{which} {verb} neither parameters nor multiply-adds.")
    if cost.whole.unknown:
        lines.append("What some layers cost is not known: shares are of what is.")
    return [" ".join(lines)] if lines else []
