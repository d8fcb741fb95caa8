"""The figure of `shapes --compare`: networks side by side, in full and by kind of layer."""

from __future__ import annotations

from dataclasses import replace

from cnnviz.render.figures import butterfly, title
from cnnviz.render.figures.cost import layers
from cnnviz.render.look import Look
from cnnviz.render.numbers import count, spaced, times
from cnnviz.render.scene import Line, Scene
from cnnviz.render.theme import GAP, LABEL, MARGIN, WIDE_GAP, WIDTH, theme
from cnnviz.report.compare import CostSet
from cnnviz.report.cost import FIGURES, Bar, Cost, kinds_of
from cnnviz.report.report import Row
from cnnviz.report.shape_columns import memory_text


def draw(costs: CostSet, look: Look) -> Scene:
    """Return the figure: all networks on one scale, then each by kind of layer."""
    scene = Scene(theme(look.theme), width=WIDTH)
    names = [one.subject for one in costs.costs]
    scene.title = spaced(costs.headline())
    scene.description = f"Parameters and multiply-adds of {', '.join(names)}."
    y = title.draw(scene, "", scene.title, f"work: multiply-adds (MACs) for {_images(costs)}")
    bars = [replace(one.whole, name=one.subject) for one in costs.costs]
    kinds, place = kinds_of(bars), butterfly.wings(names)
    y = butterfly.legend(scene, y, kinds) + GAP
    y = butterfly.headings(scene, place, y)
    full = {figure: float(max(bar.total(figure) for bar in bars)) for figure in FIGURES}
    end = butterfly.rows(scene, place, y, bars, kinds, full)
    for x in (place.left, place.right):
        scene.add(Line((x, y), (x, end), scene.theme.rule))
    y = _remark(scene, end + GAP, "Each side has one scale for all networks.") + 1.5 * WIDE_GAP
    for one, bar, row in zip(costs.costs, bars, costs.comparison.rows, strict=True):
        y = _kinds(scene, place, y, one, bar, kinds, row)
    if any(bar.unknown for bar in bars):
        y = _remark(scene, y, "What some layers cost is not known: shares are of what is.")
    scene.height = y + MARGIN - WIDE_GAP
    return scene


def _images(costs: CostSet) -> str:
    batch = costs.costs[0].batch
    return "one image" if batch == 1 else f"a batch of {count(batch)}"


def _kinds(
    scene: Scene, place: butterfly.Wings, y: float, one: Cost, bar: Bar, kinds: list[str], row: Row
) -> float:
    """Draw what part of a network each kind of layer is, below what that says."""
    room = scene.width - 2 * MARGIN
    width = scene.text(MARGIN, y + 13, bar.name, size=LABEL, face="bold", room=room / 3)
    said = one.headline()
    scene.text(MARGIN + width + GAP, y + 13, said, size=LABEL, room=room - width - GAP)
    y = butterfly.strips(scene, place, y + 24, bar, kinds)
    scene.text(MARGIN, y + 16, _facts(row), colour=scene.theme.secondary, room=room)
    return y + 2.5 * WIDE_GAP


def _facts(row: Row) -> str:
    """Return what a network is, beside its costs."""
    parts = [f"input {times(row['input_shape'])}", layers(row["nodes"]), f"depth {row['depth']}"]
    parts.append(f"activations {memory_text(row['activation_bytes'])}")
    field = row["receptive_field"]
    if isinstance(field, str):
        parts.append(f"receptive field {field}")
    elif field.get("size"):
        parts.append(f"receptive field {times(field['size'])} at {field['layer']}")
    return "     ".join(parts)


def _remark(scene: Scene, y: float, text: str) -> float:
    scene.text(MARGIN, y + 14, text, colour=scene.theme.secondary)
    return y + WIDE_GAP
