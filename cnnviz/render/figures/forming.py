"""The kernels of a layer as they form: a scene for each moment, and first and last side by side."""

from __future__ import annotations

from collections.abc import Iterator

from cnnviz.render.figures import blocks, header, kernel_grid, signs
from cnnviz.render.figures.blocks import HEADING
from cnnviz.render.figures.kernel_grid import KernelGrid
from cnnviz.render.figures.progress import Progress
from cnnviz.render.fonts import measure
from cnnviz.render.look import Look
from cnnviz.render.numbers import MINUS, count, number, times
from cnnviz.render.scene import Scene
from cnnviz.render.theme import GAP, LABEL, MARGIN, TITLE, WIDE_GAP, theme
from cnnviz.report.forming import Forming, Snapshot
from cnnviz.report.sample import sample

MOST_FRAMES = 120
FIRST, EACH, LAST = 1.2, 0.1, 3.0  # seconds of the first frame, of each, of the last
_LEAST_WIDTH = 480
_PART = 0.75  # of the size of kernels, where two grids stand side by side
_BAR = 200
_DEEP = 36  # px of one input channel of a deep kernel
_BETWEEN = 72  # px between two grids, which hold an arrow


def draw(forming: Forming, look: Look) -> Scene:
    """Return the first kernels and the last, side by side."""
    first, last = forming.frames[0], forming.frames[-1]
    stages = _stage(forming, first), _stage(forming, last)
    scene = Scene(theme(look.theme), _title(forming, " and ".join(dict.fromkeys(stages))))
    scene.description = ". ".join(forming.lines())
    lines, grid = _lines(forming, look), _grid(forming, part=_PART)
    top, left = MARGIN + header.height(lines) + HEADING + _top(forming), MARGIN
    for frame, stage in zip((first, last), stages, strict=True):
        if frame is last:
            signs.arrow(scene, left - _BETWEEN + 16, top + grid.height / 2, _BETWEEN - 32)
        left += _side(forming)
        room = max(grid.width, 200)
        heading = top - HEADING - _top(forming)
        detail = f"step {count(frame.step)}"
        blocks.heading(scene, left, heading, scene.theme.kernel, stage, detail, room=room)
        _kernels(scene, left, top, forming, frame, grid, look)
        left += room + _BETWEEN
    bottom = _legend(scene, MARGIN, top + grid.height + WIDE_GAP, forming, look)
    right = left - _BETWEEN + MARGIN
    scene.width, scene.height = max(_width(scene, lines), right), bottom + MARGIN
    header.draw(scene, lines)
    return scene


def scenes(forming: Forming, look: Look) -> Iterator[tuple[Scene, float]]:
    """Yield a scene for each moment, all of one layout, and how many seconds it is shown.

    Of more than 120 moments an even sample.
    """
    frames = sample(forming.frames, MOST_FRAMES)
    lines, grid = _lines(forming, look), _grid(forming)
    progress = Progress(frames, forming.steps)
    top, left = MARGIN + header.height(lines) + _top(forming), MARGIN + _side(forming)
    for place, frame in enumerate(frames):
        scene = Scene(theme(look.theme), _title(forming, "as they form"))
        scene.description = ". ".join(forming.lines())
        scene.width = max(
            _width(scene, lines), left + grid.width + MARGIN, progress.least + 2 * MARGIN
        )
        header.draw(scene, lines)
        _kernels(scene, left, top, forming, frame, grid, look)
        bottom = _legend(scene, MARGIN, top + grid.height + WIDE_GAP, forming, look)
        stage = _stage(forming, frame)
        room = scene.width - 2 * MARGIN
        bottom = progress.draw(scene, MARGIN, bottom + WIDE_GAP, place, stage, room=room)
        scene.height = bottom + MARGIN
        yield scene, LAST if frame is frames[-1] else FIRST if place == 0 else EACH


