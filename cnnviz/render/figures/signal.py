"""Two signals convolved: the kernel turned around, laid on at some shifts, and the output."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from cnnviz.render.backends import png
from cnnviz.render.figures import chart, header, signs, ticks
from cnnviz.render.figures import signal_parts as parts
from cnnviz.render.figures.chart import Frame
from cnnviz.render.figures.signal_shift import Scales, shift
from cnnviz.render.look import Look
from cnnviz.render.numbers import MINUS, count, number
from cnnviz.render.scene import Scene
from cnnviz.render.sheet import Tile
from cnnviz.render.theme import GAP, LABEL, MARGIN, WIDE_GAP, WIDTH, mixed, theme
from cnnviz.report.sample import sample
from cnnviz.report.signal import Sliding
from cnnviz.report.signal_words import index_words

LEFT, RIGHT = 48, 208  # px beside the charts: numbers, and what is said of each
GIVEN, SHIFT, OUTPUT, SLIDE = 92, 84, 150, 170  # px of charts
HEADING = 22
BETWEEN = 44  # px between the signals that are given, for the sign
MOST_FRAMES = 72
BEGIN, LAST = 1.6, 3.0  # seconds of the frames that explain, and of the last
EACH = ((16, 0.7), (32, 0.25), (MOST_FRAMES, 0.1))  # of the others, by how many there are
FAINT = 0.35
TILE = 40, 128  # px of a chart in a terminal, of which it takes eight times as many at most
STAGES = {
    "as it is": "the kernel h as it is",
    "turned": "flip: the kernel h turned around",
    "slide": "shift, multiply, sum",
}


def draw(result: Sliding, look: Look) -> Scene:
    """Return the figure: what is given, the turn, some shifts, and the whole output."""
    scene = _scene(result, look)
    lines = _lines(result)
    y = _given(scene, result, MARGIN + header.height(lines))
    places = result.places()
    scales = Scales.of(result, places)
    _heading(scene, y + 12, STAGES["slide"], scales)
    y += HEADING
    for place, n in enumerate(places):
        last = place == len(places) - 1
        y = shift(scene, result, n, scales, (MARGIN + LEFT, y, _wide(), SHIFT), numbers=last)
        y += GAP
    y = _output(scene, result, y + GAP, len(result.output), places, OUTPUT)
    scene.height = y + MARGIN
    header.draw(scene, lines)
    return scene


def scenes(result: Sliding, look: Look) -> Iterator[tuple[Scene, float]]:
    """Yield the kernel as it is, turned around, and at each shift, while the output grows."""
    lines = _lines(result)
    shown = sample(range(len(result.output)), MOST_FRAMES)
    scales = Scales.of(result, shown)
    box = MARGIN + LEFT, MARGIN + header.height(lines) + HEADING, _wide(), SLIDE
    each = next(seconds for most, seconds in EACH if len(shown) <= most)
    still = ["as it is"] if result.correlate else ["as it is", "turned"]
    for step in [*still, *shown]:
        scene = _scene(result, look)
        n = step if isinstance(step, int) else None
        _heading(scene, box[1] - 10, STAGES["slide" if n is not None else str(step)], scales)
        turned = None if n is not None else step == "turned"
        y = shift(scene, result, n or 0, scales, box, numbers=True, still=turned)
        done = 0 if n is None else n + 1
        marked = () if n is None else (n,)
        y = _output(scene, result, y + GAP, done, marked, OUTPUT)
        scene.height = y + MARGIN
        header.draw(scene, lines)
        yield scene, BEGIN if n is None else LAST if n == shown[-1] else each


def tiles(result: Sliding, look: Look) -> list[Tile]:
    """Return the three signals as bare lines for the terminal."""
    roles = "input", "kernel", "map"
    return [
        _tile(name, values, role, look)
        for (name, values), role in zip(result.arrays(), roles, strict=True)
    ]


def _tile(name: str, values: np.ndarray, role: str, look: Look) -> Tile:
    low, high = float(values.min()), float(values.max())

    def pixels(height: int, width: int) -> np.ndarray:
        scene = Scene(theme(look.theme), width=width, height=height)
        span = 0, len(values) - 1
        frame = parts.panel((1, 1, width - 2, height - 2), span, (low, high))
        parts.zero(scene, frame)
        colour = getattr(scene.theme, role)
        parts.signal(scene, frame, 0, values, colour, pen=1, line=True)
        return np.asarray(png.draw(scene))

    about = f"{low:.4g} to {high:.4g}"
    return Tile((f"{name}  {len(values)} values", name), (about,), TILE, pixels)


def _heading(scene: Scene, y: float, stage: str, scales: Scales) -> None:
    x = MARGIN + LEFT
    wide = scene.text(x, y, stage, size=LABEL, face="bold")
    scene.text(x + wide + WIDE_GAP, y, scales.words(), colour=scene.theme.secondary)


def _wide() -> float:
    return WIDTH - 2 * MARGIN - LEFT - RIGHT


def _scene(result: Sliding, look: Look) -> Scene:
    scene = Scene(theme(look.theme), width=WIDTH)
    x, h = result.signal, result.kernel
    sizes = f"{count(len(x))} and {count(len(h))} → {count(len(result.output))} values"
    settings = [word for word in result.settings if word != "padding full"]
    what = ", ".join([result.operation, *settings])
    sign = "with" if result.correlate else "*"
    scene.title = f"{x.name} {sign} {h.name}: {what}, {sizes}"
    scene.description = f"{result.operation} of {x.name} and {h.name}. " + ". ".join(result.lines())
    return scene


def _lines(result: Sliding) -> list[str]:
    """Return the formula, the orientation and what smoothing did."""
    last = len(result.kernel) - 1
    index = index_words(result).replace("-", MINUS)
    outside = "     x is 0 outside (hatched)" if result.axis.before + result.axis.after else ""
    lines = [f"y[n] = Σ x[{index}] · h[i],  i = 0 … {last}{outside}"]
    lines.append(f"{result.operation}: {result.orientation}")
    if rate := result.signal.rate:
        first = f", from sample {count(start)} on" if (start := result.signal.start) else ""
        lines.append(f"a sound: m and n count samples, {count(rate)} a second{first}")
    if (noise := result.noise()) is not None:
        before, after = (number(value, 3) for value in noise)
        lines.append(f"distance from the clean signal (rms): {before} before, {after} after")
    return lines


def _given(scene: Scene, result: Sliding, y: float) -> float:
    """Draw the signal, the kernel, and the kernel turned around; return the bottom."""
    tokens, size = scene.theme, len(result.kernel)
    x, h = result.signal, result.kernel
    drawn = [
        (f"signal x: {x.name}", tokens.input, 0, x.values),
        (f"kernel h: {h.name}", tokens.kernel, 0, h.values),
    ]
    if not result.correlate:
        turned = f"flipped: h[{MINUS}i]"
        drawn.append((turned, tokens.kernel, 1 - size, result.laid))
    room = (WIDTH - 2 * MARGIN - BETWEEN * (len(drawn) - 1)) / len(drawn)
    for i, (name, colour, start, values) in enumerate(drawn):
        left = MARGIN + i * (room + BETWEEN)
        scene.text(left, y + 12, name, size=LABEL, face="bold", colour=colour, room=room)
        limits = float(values.min()), float(values.max())
        box = left, y + HEADING, room, GIVEN
        span = start, start + len(values) - 1
        frame = parts.panel(box, span, limits, numbers=room / len(values) >= parts.STEM)
        parts.zero(scene, frame)
        parts.signal(scene, frame, start, values, colour, numbers=True, pen=1.5)
        parts.numbered(scene, frame, span)
        middle = left - BETWEEN / 2, y + HEADING + GIVEN / 2
        if i == 2:
            signs.arrow(scene, middle[0] - 14, middle[1], 28)
        elif i == 1:
            (signs.star if result.correlate else signs.asterisk)(scene, *middle)
    return y + HEADING + GIVEN + 24 + WIDE_GAP


def _output(
    scene: Scene, result: Sliding, y: float, done: int, marked: Sequence[int], height: float
) -> float:
    """Draw the first `done` output values with some of them marked; return the bottom."""
    tokens, values = scene.theme, result.output
    over = result.is_average  # then it is what it is made of, without its noise
    first, last = result.span()
    start: float = result.middle(0) if over else result.place(0)
    step = result.axis.stride
    limits = [float(values.min()), float(values.max())]
    if over:
        limits += [float(result.signal.values.min()), float(result.signal.values.max())]
    box = MARGIN + LEFT, y + HEADING, _wide(), height
    shown = min(first, start), max(last, start + step * (len(values) - 1))
    short = _wide() / (shown[1] - shown[0] + 1) >= parts.STEM
    frame = parts.panel(box, shown, (min(limits), max(limits)), numbers=short and not over)
    text = "output y" + (": each value at the middle of its window, on the scale of x" * over)
    scene.text(box[0], y + 12, text, size=LABEL, face="bold", colour=tokens.map)
    chart.levels(scene, frame, ticks.linear(frame.low, frame.high, 5))
    named = [(tokens.map, "output y")]
    if marked:
        named.append((tokens.accent, f"the sum{'s' * (len(marked) > 1)} above"))
    if over:
        named += _beneath(scene, frame, result)
    parts.signal(
        scene, frame, start, values[:done], tokens.map, step=step, numbers=not over, pen=2.25
    )
    for n in marked:
        chart.dot(scene, frame.point(start + step * n, float(values[n])), 4.5, tokens.accent)
    last_number = len(values) - 1
    parts.numbered(scene, frame, (0, last_number), start=start, step=step, letter="n")
    right = frame.x + frame.width + WIDE_GAP
    parts.legend(scene, right, frame.y + 14, named, RIGHT - WIDE_GAP)
    return frame.bottom + 24


def _beneath(scene: Scene, frame: Frame, result: Sliding) -> list[tuple[str, str]]:
    """Draw the signal below its smoothed form, and what it is without noise if that is known."""
    tokens, x = scene.theme, result.signal
    faint = mixed(tokens.input, tokens.background, FAINT)
    parts.signal(scene, frame, 0, x.values, faint, pen=1.25, line=True)
    named = [(faint, f"signal x: {x.name}")]
    if x.clean is not None:
        parts.signal(scene, frame, 0, x.clean, tokens.warning, pen=1.25, line=True)
        named.append((tokens.warning, "x without its noise"))
    return named
