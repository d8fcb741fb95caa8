"""The frames of a transposed convolution: each cell lays its stamp on the output, which adds up."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from cnnviz.render import display
from cnnviz.render.display import Scale
from cnnviz.render.figures import blocks, explanation
from cnnviz.render.figures import explanation_parts as parts
from cnnviz.render.figures.panel import Panel
from cnnviz.render.figures.stage import BELOW, BOX, LEAST, Stage, looped
from cnnviz.render.look import Look
from cnnviz.render.numbers import MINUS, count, number, spaced, times, typeset
from cnnviz.render.scene import Rect, Scene
from cnnviz.render.theme import GAP, LABEL, theme
from cnnviz.report.explanation_text import MOST_CHANNELS, spans
from cnnviz.report.moving import LEFT
from cnnviz.report.stamps import Moment, Stamp, Stamping

SIGN = 32  # px between arrays
ROOM, CELL, SMALL = 208, 48, 40  # px of an array; of a cell, also where there are several channels
LEAST_CELL = 26
VALUE = 72  # px of the input cell's value


def scenes(result: Stamping, look: Look) -> Iterator[tuple[Scene, float]]:
    """Yield the full map, which is wiped, then a scene for each stop, then the full map again."""
    film = _Film(result, look)
    stops = ((film.scene(moment), moment.seconds) for moment in result.moments())
    return looped(film.scene(_end(result)), (film.scene(_end(result, s)) for s in LEFT), stops)


def draw(result: Stamping, look: Look) -> Scene:
    """Return the last frame: the full map, and the strongest stamp as an example."""
    return _Film(result, look, still=True).scene(_end(result))


def _end(result: Stamping, share: float = 1) -> Moment:
    """Return the map as the engine made it, or a share of its rows."""
    out, rows = result.blank(), round(share * len(result.output))
    out[:rows] = result.output[:rows]
    done = result.plan.count if share == 1 else None
    return Moment(result.stamp(result.end), None, out, done, 0)


class _Film:
    """What all frames share: the layout, the image, the scales."""

    def __init__(self, result: Stamping, look: Look, *, still: bool = False) -> None:
        self.result, self.theme = result, theme(look.theme)
        values = result.picture
        photo = values.ndim == 3 and values.shape[2] == 3
        flat = values if photo or values.ndim == 2 else values.mean(axis=2)
        own = None if photo else _source_scale(result, flat, look.theme)
        self.picture = Panel.of(values, own, (BOX, BOX))
        # The output may be farther from zero before all stamps are there.
        ends = [(m.out.min(), m.out.max(), _largest(m.stamp)) for m in result.moments()]
        outputs = [np.array([low, high]) for low, high, _ in ends] + [result.output]
        self.scale = _scale(outputs, look.theme)
        most = max(stamp for _, _, stamp in ends)
        self.largest = max(most, *(float(np.abs(values).max()) for values in outputs))
        signed = min(float(result.kernel.min()), float(result.source.min())) < 0
        self.stamps = _scale([np.array([-most if signed else 0.0, most])], look.theme)
        channels, sides = len(result.channels), result.kernel.shape[:2]
        self.is_long = channels > MOST_CHANNELS
        cell = SMALL if 1 < channels <= MOST_CHANNELS else CELL
        self.size = max(LEAST_CELL, min(cell, ROOM // max(sides)))
        self.panel = self._panel(result.output)
        self.stage = self._stage(still=still)

    def _panel(self, values: np.ndarray) -> Panel:
        return Panel.of(values, self.scale, (BOX, BOX), largest=self.largest)

    def _stage(self, *, still: bool) -> Stage:
        result, scratch = self.result, Scene(self.theme)
        ends = [self._value(scratch, m, 0, 0) for m in (*result.moments(), _end(result))]
        return Stage.of(
            self.theme,
            _title(result),
            _about(result, still=still),
            ". ".join(result.lines()),
            image=(self.picture.width, blocks.HEADING + self.picture.height),
            value=(max(right for right, _ in ends), max(bottom for _, bottom in ends)),
            panel=(self.panel.width, blocks.HEADING + self.panel.height + BELOW),
        )

    def scene(self, moment: Moment) -> Scene:
        """Return one frame."""
        result, stage, stamp = self.result, self.stage, moment.stamp
        scene = stage.scene()
        x, y = stage.image
        name, shape = result.seen or result.image, times(result.picture.shape)
        room = max(self.picture.width, LEAST)
        blocks.heading(scene, x, y, scene.theme.input, name, shape, room=room)
        self.picture.draw(scene, x, y + blocks.HEADING, "image")
        row, column = stamp.at
        cell = range(row, row + 1), range(column, column + 1)
        self.picture.outline(scene, x, y + blocks.HEADING, *cell)
        self._value(scene, moment, *stage.values[0])
        panel, (x, y) = self._panel(moment.out), stage.maps[0]
        stage.arrow(scene, 0, panel.height)
        room = max(panel.width, LEAST)
        shape = times(panel.shape)
        blocks.heading(scene, x, y, scene.theme.map, "output", shape, room=room)
        y += blocks.HEADING
        panel.draw(scene, x, y, "output")
        panel.outline(scene, x, y, stamp.rows, stamp.columns)
        y += panel.height
        if panel.width >= 60:
            blocks.bar(scene, x, y + GAP, panel.width, self.scale)
        if moment.done is not None:
            text = f"{count(moment.done)} of {count(result.plan.count)} stamps"
            scene.text(x, y + BELOW - 4, text, colour=scene.theme.secondary)
        return scene

    def _value(self, scene: Scene, moment: Moment, x: float, y: float) -> tuple[float, float]:
        """Draw what makes a stamp, and how it is added; return right and bottom."""
        result, stamp = self.result, moment.stamp
        row, column = stamp.at
        said = scene.text(
            x, y + 14, f"row {row}, column {column}", size=LABEL + 1, face="bold",
            colour=scene.theme.accent,
        )  # fmt: skip
        cropped = int(stamp.inside.size - np.count_nonzero(stamp.inside))
        words = f"its stamp covers {spans(stamp.rows, stamp.columns)}".replace("-", MINUS)
        words += f"; {cropped} cells are cropped, hatched" if cropped else ""
        said += scene.text(x + said + GAP, y + 14, words, colour=scene.theme.secondary)
        y += 14 + GAP
        if self.is_long:
            text = f"each weight of the stamp is a sum over {count(len(result.channels))} channels"
            scene.text(x, y + 14, text, size=LABEL)
            right, y = x, y + 18 + GAP
        else:
            right, y = self._products(scene, stamp, x, y)
        wide, y = self._sum(scene, moment, x, y)
        return max(right, wide, x + said + GAP), y

    def _products(self, scene: Scene, stamp: Stamp, left: float, y: float) -> tuple[float, float]:
        """Draw value x kernel = product of each channel; return right and bottom."""
        result, size = self.result, self.size
        rows, columns = stamp.inside.shape
        width, right = max(columns * size, 88), left
        kernel = result.kernel
        limit, negative = float(np.abs(kernel).max()), bool(kernel.min() < 0)
        weights = blocks.kernel_scale(limit, negative, scene.theme.name)
        for c, name in enumerate(result.channels):
            many = len(result.channels) > 1
            middle, x = y + blocks.HEADING + rows * size / 2, left
            label = f"cell {name}" if many else "cell"
            blocks.heading(scene, x, y, scene.theme.input, label, room=max(VALUE, 88))
            scene.add(Rect(x, middle - 16, VALUE, 32, stroke=scene.theme.accent, line=2))
            text = number(float(stamp.weights[c]))
            scene.text(x + VALUE / 2, middle + 5, text, size=LABEL, face="bold", anchor="middle")
            x += max(VALUE, 88)
            product = "product" if many else "stamp"
            for sign, role, title, values, scale, largest in (
                ("×", scene.theme.kernel, "kernel", kernel[..., c], weights, limit),
                ("=", scene.theme.map, product, stamp.products[..., c], self.stamps, self.largest),
            ):
                scene.text(x + SIGN / 2, middle + 6, sign, size=18, anchor="middle")
                x += SIGN
                blocks.heading(scene, x, y, role, title, room=width)
                top = y + blocks.HEADING
                parts.array(scene, x, top, values, scale, size, title, digits=4, largest=largest)
                x += width
            right = max(right, x)
            y += blocks.HEADING + rows * size + GAP
        return right, y

    def _sum(self, scene: Scene, moment: Moment, x: float, y: float) -> tuple[float, float]:
        """Draw output + stamp = output where it is laid; return right and bottom."""
        result, stamp, size = self.result, moment.stamp, self.size
        rows, columns = stamp.inside.shape
        width, middle = max(columns * size, 104), y + blocks.HEADING + rows * size / 2 + 6
        after = "output" if moment.before is not None else "output there"
        shown = [("", after, result.under(moment.out, stamp), self.scale)]
        if moment.before is not None:
            shown = [
                ("", "output before", moment.before, self.scale),
                ("+", "stamp", stamp.sums, self.stamps),
                ("=", "output", shown[0][2], self.scale),
            ]
        elif len(result.channels) > 1:
            shown.insert(0, ("", "stamp", stamp.sums, self.stamps))
        for place, (sign, title, values, scale) in enumerate(shown):
            if place:
                scene.text(x + SIGN / 2, middle, sign, size=18, anchor="middle")
                x += SIGN
            blocks.heading(scene, x, y, scene.theme.map, title, room=width)
            top = y + blocks.HEADING
            parts.array(
                scene, x, top, values, scale, size, title, stamp.inside,
                digits=4, largest=self.largest,
            )  # fmt: skip
            x += width
        return x, y + blocks.HEADING + rows * size + GAP


def _largest(stamp: Stamp) -> float:
    return float(max(np.abs(stamp.products).max(), np.abs(stamp.sums).max()))


def _source_scale(result: Stamping, values: np.ndarray, theme: str) -> Scale:
    if result.seen:
        return _scale([values], theme)
    low, high = float(values.min()), float(values.max())
    return display.of_source(low, high, is_photo=result.is_photo, theme=theme)


def _scale(arrays: list[np.ndarray], theme: str) -> Scale:
    low = min(float(values.min()) for values in arrays)
    high = max(float(values.max()) for values in arrays)
    return display.choose(low, high, theme=theme)


def _title(result: Stamping) -> str:
    before, after = times(result.source.shape), times(result.output.shape)
    return f"{result.heading}: {before} → {after}, stamp by stamp"


def _about(result: Stamping, *, still: bool) -> list[str]:
    """Return the size formulas, where it stops, what the output begins with and ends with."""
    rows, columns = result.axes
    lines = [f"rows  {typeset(rows.working())}     columns  {typeset(columns.working())}"]
    begins = f"the output begins as its bias, {number(result.bias, 5)}" if result.bias else ""
    ends = f"{result.act} follows when all stamps are there" if result.act else ""
    said = "shown: the stamp of the strongest cell" if still else spaced(result.said)
    lines += [said, *filter(None, ["; ".join(filter(None, (begins, ends)))])]
    return [explanation.signs(line) for line in (*lines, *result.notes)]
