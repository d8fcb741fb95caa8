"""The frames of `animate`: the window on the image, its arithmetic, the maps as they fill."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from cnnviz.geometry import Axis
from cnnviz.render.figures import blocks, explanation
from cnnviz.render.figures import explanation_parts as parts
from cnnviz.render.figures.panel import LEAST_CELL, Filling, Panel, Ring
from cnnviz.render.figures.stage import BELOW, BOX, LEAST, Stage, looped
from cnnviz.render.look import Look
from cnnviz.render.numbers import count, number, spaced, times, typeset
from cnnviz.render.scene import Scene
from cnnviz.render.theme import GAP, LABEL, WIDE_GAP, theme
from cnnviz.report.explanation import Explanation
from cnnviz.report.moving import LEFT
from cnnviz.report.sliding import Sliding
from cnnviz.report.terms import Place, Terms

BOXES = {1: BOX, 2: 208, 3: 160, 4: 128}  # px of a map, by how many there are
KERNEL = 144  # px of a kernel whose products are not shown
LINE = 18


def scenes(result: Sliding, look: Look) -> Iterator[tuple[Scene, float]]:
    """Yield the full map, which is wiped, then a scene for each stop, then the full map again."""
    film = _Film(result, look)
    wiped = (film.end(share) for share in LEFT)
    return looped(film.end(), wiped, _stops(result, film))


def draw(result: Sliding, look: Look) -> Scene:
    """Return the last frame: the full map, and its strongest response as an example."""
    return _Film(result, look, still=True).end()


def _stops(result: Sliding, film: _Film) -> Iterator[tuple[Scene, float]]:
    maps, done = film.part(0), 0
    for step in result.steps:
        for one in maps:
            one.fill(step.rows, step.columns)
        done = max(done, step.rows.start * result.grid[1] + len(step.rows) * step.columns.stop)
        yield film.scene(step.at, maps, done), step.seconds


class _Film:
    """What all frames share: the layout, the image, the colours of the maps."""

    def __init__(self, result: Sliding, look: Look, *, still: bool = False) -> None:
        self.result, self.theme = result, theme(look.theme)
        first, several = result.runs[0], len(result.runs)
        values, scale = first.picture, parts.picture_scale(first, look.theme)
        if first.arithmetic.pooling:  # of the one channel that is pooled
            values, scale = first.arithmetic.source, parts.image_scale(first, look.theme)
        self.picture = Panel.of(values, scale, (BOX, BOX), _ring(first))
        self.scales = [parts.output_scale(run, look.theme) for run in result.runs]
        size = BOXES[several], BOXES[several]
        self.maps = [
            Panel.of(np.asarray(run.arithmetic.output, np.float32), scale, size)
            for run, scale in zip(result.runs, self.scales, strict=True)
        ]
        self.is_compact = several > 1 and len(first.channels) > 1
        self.stage = self._stage(still=still)

    def _stage(self, *, still: bool) -> Stage:
        """Measure the arithmetic at every stop, and lay out the frames."""
        result, scratch = self.result, Scene(self.theme)
        stops = [*(step.at for step in result.steps), result.end]
        self.products = [
            parts.products_scale((result.terms(at)[i] for at in stops), self.theme.name)
            for i in range(len(result.runs))
        ]
        ends = [
            self._value(scratch, i, one, 0, 0)
            for at in stops
            for i, one in enumerate(result.terms(at))
        ]
        beneath = self._patches(scratch, result.terms(result.end), 0, 0)
        widest = max(self.maps, key=lambda panel: panel.width)
        highest = max(panel.height for panel in self.maps)
        return Stage.of(
            self.theme,
            title(result),
            _about(result, still=still),
            ". ".join(result.lines()),
            image=(self.picture.width, blocks.HEADING + self.picture.height + beneath),
            value=(max(right for right, _ in ends), max(bottom for _, bottom in ends)),
            panel=(widest.width, blocks.HEADING + highest + BELOW),
            count=len(result.runs),
        )

    def part(self, share: float) -> list[Filling]:
        """Return the maps with a share of their rows."""
        found = [Filling(panel, self.theme) for panel in self.maps]
        for one in found:
            one.fill(range(round(share * one.panel.shape[0])), range(one.panel.shape[1]))
        return found

    def end(self, share: float = 1) -> Scene:
        """Return the frame of the strongest response, with a share of the maps' rows."""
        rows, columns = self.result.grid
        return self.scene(self.result.end, self.part(share), round(share * rows) * columns)

    def scene(self, at: Place, maps: list[Filling], done: int) -> Scene:
        """Return one frame: the window at a place, and the `done` values of the maps."""
        result, stage = self.result, self.stage
        scene = stage.scene()
        terms = result.terms(at)
        self._image(scene, terms)
        for i, (x, y) in enumerate(stage.maps):
            self._value(scene, i, terms[i], *stage.values[i])
            stage.arrow(scene, i, maps[i].panel.height)
            self._map(scene, i, maps[i], at)
            every = result.plan.count
            text = f"{count(done)} of {count(every)} values"
            y += blocks.HEADING + maps[i].panel.height + BELOW - 4
            scene.text(x, y, text, colour=scene.theme.secondary)
        return scene

    def _image(self, scene: Scene, terms: list[Terms]) -> None:
        run, (x, y) = self.result.runs[0], self.stage.image
        name, shape = _seen(run), times(run.picture.shape)
        room = max(self.picture.width, LEAST)
        blocks.heading(scene, x, y, scene.theme.input, name, shape, room=room)
        y += blocks.HEADING
        self.picture.draw(scene, x, y, "image")
        for one in {(one.rows, one.columns): one for one in terms}.values():
            self.picture.outline(scene, x, y, one.rows, one.columns)
            if one.winner is not None and min(self.picture.cell) >= LEAST_CELL:
                row, column = one.rows[one.winner[0]], one.columns[one.winner[1]]
                cell = range(row, row + 1), range(column, column + 1)
                self.picture.outline(scene, x, y, *cell)
        self._patches(scene, terms, x, y + self.picture.height)

    def _patches(self, scene: Scene, terms: list[Terms], x: float, y: float) -> float:
        """Draw the channels of the one patch of several kernels; return the height."""
        one = terms[0]
        if not self.is_compact or any(other.rows != one.rows for other in terms):
            return 0
        run, (rows, columns) = self.result.runs[0], one.inside.shape
        wide = (BOX - GAP * (len(run.channels) - 1)) // len(run.channels)
        size = min(32, wide // columns)
        scale = parts.image_scale(run, scene.theme.name)
        for c, name in enumerate(run.channels):
            left, top = x + c * (wide + GAP), y + WIDE_GAP
            title = f"patch {name}"
            blocks.heading(scene, left, top, scene.theme.input, title, room=wide)
            values = one.patch[..., c]
            parts.array(scene, left, top + blocks.HEADING, values, scale, size, title, one.inside)
        return float(WIDE_GAP + blocks.HEADING + rows * size)

    def _map(self, scene: Scene, i: int, filling: Filling, at: Place) -> None:
        result, panel, (x, y) = self.result, filling.panel, self.stage.maps[i]
        role = scene.theme.pool if result.runs[i].arithmetic.pooling else scene.theme.map
        name = result.named[i] if len(result.runs) > 1 else "map"
        room = max(panel.width, LEAST)
        blocks.heading(scene, x, y, role, name, times(panel.shape), room=room)
        y += blocks.HEADING
        filling.draw(scene, x, y, name)
        row, column = at
        panel.outline(scene, x, y, range(row, row + 1), range(column, column + 1))
        if panel.width >= 60:
            blocks.bar(scene, x, y + panel.height + GAP, panel.width, self.scales[i])

    def _value(self, scene: Scene, i: int, one: Terms, x: float, y: float) -> tuple[float, float]:
        """Draw the arithmetic of one map; return right and bottom."""
        run = self.result.runs[i]
        if self.is_compact:
            return _compact(scene, run, one, x, y)
        return explanation.value(scene, run, one, x, y, self.products[i])


def _compact(scene: Scene, run: Explanation, one: Terms, x: float, y: float) -> tuple[float, float]:
    """Draw a kernel, and beside it what its channels sum up to; return right and bottom."""
    kernel = one.kernel
    assert kernel is not None
    blocks.heading(scene, x, y, scene.theme.kernel, run.name, "kernel", room=KERNEL)
    shown = kernel[..., 0] if (kernel == kernel[..., :1]).all() else kernel
    height, _ = blocks.kernel_picture(scene, x, y + blocks.HEADING, shown, KERNEL, run.name)
    left, top = x + KERNEL + WIDE_GAP, y + blocks.HEADING - 4
    if not run.is_long:
        for name, total in zip(run.channels, one.sums, strict=True):
            top += LINE
            scene.text(left, top, f"Σ {name} × kernel = {number(total, 7)}", size=LABEL)
    right, bottom = explanation.ending(scene, run, one, left, top)
    return right, max(bottom, y + blocks.HEADING + height)


def title(result: Sliding) -> str:
    """Return what is seen: `edge, stride 2: 300×451×3 → 149×225, place by place`."""
    before, after = times(result.runs[0].picture.shape), times(result.grid)
    several = f"{len(result.runs)} maps of " if len(result.runs) > 1 else ""
    return f"{explanation.heading(result)}: {before} → {several}{after}, place by place"


def _about(result: Sliding, *, still: bool) -> list[str]:
    """Return the size formulas, where the window stops, and what else is to be known."""
    run = result.runs[0]
    rows, columns = run.arithmetic.axes
    lines = [f"rows  {typeset(rows.working())}     columns  {typeset(columns.working())}"]
    said = f"shown: {run.arithmetic.most}" if still else spaced(result.said)
    return [explanation.signs(line) for line in (*lines, said, *run.notes)]


def _seen(run: Explanation) -> str:
    """Return what the picture on the left is; of a pooling it is one channel."""
    (channel, *others) = run.channels
    if not run.arithmetic.pooling or others or channel == "gray":
        return run.seen or run.image
    return channel if run.seen else f"{run.image}, {channel}"


def _ring(run: Explanation) -> Ring:
    """Return how many cells beyond the image windows reach, or padding is added."""
    rows, columns = run.arithmetic.axes
    return _beyond(rows), _beyond(columns)


def _beyond(axis: Axis) -> tuple[int, int]:
    end = axis.start(axis.output - 1) + axis.extent - axis.size
    return max(0, axis.before), max(0, axis.after, end)
