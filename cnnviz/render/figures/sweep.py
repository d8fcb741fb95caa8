"""The figure of a setting's values: accuracy, the way there and the cost, a column a value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cnnviz.render.figures import chart, ticks, title
from cnnviz.render.figures.chart import Frame
from cnnviz.render.figures.training_lines import colours, lines, scale
from cnnviz.render.fonts import measure
from cnnviz.render.look import Look
from cnnviz.render.numbers import THIN, count, hundredths, number, percent, spaced
from cnnviz.render.scene import Path, Rect, Scene
from cnnviz.render.theme import CAPTION, GAP, LABEL, MARGIN, WIDE_GAP, WIDTH, mixed, theme
from cnnviz.report.sweep import Sweep, Trial
from cnnviz.report.training_curves import PARTS

LEFT, RIGHT = 104, 96  # px beside the columns, for the names of rows and of curves
LEAST_COLUMN = 76  # px of a value's column
HEADER = 40  # px above a chart for the values and what is said of them
HEIGHT, SMALL = 210, 84  # px of the chart, and of each run's own
COST = 38  # px of a row of costs
BAR = 6  # px of a bar
DOTS = {"train": 4.0, "validation": 6.0}
SOFT = 0.93  # of the background in the column that is enough


@dataclass(eq=False, repr=False)
class Columns:
    """Where the values stand."""

    x: float
    wide: float
    number: int

    def middle(self, i: int) -> float:
        """Return the px of a column's centre."""
        return self.x + (i + 0.5) * self.wide


def draw(result: Sweep, look: Look) -> Scene:
    """Return the figure."""
    scene, number = Scene(theme(look.theme)), len(result.trials)
    scene.width = max(WIDTH, 2 * MARGIN + LEFT + number * LEAST_COLUMN + RIGHT)
    place = Columns(MARGIN + LEFT, (scene.width - 2 * MARGIN - LEFT - RIGHT) / number, number)
    sentence = result.headline().replace("%", f"{THIN}%")
    scene.title = f"{result.model}: {sentence}"
    scene.description = f"Accuracy and cost of {result.subject} for each of {number} values."
    detail = f"{result.data}, {number} run{'s' * (number != 1)}"
    top = title.draw(scene, result.model, sentence, detail)
    band = len(scene.items)
    _header(scene, result, place, top)
    y = _accuracy(scene, result, place, top + HEADER)
    if any(one.curves for one in result.trials):
        y = _ways(scene, result, place, y + WIDE_GAP)
    y = _costs(scene, result, place, y + WIDE_GAP)
    if result.enough is not None:
        i = result.trials.index(result.enough)
        soft = mixed(scene.theme.accent, scene.theme.background, SOFT)
        box = place.x + i * place.wide, top, place.wide, y - top
        scene.items.insert(band, Rect(*box, fill=soft))
    room = scene.width - 2 * MARGIN
    for text in result.warnings:
        scene.text(MARGIN, y + 20, f"warning: {text}", colour=scene.theme.warning, room=room)
        y += WIDE_GAP
    if result.enough is not None:
        text = spaced(result.remark())
        scene.text(MARGIN, y + 20, text, colour=scene.theme.secondary, room=room)
        y += WIDE_GAP
    scene.height = y + GAP + MARGIN
    return scene


def _header(scene: Scene, result: Sweep, place: Columns, y: float) -> None:
    """Write the values, and what is to be said of each."""
    name, tokens = result.setting, scene.theme
    scene.text(place.x - GAP, y + 16, name, size=LABEL, face="bold", anchor="end", room=LEFT - GAP)
    for i, one in enumerate(result.trials):
        x, room = place.middle(i), place.wide - GAP
        scene.text(x, y + 16, one.value, size=LABEL, face="bold", anchor="middle", room=room)
        said = result.verdict(one)
        colour = tokens.warning if said == "failed" else tokens.secondary
        colour = tokens.accent if one is result.enough else colour
        scene.text(x, y + 31, said, colour=colour, anchor="middle", room=room)


def _scores(one: Trial) -> dict[str, float]:
    """Return the accuracies that are known, by part."""
    found = {"train": one.last, "validation": one.best}
    return {part: value for part, value in found.items() if value is not None}


