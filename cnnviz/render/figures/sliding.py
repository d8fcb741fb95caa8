"""The frames of `animate`: the window on the image, its arithmetic, the maps as they fill."""

from __future__ import annotations

from collections.abc import Iterator
from math import log

import numpy as np

from cnnviz.geometry import Axis
from cnnviz.render import display
from cnnviz.render.figures import blocks, explanation, header, signs
from cnnviz.render.figures import explanation_parts as parts
from cnnviz.render.figures.panel import Filling, Panel
from cnnviz.render.fonts import measure
from cnnviz.render.look import Look
from cnnviz.render.numbers import count, spaced, times, typeset
from cnnviz.render.scene import Scene
from cnnviz.render.theme import GAP, LABEL, MARGIN, TITLE, WIDE_GAP, theme
from cnnviz.report.explanation import Explanation
from cnnviz.report.moving import LAST, LEFT, OPENING, WIPE
from cnnviz.report.sliding import Sliding
from cnnviz.report.terms import Place, Terms

BOXES = {1: 304, 2: 208, 3: 160, 4: 128}  # px of a map, by how many there are
ARROW = 40  # px between the arithmetic and a map
ASPECT = 1.7  # width by height that suits a slide
KERNEL = 144  # px of a kernel whose products are not shown
BELOW = 48  # px of a colour bar and of how many values there are


def scenes(result: Sliding, look: Look) -> Iterator[tuple[Scene, float]]:
    """Yield the full map, which is wiped, then a scene for each stop, then the full map again."""
    stage = _Stage(result, look)
    full = stage.scene(result.end, stage.part(1))
    yield full, OPENING
    for share in LEFT:
        yield stage.scene(result.end, stage.part(share)), WIPE
    filling, done = stage.blank(), 0
    for step in result.steps:
        for one in filling:
            one.fill(step.rows, step.columns)
        done = max(done, step.rows.start * result.grid[1] + len(step.rows) * step.columns.stop)
        yield stage.scene(step.at, filling, done), step.seconds
    yield full, LAST


def draw(result: Sliding, look: Look) -> Scene:
    """Return the last frame: the full map, and its strongest response as an example."""
    stage = _Stage(result, look)
    return stage.scene(result.end, stage.part(1))


