"""The kernels of a layer as they form: a scene for each moment, and first and last side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

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
_BETWEEN, _ARROW = 72, 40  # px between two grids, and of the arrow there
_LEAST_PANEL = 200


def draw(forming: Forming, look: Look) -> Scene:
    """Return the first kernels and the last, side by side."""
    first, last = forming.frames[0], forming.frames[-1]
    stages = _stage(forming, first), _stage(forming, last)
    scene = _scene(forming, look, " and ".join(dict.fromkeys(stages)))
    lines, panel = _lines(forming, look), _Panel(forming, look, part=_PART)
    top, left = MARGIN + header.height(lines), MARGIN
    room = max(panel.width, _LEAST_PANEL)
    for place, (frame, stage) in enumerate(zip((first, last), stages, strict=True)):
        x = left + place * (room + _BETWEEN)
        detail = f"step {count(frame.step)}"
        blocks.heading(scene, x, top, scene.theme.kernel, stage, detail, room=room)
        panel.draw(scene, x, top + HEADING, frame)
    middle = top + HEADING + panel.height / 2
    signs.arrow(scene, left + room + (_BETWEEN - _ARROW) / 2, middle, _ARROW)
    below = top + HEADING + panel.height + WIDE_GAP
    bottom = _legend(scene, MARGIN, below, forming, look)
    scene.width = max(_width(scene, lines), 2 * (room + MARGIN) + _BETWEEN)
    scene.height = bottom + MARGIN
    header.draw(scene, lines)
    return scene


def scenes(forming: Forming, look: Look) -> Iterator[tuple[Scene, float]]:
    """Yield a scene for each moment, all of one layout, and how many seconds it is shown.

    Of more than 120 moments an even sample.
    """
    frames = sample(forming.frames, MOST_FRAMES)
    lines, panel = _lines(forming, look), _Panel(forming, look)
    progress = Progress(frames, forming.steps)
    top = MARGIN + header.height(lines)
    for place, frame in enumerate(frames):
        scene = _scene(forming, look, "as they form")
        scene.width = max(_width(scene, lines), max(panel.width, progress.least) + 2 * MARGIN)
        header.draw(scene, lines)
        panel.draw(scene, MARGIN, top, frame)
        bottom = _legend(scene, MARGIN, top + panel.height + WIDE_GAP, forming, look)
        stage = _stage(forming, frame)
        room = scene.width - 2 * MARGIN
        bottom = progress.draw(scene, MARGIN, bottom + WIDE_GAP, place, stage, room=room)
        scene.height = bottom + MARGIN
        yield scene, LAST if frame is frames[-1] else FIRST if place == 0 else EACH


class _Panel:
    """The kernels of one moment with what stands beside them: the same layout for all moments."""

    def __init__(self, forming: Forming, look: Look, *, part: float = 1) -> None:
        self.forming = forming
        shape = forming.pictures(forming.frames[0].kernel).shape
        if forming.is_deep:
            size = kernel_grid.cells(shape[1:3], _DEEP)
            self.grid = KernelGrid(shape[0], len(forming.channels), size, line=0)
        else:
            self.grid = KernelGrid.of(shape[0], shape[1:3], part=part)
        self.is_shared = look.range == "shared"
        # Px for the numbers of deep filters, above and beside them.
        self.top, self.left, self.right = (18, 32, 48) if forming.is_deep else (0, 0, 0)
        self.width = self.left + self.grid.width + self.right
        self.height = self.top + self.grid.height

    def draw(self, scene: Scene, x: float, y: float, frame: Snapshot) -> None:
        """Draw the kernels of one moment."""
        x, y = x + self.left, y + self.top
        height, width = self.grid.size
        limits = self.forming.limits(frame.kernel).tolist()
        said = [] if self.is_shared else limits
        if self.is_shared:
            limits = [self.forming.largest] * len(limits)
        for i, values in enumerate(self.forming.pictures(frame.kernel)):
            left, top = self.grid.place(i)
            pixels = kernel_grid.pixels(values, limits[i], scene.theme)
            blocks.tile(scene, x + left, y + top, pixels, width, height, f"kernel {i}")
        names = [str(i) for i in self.forming.shown]
        if self.forming.is_deep:
            self._name_rows(scene, x, y, names, said)
        else:
            self.grid.captions(scene, x, y, names, said)

    def _name_rows(
        self, scene: Scene, x: float, y: float, names: Sequence[str], said: Sequence[float]
    ) -> None:
        """Number the rows and columns of deep filters; behind each row stands its limit."""
        (down, along), (height, width) = self.grid.step, self.grid.size
        secondary = scene.theme.secondary
        for row, name in enumerate(names):
            line = y + row * down + height / 2 + 4
            scene.text(x - GAP, line, name, colour=secondary, anchor="end")
            if said:
                limit = said[row * self.grid.columns]
                right = x + self.grid.width + GAP
                scene.text(right, line, f"±{number(limit, 2)}", colour=secondary)
        for column, channel in enumerate(self.forming.channels):
            middle = x + column * along + width / 2
            scene.text(middle, y - 6, str(channel), colour=secondary, anchor="middle")


def _scene(forming: Forming, look: Look, words: str) -> Scene:
    scene = Scene(theme(look.theme), _title(forming, words))
    scene.description = ". ".join(forming.lines())
    return scene


def _title(forming: Forming, words: str) -> str:
    noun = forming.noun if forming.count == 1 else f"{forming.noun}s"
    return (
        f"{forming.layer} of {forming.model} on {forming.data}: "
        f"{forming.count} {noun} of {times(forming.one)}, {words}"
    )


def _lines(forming: Forming, look: Look) -> list[str]:
    scale = f"each {forming.noun} up to its own largest weight"
    if look.range == "shared":
        scale = f"one scale for all, up to ±{number(forming.largest, 3)}"
    return [line for line in (f"{forming.view_words()}; {scale}", forming.page_words()) if line]


def _width(scene: Scene, lines: list[str]) -> float:
    """Return the px of a figure that holds its head."""
    title = min(measure(scene.title, TITLE, "bold"), 760)
    return max(_LEAST_WIDTH, title, *(measure(line, LABEL) for line in lines)) + 2 * MARGIN


def _stage(forming: Forming, frame: Snapshot) -> str:
    if frame.step == 0:
        return forming.begun
    return "trained" if frame.step >= forming.steps else "in training"


def _legend(scene: Scene, x: float, y: float, forming: Forming, look: Look) -> float:
    """Draw the scale of signed kernels (gray is zero in colour ones); return its bottom."""
    if forming.in_colour:
        return y - WIDE_GAP
    if look.range == "shared":
        scale = blocks.kernel_scale(forming.largest, True, scene.theme.name)
        blocks.bar(scene, x, y, _BAR, scale)
        return y + blocks.BAR + 14
    blocks.bar_alone(scene, x, y, _BAR, blocks.kernel_scale(1.0, True, scene.theme.name))
    line, secondary = y + blocks.BAR + 12, scene.theme.secondary
    scene.text(x, line, f"{MINUS}largest", colour=secondary)
    scene.text(x + _BAR / 2, line, "0", colour=secondary, anchor="middle")
    scene.text(x + _BAR, line, "largest", colour=secondary, anchor="end")
    return line + 2
