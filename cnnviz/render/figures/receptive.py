"""The figure of `receptive-field`: what units see, outlined on the image, and how that grows."""

from __future__ import annotations

from cnnviz.render.figures import feature_parts, receptive_growth
from cnnviz.render.figures.receptive_canvas import Canvas
from cnnviz.render.figures.receptive_panel import Panel
from cnnviz.render.fonts import measure
from cnnviz.render.look import Look
from cnnviz.render.numbers import times
from cnnviz.render.scene import Scene
from cnnviz.render.sheet import Tile
from cnnviz.render.theme import LABEL, MARGIN, TITLE, WIDE_GAP, theme
from cnnviz.report.receptive import ReceptiveFields

SIDES = {1: 480, 2: 420, 3: 360, 4: 300}  # px of an image by how many stand in a row
LEAST, MOST = 720, 1280  # px of the figure's width, for words


def draw(result: ReceptiveFields, look: Look) -> Scene:
    """Return the figure: a panel a unit, all on one scale, and below them the chart."""
    scene = Scene(theme(look.theme), title=title(result), description=". ".join(result.lines()))
    count = len(result.units)
    across = count if count < 4 else 3 if count in (5, 6, 9) else 4
    canvas = Canvas.of(result, SIDES[across])
    lines = about(result, canvas)
    panels = [Panel(result, place, canvas, look) for place in range(count)]
    y = float(MARGIN + feature_parts.head_height(lines, result.seen))
    right = 0.0
    for first in range(0, count, across):
        x, bottom = float(MARGIN), y
        for panel in panels[first : first + across]:
            bottom = max(bottom, panel.draw(scene, x, y))
            x += panel.width + WIDE_GAP
        right, y = max(right, x - WIDE_GAP), bottom + WIDE_GAP
    words = max(measure(scene.title, TITLE, "bold"), *(measure(line, LABEL) for line in lines))
    scene.width = max(LEAST, right + MARGIN, min(words + 2 * MARGIN + 2, MOST))
    if len(result.growth) > 1:
        y = receptive_growth.draw(scene, result, y) + WIDE_GAP
    scene.height = y - WIDE_GAP + MARGIN
    feature_parts.draw_head(scene, lines, result.seen)
    return scene


def title(result: ReceptiveFields) -> str:
    """Return what is seen: `vgg16: what one unit sees, 3×3 to 212×212 of 224×224`."""
    sizes = f", {' to '.join(map(times, result.ends))}" if result.ends else ""
    return f"{result.seen.model}: what one unit sees{sizes} of {times(result.units[0].space)}"


def about(result: ReceptiveFields, canvas: Canvas) -> list[str]:
    """Return what the outline, the hatching and the colours mean."""
    marks = "outlined: the receptive field"
    if any(unit.region != unit.inside for unit in result.units):
        marks += "; hatched: its part in the padding"
    if any(unit.region and any(canvas.cut(unit.region)) for unit in result.units):
        marks += "; arrows: it goes on"
    shape = times(result.seen.pixels.shape)
    lines = [f"{result.seen.image} as the network takes it, {shape}; {marks}"]
    if result.is_effective:
        lines.append(
            "blue: the effective field, how much one filter's value changes with each pixel "
            "(its gradient, absolute, summed over the channels)"
        )
    return lines


def tiles(result: ReceptiveFields, look: Look) -> list[Tile]:
    """Return the image with each unit's region for the terminal."""
    canvas = Canvas.of(result, SIDES[1])
    return [Panel(result, place, canvas, look).tile() for place in range(len(result.units))]
