"""Bars to both sides of a column of names: parameters to the left, multiply-adds to the right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from cnnviz.contract import UNKNOWN
from cnnviz.render.fonts import measure
from cnnviz.render.numbers import count, number, percent
from cnnviz.render.scene import Anchor, Rect, Scene
from cnnviz.render.theme import CAPTION, GAP, LABEL, MARGIN, WIDTH, Theme, ink, rgb
from cnnviz.report.cost import FIGURES, KINDS, Bar

MOST_NAME = 200  # px of a name
ROW, THICK = 22, 14  # px from one bar to the next, and of a bar
STRIP = 20  # px of a strip that is divided by kind
LEGEND = 20  # px of the line that names the colours
HEADINGS = {"params": "parameters", "macs": "multiply-adds (MACs)"}
MOST_EXACT = 10**21  # amounts up to which every digit is written


@dataclass(eq=False, repr=False)
class Wings:
    """Where both sides stand: from the edges of the middle column outwards.

    Attributes
    ----------
    left, right : float
        The px at which the bars of each side begin.
    reach : float
        Px of a side, numbers included.
    """

    left: float
    right: float
    reach: float
    signs: dict[str, int] = field(default_factory=lambda: {"params": -1, "macs": 1})

    @property
    def middle(self) -> float:
        """The centre of the names."""
        return (self.left + self.right) / 2

    def start(self, figure: str) -> float:
        """Return the px at which the bars of a figure begin."""
        return self.left if figure == "params" else self.right


def wings(names: Sequence[str]) -> Wings:
    """Return the sides beside a column that holds the longest name."""
    longest = max((measure(name, LABEL) for name in names), default=0)
    column = min(MOST_NAME, max(64, longest)) + 4 * GAP
    reach = (WIDTH - 2 * MARGIN - column) / 2
    return Wings(MARGIN + reach, WIDTH - MARGIN - reach, reach)


def colour(theme: Theme, kind: str) -> str:
    """Return the colour of a kind of layer, by its role."""
    roles = {"convolution": theme.map, "dense": theme.dense, "local": theme.kernel}
    return roles.get(kind, theme.input)


def legend(scene: Scene, y: float, kinds: Sequence[str], whole: Bar | None = None) -> float:
    """Name the colours, and what part of `whole` each stands for; return the bottom."""
    x, dim = float(MARGIN), scene.theme.secondary
    for kind in kinds:
        said = _parts(whole, kind) if whole else ""
        width = 15 + measure(KINDS[kind], LABEL) + GAP + measure(said, CAPTION)
        if x > MARGIN and x + width > WIDTH - MARGIN:
            x, y = float(MARGIN), y + LEGEND
        scene.add(Rect(x, y + 4, 9, 9, fill=colour(scene.theme, kind)))
        left = x + 15 + scene.text(x + 15, y + 13, KINDS[kind], size=LABEL) + GAP
        scene.text(left, y + 13, said, colour=dim)
        x += width + 3 * GAP
    return y + LEGEND


def _parts(whole: Bar, kind: str) -> str:
    words = zip(FIGURES, ("parameters", "MACs"), strict=True)
    shares = [(whole.share(figure, kind), name) for figure, name in words]
    parts = [f"{percent(part)} of {name}" for part, name in shares if part]
    return ", ".join(parts)


def headings(scene: Scene, place: Wings, y: float, whole: Bar | None = None) -> float:
    """Write what each side is, and the total of `whole`; return the bottom."""
    for figure in FIGURES:
        side, x = place.signs[figure], place.start(figure)
        anchor = _outwards(side)
        width = measure(HEADINGS[figure], LABEL, "bold")
        scene.text(x, y + 13, HEADINGS[figure], size=LABEL, face="bold", anchor=anchor)
        if whole is not None:
            total = amount(whole, figure)
            scene.text(x + side * (width + GAP), y + 13, total, size=LABEL, anchor=anchor)
    return y + 24


def strips(scene: Scene, place: Wings, y: float, whole: Bar, kinds: Sequence[str]) -> float:
    """Draw what part of each figure the kinds of layers have, 100% a side; return the bottom."""
    for figure in FIGURES:
        side, at = place.signs[figure], place.start(figure)
        scene.add(
            Rect(min(at, at + side * place.reach), y, place.reach, STRIP, stroke=scene.theme.rule)
        )
        for kind in kinds:
            part = whole.share(figure, kind)
            if not part:
                continue
            width, fill = part * place.reach, colour(scene.theme, kind)
            scene.add(Rect(min(at, at + side * width), y, width, STRIP, fill=fill))
            text = percent(part)
            if measure(text, CAPTION) + GAP <= width:
                x = at + side * width / 2
                scene.text(x, y + 14, text, colour=ink(rgb(fill)), anchor="middle")
            at += side * width
    return y + STRIP


def rows(
    scene: Scene,
    place: Wings,
    y: float,
    bars: Sequence[Bar],
    kinds: Sequence[str],
    full: dict[str, float],
    of: Bar | None = None,
) -> float:
    """Draw a bar to each side for each name; return the bottom.

    Parameters
    ----------
    full : mapping
        The amount of each figure that a bar of the full length would stand for.
    of : Bar, optional
        What the shares beside the numbers are of.
    """
    room = place.reach - max(_label_width(bar, figure, of) for bar in bars for figure in FIGURES)
    for bar in bars:
        name(scene, place, y + 15, bar.name)
        for figure in FIGURES:
            end = _bar(
                scene, place, y, bar, figure, kinds, room / full[figure] if full[figure] else 0
            )
            _label(scene, end, y + 15, place.signs[figure], bar, figure, of)
        y += ROW
    return y


def name(scene: Scene, place: Wings, y: float, text: str) -> None:
    """Write a name in the middle, cut where it is longer than the column."""
    room = place.right - place.left - 2 * GAP
    scene.text(place.middle, y, text, size=LABEL, anchor="middle", room=room)


def amount(bar: Bar, figure: str) -> str:
    """Return the amount of a figure as text; at least that where a part of it is not known."""
    known = bar.total(figure)
    text = count(known) if known < MOST_EXACT else number(known)
    if figure not in bar.unknown:
        return text
    return f"at least {text}" if known else UNKNOWN


def _bar(
    scene: Scene, place: Wings, y: float, bar: Bar, figure: str, kinds: Sequence[str], scale: float
) -> float:
    """Draw the kinds one behind the other, a pixel at least; return the outer end."""
    side, at = place.signs[figure], place.start(figure)
    for kind in kinds:
        value = bar.amounts[figure].get(kind, 0)
        if value:
            width = max(1.0, value * scale)
            box = (min(at, at + side * width), y + (ROW - THICK) / 2, width, THICK)
            scene.add(Rect(*box, fill=colour(scene.theme, kind)))
            at += side * width
    return at


def _label(
    scene: Scene, x: float, y: float, side: int, bar: Bar, figure: str, of: Bar | None
) -> None:
    """Write an amount, and behind it the share, outwards of a bar's end."""
    anchor = _outwards(side)
    known, text = bar.total(figure), amount(bar, figure)
    dim = scene.theme.secondary
    x += side * GAP * 0.75
    shade = dim if text in ("0", UNKNOWN) else scene.theme.text
    width = scene.text(x, y, text, size=LABEL, colour=shade, anchor=anchor)
    if of is not None and known:
        part = percent(known / of.total(figure))
        scene.text(x + side * (width + GAP), y, part, colour=dim, anchor=anchor)


def _outwards(side: int) -> Anchor:
    return "end" if side < 0 else "start"


def _label_width(bar: Bar, figure: str, of: Bar | None) -> float:
    width = GAP + measure(amount(bar, figure), LABEL)
    known = bar.total(figure)
    if of is not None and known:
        width += GAP + measure(percent(known / of.total(figure)), CAPTION)
    return width + GAP * 1.5  # bars of several kinds may be some px longer
