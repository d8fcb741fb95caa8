"""The figure of `connections`: the same inputs wired by several layers, side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cnnviz.render.figures import connections_grids as grids
from cnnviz.render.figures import connections_nodes as nodes
from cnnviz.render.figures import connections_planes as planes
from cnnviz.render.figures import header
from cnnviz.render.figures.connections_panel import (
    Panel,
    equations,
    extent,
    figures,
    heading,
    matrix,
)
from cnnviz.render.figures.explanation import signs
from cnnviz.render.fonts import measure
from cnnviz.render.look import Look
from cnnviz.render.numbers import spaced, typeset
from cnnviz.render.scene import Scene
from cnnviz.render.theme import LABEL, MARGIN, TITLE, WIDE_GAP, theme
from cnnviz.report.connections import Connections

WIDEST = 1440  # px of panels in a row, unless they are three or fewer
APART = 40  # px between panels

Section = Callable[[Scene, Panel, float, float], tuple[float, float]]


def draw(result: Connections, look: Look) -> Scene:
    """Return the figure: for each layer its wires, its matrix, its equations and its costs."""
    scene = Scene(theme(look.theme), title=title(result), description=". ".join(result.lines()))
    lines = about(result)
    y: float = MARGIN + header.height(lines) + 8
    rank = len(result.inputs)
    panels = [Panel(one, scene.theme, result.with_values) for one in result.wirings]
    wires: tuple[Section, ...] = (nodes.draw,) if rank == 1 else (planes.draw, grids.draw)
    sections: tuple[Section, ...] = (heading, *wires, matrix, equations, figures)
    corners = extent(panels)
    for panel in panels:  # inputs stand at the same place, whatever padding a layer reads
        panel.first, panel.last = corners
    wide = sum(_size(sections, panel) for panel in panels) + APART * (len(panels) - 1)
    beside = len(panels) if wide <= WIDEST or len(panels) < 4 else 2
    right = 0.0
    for first in range(0, len(panels), beside):
        row = panels[first : first + beside]
        wide, y = _row(scene, row, sections, y)
        right, y = max(right, wide), y + MARGIN
    widest = max(measure(scene.title, TITLE, "bold"), *(measure(line, LABEL) for line in lines))
    scene.width = max(right + MARGIN, min(widest + 2 * MARGIN + 2, 1280))
    scene.height = y
    header.draw(scene, lines)
    return scene


def title(result: Connections) -> str:
    """Return what is seen: `4 inputs: dense layer 10 parameters, ...`."""
    return signs(spaced(result.headline()))


def about(result: Connections) -> list[str]:
    """Return the size formula, what the colours mean and what else is to be known."""
    sizes = [typeset(axis.working()) for axis in result.axes]
    names = ["outputs"] if len(sizes) == 1 else ["rows", "columns"]
    lines = []
    if any(one.kind in ("conv", "local") for one in result.wirings):
        parts = [f"{name}  {size}" for name, size in zip(names, sizes, strict=True)]
        lines.append("the sliding window's " + "     ".join(parts))
    if any(one.is_shared for one in result.wirings):
        lines.append("Within a layer, one colour is one weight: the same colour again is sharing.")
    else:
        lines.append("Within a layer, one colour is one weight.")
    if len(result.inputs) == 2:
        lines.append("Each small grid is the input as one output reads it: coloured pixels count.")
    return [*lines, *result.notes]


def _size(sections: Sequence[Section], panel: Panel) -> float:
    return max(section(Scene(panel.theme), panel, 0, 0)[0] for section in sections)


def _row(
    scene: Scene, row: Sequence[Panel], sections: Sequence[Section], y: float
) -> tuple[float, float]:
    """Draw panels beside each other, each part of them at one height; return right and bottom."""
    sizes = {
        section: [section(Scene(scene.theme), panel, 0, 0) for panel in row] for section in sections
    }
    widths = [max(found[place][0] for found in sizes.values()) for place in range(len(row))]
    for section, found in sizes.items():
        x: float = MARGIN
        for panel, width in zip(row, widths, strict=True):
            panel.width = width
            section(scene, panel, x, y)
            x += width + APART
        y += max(height for _, height in found) + WIDE_GAP
    return x - APART, y - WIDE_GAP