def _accuracy(scene: Scene, result: Sweep, place: Columns, y: float) -> float:
    """Draw what each value comes to in training and validation, and the gap; return the bottom."""
    tokens, by_part = scene.theme, colours(scene.theme)
    scores = [_scores(one) for one in result.trials]
    values = [value for own in scores for value in own.values()] or [0.0, 1.0]
    air = max(0.18 * (max(values) - min(values)), 0.01)
    limits = max(0.0, min(values) - air), min(1.0 + air / 2, max(values) + air)
    width = place.wide * place.number
    frame = Frame(place.x, y, width, HEIGHT, place.number, *limits)
    found = [v for v in ticks.linear(*limits, 6) if v <= 1]
    chart.levels(scene, frame, found, hundredths)
    middle = y + HEIGHT / 2
    scene.text(place.x - 48, middle, "accuracy", size=LABEL, face="bold", anchor="end")
    xs = np.arange(place.number) + 0.5
    for part in PARTS:
        ys = np.array([own.get(part, np.nan) for own in scores])
        soft = mixed(by_part[part], tokens.background, 0.45)
        chart.trace(scene, frame, xs, ys, soft, 1.5)
    for i, own in enumerate(scores):
        points = {part: frame.point(i + 0.5, value) for part, value in own.items()}
        if len(points) == 2:
            scene.add(Path(tuple(points.values()), tokens.secondary, 2))
        highest = max(own, key=lambda part: own[part], default="")
        for part, point in points.items():
            chart.dot(scene, point, DOTS[part], by_part[part])
            line = point[1] - 10 if part == highest else point[1] + 19
            said, colour = percent(own[part]), by_part[part]
            scene.text(point[0], line, said, face="bold", colour=colour, anchor="middle")
        if result.trials[i].error:
            x, room = place.middle(i), place.wide - GAP
            scene.text(x, middle, "failed", size=LABEL, face="bold", colour=tokens.warning,
                       anchor="middle", room=room)  # fmt: skip
    _names(scene, frame, scores, place)
    return frame.bottom


def _names(scene: Scene, frame: Frame, scores: list[dict[str, float]], place: Columns) -> None:
    """Write which line is which, to the right of the last run that has both."""
    own = next((own for own in reversed(scores) if own), {})
    heights = [frame.point(0, value)[1] for value in own.values()]
    said = {"train": ("train,", "at the end"), "validation": ("validation,", "the best")}
    right = place.x + place.wide * place.number + GAP
    for part, y in zip(own, ticks.apart(heights, 32, frame.y, frame.bottom), strict=True):
        colour = colours(scene.theme)[part]
        scene.text(right, y, said[part][0], size=LABEL, colour=colour)
        scene.text(right, y + 14, said[part][1], colour=scene.theme.secondary)


def _ways(scene: Scene, result: Sweep, place: Columns, y: float) -> float:
    """Draw each run's own curves, all on one scale; return the bottom."""
    runs = [one.curves for one in result.trials if one.curves]
    low, high, _ = scale([part for run in runs for part in run.both], "accuracy")
    steps, left = max(run.steps for run in runs), place.x - GAP
    dim = scene.theme.secondary
    scene.text(left, y + SMALL / 2, "each run", size=LABEL, face="bold", anchor="end")
    scene.text(left, y + SMALL / 2 + 14, "over its epochs", colour=dim, anchor="end")
    for value, at in ((high, y + 8), (low, y + SMALL)):
        scene.text(left, at, hundredths(round(value, 2)), colour=dim, anchor="end")
    for i, one in enumerate(result.trials):
        x = place.x + i * place.wide + GAP
        frame = Frame(x, y, place.wide - 2 * GAP, SMALL, max(1, steps), low, high)
        scene.add(Rect(x, y, frame.width, SMALL, stroke=scene.theme.rule))
        if one.curves is not None:
            for word, part in zip(PARTS, one.curves.both, strict=True):
                lines(scene, frame, part, "accuracy", colours(scene.theme)[word], raw=False)
    epochs = max(run.epochs for run in runs)
    text = f"{epochs} epoch{'s' * (epochs != 1)}"
    scene.text(place.x + place.wide * place.number + GAP, y + SMALL, text, colour=dim)
    return y + SMALL


def _costs(scene: Scene, result: Sweep, place: Columns, y: float) -> float:
    """Draw what each value costs, a row a figure on a scale of its own; return the bottom."""
    trials = result.trials
    rows: tuple[tuple[str, Sequence[float | None]], ...] = (
        ("parameters", [one.params for one in trials]),
        ("multiply-adds", [one.macs for one in trials]),
        ("seconds", [one.seconds for one in trials]),
    )
    for name, values in rows:
        most = max((value for value in values if value is not None), default=0.0)
        if not most:
            continue
        scene.text(place.x - GAP, y + 16, name, size=LABEL, anchor="end")
        for i, value in enumerate(values):
            x, room = place.x + i * place.wide + GAP, place.wide - 2 * GAP
            _amount(scene, x, y + 16, value, room)
            if value:
                width = max(1.0, room * value / most)
                scene.add(Rect(x, y + 22, width, BAR, fill=scene.theme.input))
        y += COST
    return y


def _amount(scene: Scene, x: float, y: float, value: float | None, room: float) -> None:
    """Write an amount in full if there is room, in smaller type or in short if there is not."""
    if value is None:
        scene.text(x, y, "unknown", colour=scene.theme.secondary)
        return
    full = count(value) if isinstance(value, int) else number(value, 3)
    for size in (LABEL, CAPTION):
        if measure(full, size) <= room:
            scene.text(x, y, full, size=size)
            return
    power, letter = next((p, s) for p, s in ((1e9, "G"), (1e6, "M"), (1, "")) if value >= p)
    scene.text(x, y, f"{number(value / power, 3)}{THIN}{letter}", room=room)
