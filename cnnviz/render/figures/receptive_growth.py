"""How receptive fields grow from layer to layer: bars, and the image's size as a line."""

from __future__ import annotations

from cnnviz.render.figures import blocks, chart, ticks
from cnnviz.render.figures.blocks import HEADING
from cnnviz.render.figures.chart import Frame
from cnnviz.render.figures.receptive_panel import role
from cnnviz.render.fonts import measure
from cnnviz.render.numbers import count
from cnnviz.render.scene import Line, Rect, Scene
from cnnviz.render.theme import CAPTION, GAP, MARGIN
from cnnviz.report.receptive import ReceptiveFields
from cnnviz.report.receptive_unit import LARGER, Unit
from cnnviz.report.sample import sample

HEIGHT = 180  # px of the chart
LABELS = 72  # px right of it, for the image's size
MOST_BAR = 44  # px of a bar
MOST_BARS = 200
LINE = 14


def draw(scene: Scene, result: ReceptiveFields, y: float) -> float:
    """Draw the chart over the width of the scene; return its bottom."""
    theme = scene.theme
    growth = sample(result.growth, MOST_BARS)
    words = "side of the receptive field in pixels, layer by layer"
    if any(len(set(side(unit))) > 1 for unit in growth):
        words += " (the longer one)"
    if {role(theme, unit) for unit in growth} == {theme.map, theme.pool}:
        words += "; pooling green, others blue"
    first = next((place for place, unit in enumerate(growth) if unit.too_large), None)
    blocks.heading(scene, MARGIN, y, theme.input, "growth", words, room=scene.width - 2 * MARGIN)
    space = result.units[0].space
    most = max([*space, *(max(side(unit)) for unit in growth)])
    levels = ticks.linear(0, most, 5)
    left = MARGIN + max(34.0, *(measure(_whole(value), CAPTION) for value in levels)) + GAP
    width = scene.width - MARGIN - LABELS - left
    frame = Frame(left, y + HEADING + GAP, width, HEIGHT, len(growth), 0, most * 1.04)
    chart.levels(scene, frame, levels, _whole)
    _bars(scene, frame, growth, max(space))
    _image(scene, frame, space)
    if first is not None:  # above the line: bars before it end below, and behind it there is none
        at = _slot(frame, first)[0] - GAP, frame.point(0, max(space))[1] - 6
        fits = at[0] - measure(LARGER, CAPTION, "bold") > frame.x
        place = at if fits else (frame.x + frame.width, frame.y - 2)
        scene.text(*place, LARGER, face="bold", colour=theme.warning, anchor="end")
    bottom = _names(scene, frame, growth, result.units)
    if len(growth) < len(result.growth):
        bottom += LINE
        words = f"{len(growth)} of {len(result.growth)} layers shown, evenly sampled"
        scene.text(MARGIN, bottom, words, colour=theme.secondary)
    return bottom + GAP


def side(unit: Unit) -> tuple[int, ...]:
    """Return rows and columns of a unit's field."""
    return unit.field.size if unit.field is not None else (0,)


def _whole(value: float) -> str:
    return count(round(value))


def _slot(frame: Frame, place: int) -> tuple[float, float]:
    """Return left and width of a bar."""
    step = frame.width / frame.right
    wide = max(1.0, min(MOST_BAR, step - max(1.0, step * 0.3)))
    return frame.x + (place + 0.5) * step - wide / 2, wide


def _bars(scene: Scene, frame: Frame, growth: tuple[Unit, ...], limit: int) -> None:
    """Draw the bars in the colours of the layers' kinds, amber where they pass the image."""
    theme = scene.theme
    for place, unit in enumerate(growth):
        left, wide = _slot(frame, place)
        size = max(side(unit))
        top = frame.point(0, size)[1]
        scene.add(Rect(left, top, wide, frame.bottom - top, fill=role(theme, unit)))
        if not unit.too_large:
            continue
        over = frame.point(0, limit)[1] if size > limit else min(top + 4, frame.bottom)
        scene.add(Rect(left, top, wide, over - top, fill=theme.warning))


def _image(scene: Scene, frame: Frame, space: tuple[int, ...]) -> None:
    """Draw the image's sides as lines, with their names to the right."""
    theme = scene.theme
    sides = {space[0]: f"image {count(space[0])}"}
    if space[0] != space[1]:
        sides = {space[0]: f"height {count(space[0])}", space[1]: f"width {count(space[1])}"}
    lines = [frame.point(0, size)[1] for size in sides]
    places = ticks.apart(lines, 13, frame.y, frame.bottom)
    right = frame.x + frame.width
    for line, place, text in zip(lines, places, sides.values(), strict=True):
        at = round(line)
        scene.add(Line((frame.x, at), (right, at), theme.text, 2))
        scene.text(right + GAP, place + 4, text, face="bold", room=LABELS - GAP)


def _names(scene: Scene, frame: Frame, growth: tuple[Unit, ...], drawn: tuple[Unit, ...]) -> float:
    """Write the numbers of the panels below their layers, and names if there is room for all."""
    theme, step = scene.theme, frame.width / frame.right
    line = frame.bottom + 16
    if all(measure(unit.name, CAPTION) + 6 <= step for unit in growth):
        for place, unit in enumerate(growth):
            middle = frame.x + (place + 0.5) * step
            scene.text(middle, line, unit.name, colour=theme.secondary, anchor="middle")
        line += LINE
    numbers: dict[str, list[str]] = {}
    for number, unit in enumerate(drawn, 1):
        numbers.setdefault(unit.name, []).append(str(number))
    if len(drawn) == 1 and any(unit.name == drawn[0].name for unit in growth):
        numbers = {drawn[0].name: ["here"]}
    end = float("-inf")
    for place, unit in enumerate(growth):
        text = ", ".join(numbers.get(unit.name, []))
        middle, half = frame.x + (place + 0.5) * step, measure(text, CAPTION, "bold") / 2
        if not text or middle - half < end + 2:
            continue
        end = middle + half
        scene.text(middle, line, text, face="bold", colour=theme.accent, anchor="middle")
    return line
