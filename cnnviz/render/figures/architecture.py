"""The figure of `draw`: a network's volumes in a row, its two parts, its blocks unfolded."""

from __future__ import annotations

from math import ceil

from cnnviz.render.figures import architecture_block, architecture_strip, title
from cnnviz.render.figures.architecture_look import KINDS, colour, typeset
from cnnviz.render.fonts import measure
from cnnviz.render.look import Look
from cnnviz.render.numbers import THIN, count, times
from cnnviz.render.scene import Rect, Scene
from cnnviz.render.theme import CAPTION, GAP, LABEL, MARGIN, WIDE_GAP, WIDTH, theme
from cnnviz.report.architecture import Architecture


def draw(found: Architecture, look: Look) -> Scene:
    """Return the figure: the columns, the brackets above, unfolded blocks and remarks below."""
    scene = Scene(theme(look.theme))
    strip = architecture_strip.plan(found)
    blocks = architecture_block.plans(found)
    inner = max([WIDTH - 2 * MARGIN, strip.width, *(block.width for block in blocks)])
    scene.width = ceil(inner) + 2 * MARGIN
    sentence = typeset(found.headline())
    scene.title = f"{found.subject}: {sentence}"
    scene.description = f"The architecture of {found.subject}: {about(found)}."
    y = title.draw(scene, found.subject, sentence, about(found))
    y = architecture_strip.draw(scene, strip, y + GAP)
    y = _blocks(scene, blocks, y + WIDE_GAP)
    y = _legend(scene, found, y, windows=strip.windows)
    room = scene.width - 2 * MARGIN
    for text in found.truths():
        for line in wrapped(text.replace("%", f"{THIN}%"), LABEL, room):
            scene.text(MARGIN, y + 13, line, size=LABEL)
            y += LABEL + GAP / 2
    notes = " ".join([*found.notes(), *found.missing()])
    for line in wrapped(notes, CAPTION, room):
        scene.text(MARGIN, y + 13, line, colour=scene.theme.secondary)
        y += WIDE_GAP
    scene.height = ceil(y) + MARGIN - GAP
    return scene


def about(found: Architecture) -> str:
    """Return the input and the totals."""
    report = found.report
    layers = len(report.rows)
    parts = [f"input {times(report.head['input_shape'])}", f"{layers} layer{'s' * (layers != 1)}"]
    for figure, name in (("params", "parameters"), ("macs", "multiply-adds")):
        value = report.totals[figure]
        parts.append(f"{count(value) if isinstance(value, int) else value} {name}")
    return ", ".join(parts)


def _blocks(scene: Scene, blocks: list[architecture_block.Plan], y: float) -> float:
    """Draw the unfolded blocks beside each other where there is room; return the bottom."""
    x, bottom = float(MARGIN), y
    for block in blocks:
        if x > MARGIN and x + block.width > scene.width - MARGIN:
            x, y = float(MARGIN), bottom + WIDE_GAP
        bottom = max(bottom, architecture_block.draw(scene, block, x, y))
        x += block.width + 3 * WIDE_GAP
    return bottom + (WIDE_GAP if blocks else 0)


def _legend(scene: Scene, found: Architecture, y: float, *, windows: bool) -> float:
    """Name the colours; return the bottom."""
    drawn = [*found.columns, *(box for kind in found.kinds for box in kind.boxes or ())]
    kinds = {group.kind for group in drawn}
    names: dict[str, list[str]] = {}
    for kind, name in KINDS.items():
        if kind in kinds:
            names.setdefault(colour(scene.theme, kind), []).append(name)
    if windows and kinds & {"convolution", "local"}:  # that of a pooling is as green as it
        names[scene.theme.kernel] = [*names.get(scene.theme.kernel, []), "a kernel's window"]
    x = float(MARGIN)
    for fill, own in names.items():
        scene.add(Rect(x, y + 3, 9, 9, fill=fill))
        x += 15 + scene.text(x + 15, y + 12, ", ".join(own), size=LABEL) + 3 * GAP
    return y + WIDE_GAP + GAP


def wrapped(text: str, size: float, room: float) -> list[str]:
    """Return a text in lines of so many px."""
    lines, line = [], ""
    for word in text.split(" "):  # at no other space: a thin one holds together
        longer = f"{line} {word}" if line else word
        if line and measure(longer, size) > room:
            lines.append(line)
            longer = word
        line = longer
    return [*lines, line] if line else lines