class _Stage:
    """What all frames share: the layout, the image, the colours of the maps."""

    def __init__(self, result: Sliding, look: Look) -> None:
        self.result, self.theme = result, theme(look.theme)
        first = result.runs[0]
        box = BOXES[1], BOXES[1]
        self.picture = Panel.of(
            first.picture, parts.picture_scale(first, look.theme), box, _ring(first)
        )
        self.scales = [parts.output_scale(run, look.theme) for run in result.runs]
        size = BOXES[len(result.runs)]
        self.maps = [
            Panel.of(np.asarray(run.arithmetic.output, np.float32), scale, (size, size))
            for run, scale in zip(result.runs, self.scales, strict=True)
        ]
        self.lines = _about(result)
        self._lay_out()

    def _lay_out(self) -> None:
        """Measure the arithmetic at every stop, and place the maps beside it or above it."""
        result, scratch = self.result, Scene(self.theme)
        stops = [*(step.at for step in result.steps), result.end]
        self.products = [
            parts.products_scale((run.arithmetic.terms(at) for at in stops), self.theme.name)
            for run in result.runs
        ]
        self.is_compact = len(result.runs) > 1 and len(result.runs[0].channels) > 1
        ends = [
            [self._value(scratch, i, one, 0, 0) for i, one in enumerate(result.terms(at))]
            for at in stops
        ]
        wide = max(right for line in ends for right, _ in line)
        tall = max(bottom for line in ends for _, bottom in line)
        self.left, self.top = MARGIN, MARGIN + header.height(self.lines)
        image = max(self.picture.width, 160), self.picture.height + blocks.HEADING
        panel = max(max(panel.width for panel in self.maps), 160)
        below = max(panel.height for panel in self.maps) + blocks.HEADING + BELOW
        maps = panel, below
        row = max(tall, maps[1]) + WIDE_GAP
        beside = (
            image[0] + WIDE_GAP + wide + ARROW + maps[0] + 2 * GAP,
            max(image[1], len(self.maps) * row - WIDE_GAP),
        )
        under = (
            max(image[0] + ARROW + 2 * GAP + maps[0], wide),
            max(image[1], maps[1]) + WIDE_GAP + tall,
        )
        self.is_beside = len(self.maps) > 1 or _distance(beside, self.top) <= _distance(
            under, self.top
        )
        width, height = beside if self.is_beside else under
        texts = [measure(line, LABEL) for line in self.lines]
        least = max(640, *texts, min(measure(self._title(), TITLE, "bold"), width))
        self.size = max(width, min(least, 1280)) + 2 * MARGIN, self.top + height + MARGIN
        x = self.left + image[0] + WIDE_GAP
        if self.is_beside:
            self.values = [(x, self.top + i * row) for i in range(len(self.maps))]
            self.places = [(x + wide + ARROW + 2 * GAP, y) for _, y in self.values]
        else:
            self.places = [(self.left + image[0] + ARROW + 2 * GAP, self.top)]
            self.values = [(self.left, self.top + max(image[1], maps[1]) + WIDE_GAP)]

    def blank(self) -> list[Filling]:
        """Return the maps before the first step."""
        return [Filling(panel, self.theme.background) for panel in self.maps]

    def part(self, share: float) -> list[Filling]:
        """Return the maps with a share of their rows."""
        found = self.blank()
        for one in found:
            one.fill(range(round(share * one.panel.shape[0])), range(one.panel.shape[1]))
        return found

    def scene(self, at: Place, maps: list[Filling], done: int | None = None) -> Scene:
        """Return one frame: the window at a place, and what is known of the maps."""
        result = self.result
        scene = Scene(self.theme, title=self._title(), description=". ".join(result.lines()))
        scene.width, scene.height = self.size
        header.draw(scene, self.lines)
        terms = result.terms(at)
        self._image(scene, terms)
        for i, (x, y) in enumerate(self.places):
            self._value(scene, i, terms[i], *self.values[i])
            height = maps[i].panel.height
            signs.arrow(scene, x - ARROW - GAP, y + blocks.HEADING + height / 2, ARROW)
            self._map(scene, i, maps[i], x, y, at)
            self._caption(scene, x, y + blocks.HEADING + height + BELOW, done)
        return scene

    def _title(self) -> str:
        return title(self.result)

    def _image(self, scene: Scene, terms: list[Terms]) -> None:
        run, x, y = self.result.runs[0], self.left, self.top
        shape = times(run.picture.shape)
        name = run.seen or run.image
        room = max(self.picture.width, 160)
        blocks.heading(scene, x, y, scene.theme.input, name, shape, room=room)
        y += blocks.HEADING
        self.picture.draw(scene, x, y, "image")
        for one in {(one.rows, one.columns): one for one in terms}.values():
            self.picture.outline(scene, x, y, one.rows, one.columns)

    def _map(self, scene: Scene, i: int, filling: Filling, x: float, y: float, at: Place) -> None:
        result, panel = self.result, filling.panel
        run = result.runs[i]
        role = scene.theme.pool if run.arithmetic.pooling else scene.theme.map
        name = result.named[i] if len(result.runs) > 1 else "map"
        room = max(panel.width, 160)
        blocks.heading(scene, x, y, role, name, times(panel.shape), room=room)
        y += blocks.HEADING
        filling.draw(scene, x, y, name)
        row, column = at
        panel.outline(scene, x, y, range(row, row + 1), range(column, column + 1))
        if panel.width >= 60:
            blocks.bar(scene, x, y + panel.height + GAP, panel.width, self.scales[i])

    def _caption(self, scene: Scene, x: float, y: float, done: int | None) -> None:
        """Write how many values there are."""
        every = self.result.plan.count
        text = f"{count(every if done is None else done)} of {count(every)} values"
        scene.text(x, y - 4, text, colour=scene.theme.secondary, room=160)

    def _value(self, scene: Scene, i: int, one: Terms, x: float, y: float) -> tuple[float, float]:
        """Draw the arithmetic of one map; return right and bottom."""
        run = self.result.runs[i]
        if not self.is_compact:
            return explanation.value(scene, run, one, x, y, self.products[i])
        return _compact(scene, run, one, x, y)


def _compact(
    scene: Scene, run: Explanation, one: Terms, x: float, y: float
) -> tuple[float, float]:
    """Draw a kernel, and beside it what its channels sum up to; return right and bottom."""
    kernel = one.kernel
    assert kernel is not None
    blocks.heading(scene, x, y, scene.theme.kernel, f"kernel {run.name}", room=KERNEL)
    y += blocks.HEADING
    alike = bool((kernel == kernel[..., :1]).all())
    name = f"{run.name} {'of each channel' if alike else ''}"
    height, width = blocks.kernel_picture(
        scene, x, y, kernel[..., 0] if alike else kernel, KERNEL, name
    )
    right, bottom = explanation.ending(scene, run, one, x + KERNEL + WIDE_GAP, y - 4)
    return right, max(bottom, y + height)


def title(result: Sliding) -> str:
    """Return what is seen: `edge, stride 2: the map of 300×451×3 fills, 149×225`."""
    shape = times(result.runs[0].picture.shape)
    return f"{result.heading}: the window slides over {shape}, the map fills, {times(result.grid)}"


def _about(result: Sliding) -> list[str]:
    """Return the size formulas, where the window stops, and what else is to be known."""
    run = result.runs[0]
    rows, columns = run.arithmetic.axes
    lines = [f"rows  {typeset(rows.working())}     columns  {typeset(columns.working())}"]
    return [explanation.signs(line) for line in (*lines, spaced(result.said), *run.notes)]


def _ring(run: Explanation) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return how many cells beyond the image windows reach, or padding is added."""
    rows, columns = run.arithmetic.axes
    return _beyond(rows), _beyond(columns)


def _beyond(axis: Axis) -> tuple[int, int]:
    end = axis.start(axis.output - 1) + axis.extent - axis.size
    return max(0, axis.before), max(0, axis.after, end)


def _distance(size: tuple[float, float], top: float) -> float:
    """Return how far a figure is from the shape of a slide."""
    return abs(log((size[0] + 2 * MARGIN) / (size[1] + top + MARGIN) / ASPECT))
