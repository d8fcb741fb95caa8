"""The head of a figure of maps: what is seen, and the size formulas with their numbers."""

from __future__ import annotations

from collections.abc import Sequence

from cnnviz.render.numbers import MINUS, count, times, typeset
from cnnviz.render.scene import Scene
from cnnviz.render.theme import LABEL, MARGIN, TITLE, WIDE_GAP
from cnnviz.report.maps import FeatureMap, MapSet, share, unread

LINE = 18  # px between lines
MOST_FORMULAS = 3


def title(mapset: MapSet) -> str:
    """Return what is seen: `edge, stride 2, same: 300×451×3 → 150×226`."""
    # A pooled array has a map for each channel, `max[0]`, `max[1]`, ...
    names = list(dict.fromkeys(m.name.split("[")[0] for m in mapset.maps))
    if mapset.command == "convolve" and len(names) > 3:
        of = f" of {mapset.family.rstrip(':')}" if mapset.family else ""
        names = [f"{len(mapset.maps)} kernels{of}"]
    after = shapes(mapset.maps)
    if len(mapset.maps) > 1:
        after = f"{len(mapset.maps)} maps of {after}"
    settings = (word.replace(" -", f" {MINUS}") for word in mapset.settings)
    words = ", ".join((*names, *settings))
    return f"{words}: {times(mapset.source.shape)} → {after}"


def shapes(maps: Sequence[FeatureMap]) -> str:
    """Return the shapes of maps, or how many there are."""
    found = list(dict.fromkeys(m.shape for m in maps))
    return " and ".join(map(times, found)) if len(found) < 3 else f"{len(found)} sizes"


def formulas(mapset: MapSet, shown: int) -> list[str]:
    """Return a line for each different size formula, and one if not all maps are shown."""
    groups = mapset.workings()
    lines = []
    for names, (rows, columns) in groups[:MOST_FORMULAS]:
        parts = [f"rows  {typeset(rows.working())}", f"columns  {typeset(columns.working())}"]
        if rows.rule == "same" and (rows.after or columns.after):
            pads = f"rows {rows.before} + {rows.after}, columns {columns.before} + {columns.after}"
            parts.append(f"padding  {pads}")
        if rows.unread or columns.unread:
            parts.append(f"unread  {unread((rows, columns))}")
        line = "     ".join(parts)
        names = names.replace(mapset.family, "") if mapset.family else names
        lines.append(f"{names}:  {line}" if len(groups) > 1 else line)
    if len(groups) > MOST_FORMULAS:
        lines.append(f"and {len(groups) - MOST_FORMULAS} other sizes")
    if mapset.command == "pool":
        before = mapset.source.size
        for name, after in mapset.sizes():
            percent = share(after, before).replace("%", " %")
            line = (
                f"values  {count(before)} → {count(after)} ({percent})"
                f"     bytes as float32  {count(4 * before)} → {count(4 * after)}"
            )
            lines.append(f"{name}:  {line}" if name else line)
    if shown < len(mapset.maps):
        lines.append(f"{shown} of {len(mapset.maps)} maps shown, evenly sampled")
    return lines


def height(lines: list[str]) -> int:
    """Return the px that the head takes below the margin."""
    return 24 + LINE * len(lines) + WIDE_GAP


def draw(scene: Scene, lines: list[str]) -> None:
    """Write the title and the lines over the whole width of a scene."""
    room = scene.width - 2 * MARGIN
    scene.text(MARGIN, MARGIN + 16, scene.title, size=TITLE, face="bold", room=room)
    for i, line in enumerate(lines):
        y = MARGIN + 24 + LINE * i + 14
        scene.text(MARGIN, y, line, size=LABEL, colour=scene.theme.secondary, room=room)
