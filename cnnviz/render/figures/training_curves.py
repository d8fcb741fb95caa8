"""The figure of a training run: loss, accuracy and learning rate above one another."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from cnnviz.render.backends import png
from cnnviz.render.figures import chart, ticks, title
from cnnviz.render.figures.chart import Frame
from cnnviz.render.figures.training_lines import FAINT, colours, lines, scale
from cnnviz.render.fonts import measure
from cnnviz.render.look import Look
from cnnviz.render.numbers import THIN, count, hundredths, number, percent
from cnnviz.render.scene import Line, Path, Polygon, Rect, Scene
from cnnviz.render.sheet import Tile
from cnnviz.render.theme import CAPTION, GAP, LABEL, MARGIN, WIDE_GAP, WIDTH, mixed, theme
from cnnviz.report.shares import tenths
from cnnviz.report.training_curves import PARTS, Curves

HEIGHT, STRIP = 190, 36  # px of a chart, and of the learning rate's
LEFT, RIGHT = 56, 168  # px beside the charts, for the numbers and for the ends of the curves
HEADING = 24  # px of the line above a chart
END = 19  # px from one name at the end of a curve to the next
MOST_TICKS = 60  # epochs that each have one
MARKED = 2  # px of the mark of a moment without a loss
TILE = 48, 128  # px of a chart in a terminal, of which it takes eight times as many at most
Form = Callable[[float], str]


def draw(result: Curves, look: Look) -> Scene:
    """Return the figure."""
    scene = Scene(theme(look.theme), width=WIDTH)
    sentence = result.headline().replace("%", f"{THIN}%")
    scene.title = f"{result.model}: {sentence}"
    scene.description = f"Loss and accuracy of {result.subject} over {result.steps} steps."
    y = title.draw(scene, result.model, sentence, _about(result))
    for name, form in (("loss", number), ("accuracy", percent)):
        if name == "accuracy" and not _known(result, name):
            continue
        frame = _chart(scene, result, name, form, y)
        y = frame.bottom + WIDE_GAP
    if _known(result, "lr"):
        frame = _rate(scene, result, y)
        y = frame.bottom + WIDE_GAP
    axis(scene, frame, result)
    y += 28
    room = scene.width - 2 * MARGIN
    for text in result.warnings:
        scene.text(MARGIN, y + 12, f"warning: {text}", colour=scene.theme.warning, room=room)
        y += WIDE_GAP
    scene.text(MARGIN, y + 12, _remark(result), colour=scene.theme.secondary, room=room)
    scene.height = y + WIDE_GAP + MARGIN
    return scene


def tiles(result: Curves, look: Look) -> list[Tile]:
    """Return loss and accuracy as bare curves for the terminal."""
    named: tuple[tuple[str, Form], ...] = (("loss", "{:.4g}".format), ("accuracy", tenths))
    return [_tile(result, name, form, look) for name, form in named if _known(result, name)]


def _tile(result: Curves, name: str, form: Form, look: Look) -> Tile:
    low, high, is_log = scale(result.both, name)

    def pixels(height: int, width: int) -> np.ndarray:
        scene = Scene(theme(look.theme), width=width, height=height)
        box = 1, 1, width - 2, height - 2
        frame = Frame(*box, max(1, result.steps), low, high, log=is_log)
        for part, word in zip(result.both, PARTS, strict=True):
            colour = colours(scene.theme)[word]
            chart.trace(scene, frame, part.steps, part.smooth(name), colour, 1)
        return np.asarray(png.draw(scene))

    ends = zip(("orange", "blue"), PARTS, result.both, strict=True)
    said = [(c, w, form(v)) for c, w, part in ends if (v := part.last(name)) is not None]
    captions = "  ".join(map(" ".join, said)), "  ".join(f"{w} {v}" for _, w, v in said)
    about = f"{form(low)} to {form(high)}{', logarithmic' if is_log else ''}"
    return Tile((f"{name}  {about}", name), captions, TILE, pixels)


def axis(scene: Scene, frame: Frame, result: Curves) -> None:
    """Draw the epochs below a chart, the steps where there is one epoch."""
    if result.epochs < 2:
        places = [v for v in ticks.linear(0, result.steps, 9) if v == round(v)]
        shown, word = [count(round(value)) for value in places], "step"
    else:
        found = [round(v) for v in ticks.linear(0, result.epochs, 11) if v == round(v)]
        places, shown = [v * result.steps_per_epoch for v in found], [str(v) for v in found]
        word = "epoch"
        for epoch in range(1, result.epochs if result.epochs <= MOST_TICKS else 0):
            x = round(frame.point(epoch * result.steps_per_epoch, frame.high)[0])
            scene.add(Line((x, frame.bottom), (x, frame.bottom + 3), scene.theme.rule))
    inside = [(p, t) for p, t in zip(places, shown, strict=True) if p <= frame.right * 1.001]
    chart.ticks(scene, frame, *zip(*inside, strict=True))
    left, line = frame.x - WIDE_GAP, frame.bottom + 16
    scene.text(left, line, word, colour=scene.theme.secondary, anchor="end")


def _known(result: Curves, name: str) -> bool:
    return any(np.isfinite(part.figures[name]).any() for part in result.both)


def _about(result: Curves) -> str:
    """Return on what it was trained, for how long and how fast."""
    plurals = ["s" * (number != 1) for number in (result.steps, result.epochs)]
    steps, epochs = f"{count(result.steps)} step{plurals[0]}", f"{result.epochs} epoch{plurals[1]}"
    parts = [result.data, f"{steps} in {epochs}"]
    speed = result.train.pace()
    if speed is not None:
        parts.append(f"{count(round(speed))} images a second")
    return ", ".join(parts)


def _frame(result: Curves, y: float, height: float, limits: tuple[float, float, bool]) -> Frame:
    low, high, is_log = limits
    x, width = MARGIN + LEFT, WIDTH - 2 * MARGIN - LEFT - RIGHT
    return Frame(x, y, width, height, max(1, result.steps), low, high, log=is_log)


def _chart(scene: Scene, result: Curves, name: str, form: Form, y: float) -> Frame:
    """Draw one figure of both parts."""
    frame = _frame(result, y + HEADING, HEIGHT, scale(result.both, name))
    tokens, by_part = scene.theme, colours(scene.theme)
    left = frame.x + scene.text(frame.x, y + 13, name, size=LABEL, face="bold")
    if frame.log:
        left += GAP + scene.text(left + GAP, y + 13, "logarithmic scale", colour=tokens.secondary)
    choose = ticks.logarithmic if frame.log else ticks.linear
    short = hundredths if form is percent else form
    chart.levels(scene, frame, choose(frame.low, frame.high, 6), short)
    scene.add(Line((frame.x, frame.y), (frame.x, frame.bottom), tokens.rule))
    ends: list[End] = []
    if name == "accuracy" and result.classes and frame.low <= 1 / result.classes <= frame.high:
        _, at = frame.point(0, 1 / result.classes)
        scene.add(Line((frame.x, round(at)), (frame.x + frame.width, round(at)), tokens.input))
        ends.append((at, "guessing", form(1 / result.classes), tokens.secondary))
    for part, word in zip(result.both, PARTS, strict=True):
        lines(scene, frame, part, name, by_part[word], raw=True)
        values = part.smooth(name)
        if np.isfinite(values).any():
            last = float(values[np.isfinite(values)][-1])
            said = form(last) if np.isfinite(values[-1]) else "not finite"
            ends.append((frame.point(0, last)[1], word, said, by_part[word]))
    if name == "loss":
        _missing(scene, frame, result)
    _best(scene, frame, result, name, form, left)
    _ends(scene, frame, ends)
    return frame


End = tuple[float, str, str, str]


def _ends(scene: Scene, frame: Frame, ends: list[End]) -> None:
    """Write the name of each curve and its last value beside its end."""
    right = frame.x + frame.width
    places = ticks.apart([end[0] for end in ends], END, frame.y, frame.bottom)
    for (at, name, value, colour), y in zip(ends, places, strict=True):
        scene.add(Path(((right + 3, at), (right + 12, y)), colour, 1))
        width = scene.text(right + WIDE_GAP, y + 4.5, name, size=LABEL, colour=colour)
        scene.text(right + WIDE_GAP + width + 6, y + 4.5, value, size=LABEL, face="bold")


def _best(scene: Scene, frame: Frame, result: Curves, name: str, form: Form, least: float) -> None:
    """Mark the best epoch, and write its figure above the chart, from `least` to its right end."""
    if result.best is None:
        return
    part, colour = result.validation, scene.theme.accent
    value = float(part.figures[name][result.best])
    x, _ = frame.point(float(part.steps[result.best]), frame.high)
    scene.add(Line((round(x), frame.y), (round(x), frame.bottom), colour))
    text = f"best, epoch {part.epochs[result.best]}"
    if np.isfinite(value):
        chart.dot(scene, frame.point(float(part.steps[result.best]), value), 4.5, colour)
        text += f": {form(value)}"
    wide = measure(text, CAPTION)
    middle = min(max(x, least + 2 * GAP + wide / 2), frame.x + frame.width - wide / 2)
    scene.text(middle, frame.y - 6, text, colour=colour, anchor="middle")


def _missing(scene: Scene, frame: Frame, result: Curves) -> None:
    """Mark the moments without a finite loss along the upper edge."""
    for part in result.both:
        for step in part.steps[np.isnan(part.figures["loss"])].tolist():
            x, _ = frame.point(step, frame.high)
            box = round(x) - MARKED / 2, frame.y, MARKED, 8
            scene.add(Rect(*box, fill=scene.theme.nan))


def _rate(scene: Scene, result: Curves, y: float) -> Frame:
    """Draw the learning rate as a slim area above zero."""
    tokens, rates = scene.theme, result.train.figures["lr"]
    known = np.isfinite(rates)
    steps, rates = result.train.steps[known].astype(float), rates[known]
    most = float(rates.max()) or 1.0
    frame = _frame(result, y + HEADING, STRIP, (0.0, most, False))
    scene.text(frame.x, y + 13, "learning rate", size=LABEL, face="bold")
    # Each rate holds from the moment before to its own.
    xs = np.concatenate([[0.0], steps])
    ys = np.concatenate([rates[:1], rates])
    points = [frame.point(a, b) for a, b in zip(xs.tolist(), ys.tolist(), strict=True)]
    foot = [(points[-1][0], frame.bottom), (points[0][0], frame.bottom)]
    soft = mixed(tokens.input, tokens.background, FAINT)
    scene.add(Polygon((*points, *foot), soft))
    scene.add(Path(tuple(chart.thinned(points)), tokens.input, 1.5))
    chart.levels(scene, frame, (0.0, most), lambda value: number(value, 3))
    _ends(scene, frame, [(points[-1][1], "last", number(float(rates[-1]), 3), tokens.secondary)])
    return frame


def _remark(result: Curves) -> str:
    """Return how to read the lines."""
    parts = []
    reach, steps = result.train.reach, result.train.steps
    if len(result.train):
        each = round(float(np.median(np.diff(steps, prepend=0))))
        of = f"the mean of {count(each)} steps" if each != 1 else "one step"
        parts.append(f"train: each point is {of}, as the weights were then")
        if reach:
            parts[0] += f" (faint), and the running mean of {2 * reach + 1} of them (strong)"
    if result.train.missing("loss") or result.validation.missing("loss"):
        parts.append("magenta: no finite loss")
    parts.append("beside the ends: the last values")
    return ". ".join(part[0].upper() + part[1:] for part in parts) + "."