def _title(forming: Forming, words: str) -> str:
    noun = forming.noun if forming.count == 1 else f"{forming.noun}s"
    return (
        f"{forming.layer} of {forming.model} on {forming.data}: "
        f"{forming.count} {noun} of {times(forming.one)}, {words}"
    )


def _lines(forming: Forming, look: Look) -> list[str]:
    scale = f"each {forming.noun} up to its largest weight in all frames"
    if look.range == "shared":
        scale = f"one scale, up to ±{number(float(forming.limits.max()), 3)}"
    return [line for line in (f"{forming.view_words()}; {scale}", forming.page_words()) if line]


def _width(scene: Scene, lines: list[str]) -> float:
    """Return the px of a figure that holds its head."""
    title = min(measure(scene.title, TITLE, "bold"), 760)
    return max(_LEAST_WIDTH, title, *(measure(line, LABEL) for line in lines)) + 2 * MARGIN


def _stage(forming: Forming, frame: Snapshot) -> str:
    if frame.step == 0:
        return "random"
    return "trained" if frame.step >= forming.steps else "in training"


def _grid(forming: Forming, *, part: float = 1) -> KernelGrid:
    shape = forming.pictures(forming.frames[0].kernel).shape
    if forming.is_deep:
        size = kernel_grid.cells(shape[1:3], _DEEP)
        return KernelGrid(shape[0], len(forming.channels), size, line=0)
    return KernelGrid.of(shape[0], shape[1:3], part=part)


def _side(forming: Forming) -> int:
    """Return the px left of a grid, for the numbers of deep filters."""
    return 32 if forming.is_deep else 0


def _top(forming: Forming) -> int:
    """Return the px above a grid, for the numbers of input channels."""
    return 18 if forming.is_deep else 0


def _kernels(
    scene: Scene,
    x: float,
    y: float,
    forming: Forming,
    frame: Snapshot,
    grid: KernelGrid,
    look: Look,
) -> None:
    """Draw the kernels of one moment with what stands beside them."""
    limits = forming.limits
    own = look.range == "own"
    for i, values in enumerate(forming.pictures(frame.kernel)):
        left, top = grid.place(i)
        limit = float(limits[i] if own else limits.max())
        pixels = kernel_grid.pixels(values, limit, scene.theme)
        height, width = grid.size
        blocks.tile(scene, x + left, y + top, pixels, width, height, f"{forming.noun} {i}")
    names = [str(i) for i in forming.shown]
    if not forming.is_deep:
        grid.captions(scene, x, y, names, limits.tolist() if own else [])
        return
    secondary = scene.theme.secondary
    for row, name in enumerate(names):
        line = y + row * grid.step[0] + grid.size[0] / 2 + 4
        scene.text(x - GAP, line, name, colour=secondary, anchor="end")
    for column, channel in enumerate(forming.channels):
        middle = x + column * grid.step[1] + grid.size[1] / 2
        scene.text(middle, y - 6, str(channel), colour=secondary, anchor="middle")


def _legend(scene: Scene, x: float, y: float, forming: Forming, look: Look) -> float:
    """Draw the scale of signed kernels (gray is zero in colour ones); return its bottom."""
    if forming.in_colour:
        return y - WIDE_GAP
    limit = float(forming.limits.max())
    if look.range == "shared":
        blocks.bar(scene, x, y, _BAR, blocks.kernel_scale(limit, True, scene.theme.name))
        return y + blocks.BAR + 14
    blocks.bar_alone(scene, x, y, _BAR, blocks.kernel_scale(1.0, True, scene.theme.name))
    line, secondary = y + blocks.BAR + 12, scene.theme.secondary
    scene.text(x, line, f"{MINUS}largest", colour=secondary)
    scene.text(x + _BAR / 2, line, "0", colour=secondary, anchor="middle")
    scene.text(x + _BAR, line, "largest", colour=secondary, anchor="end")
    return line + 2
