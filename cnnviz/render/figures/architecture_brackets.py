"""Brackets above the columns of a network: feature extraction, classification."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cnnviz.render.figures.architecture_look import amount
from cnnviz.render.fonts import measure
from cnnviz.render.numbers import percent
from cnnviz.render.scene import Path, Scene
from cnnviz.render.theme import CAPTION, GAP, LABEL
from cnnviz.report.architecture_parts import CLASSES, FEATURES, Part

HEIGHT = 44.0  # px of a bracket with its words
TICK = 6.0  # px of its ends


def brackets(
    scene: Scene,
    parts: Sequence[Part],
    spans: Sequence[tuple[str, float, float]],
    y: float,
    *,
    first: bool,
) -> None:
    """Draw the brackets of a row.

    Parameters
    ----------
    spans : sequence of (str, float, float)
        The name of a part, and from where to where it goes in this row.
    first : bool
        Whether it is the first row: in others a part may continue.
    """
    known = {part.name: part for part in parts}
    for name, left, right in spans:
        shade = scene.theme.dense if name == CLASSES else scene.theme.map
        line = y + HEIGHT - TICK
        ends = ((left, line + TICK), (left, line), (right, line), (right, line + TICK))
        scene.add(Path(ends, shade, 1.5))
        room, middle = right - left, (left + right) / 2
        size = LABEL if measure(name, LABEL, "bold") <= room else CAPTION
        again = not first and name == FEATURES
        told = next((t for t in _told(known[name]) if measure(t, CAPTION) <= room), "")
        told = "continued" if again else told
        scene.text(middle, y + 12, name, size=size, face="bold", anchor="middle", room=room)
        dim = scene.theme.secondary
        scene.text(middle, y + 12 + 2 * GAP, told, anchor="middle", colour=dim)


def least(part: Part) -> float:
    """Return the px in which the name of a part and the least to be said of it have room."""
    *_, told = _told(part)
    return max(measure(part.name, LABEL, "bold"), measure(told, CAPTION))


def _told(part: Part) -> Iterator[str]:
    """Yield what a part comes to, the longest first."""
    if part.params_share is None or part.macs_share is None:
        yield f"{amount(part.params) or 0} parameters"
        return
    held, done = percent(part.params_share), percent(part.macs_share)
    yield f"{amount(part.params) or 0} parameters ({held}), {done} of the multiply-adds"
    yield f"{held} of the parameters, {done} of the multiply-adds"
    yield f"{held} of the parameters, {done} of the MACs"
    yield f"{held} of the parameters"
