"""How far a training run is: its step, epoch, loss and accuracy, and a curve that grows."""

from __future__ import annotations

from collections.abc import Sequence

from cnnviz.render.figures.chart import Frame, thinned
from cnnviz.render.fonts import measure
from cnnviz.render.numbers import count, number, percent
from cnnviz.render.scene import Anchor, Line, Path, Rect, Scene
from cnnviz.render.theme import CAPTION, GAP, LABEL, TITLE, WIDE_GAP
from cnnviz.report.columns import known
from cnnviz.report.forming import Snapshot

HEIGHT = 56  # px of the curve
_SIDE = 32  # px left of it, for numbers
_FIELD_GAP = 24
_TICK_GAP = 32  # px between the numbers of steps


class Progress:
    """The part of an animation that says where in the run each frame is.

    Every number has its place, whatever its digits, and the curve its scale in all frames. The
    frames are equally far apart, so that the curve grows evenly; the steps stand below.
    """

    def __init__(self, frames: Sequence[Snapshot], steps: int) -> None:
        self.frames = frames
        self.fields = _fields(frames, steps)
        self.name, self.values = _curve(frames)
        drawn = [value for value in self.values if value is not None]
        self.top = 1.0 if self.name == "accuracy" else max(drawn, default=1.0) or 1.0

    @property
    def least(self) -> float:
        """Px that the numbers need."""
        return 110 + sum(_width(*field) + _FIELD_GAP for field in self.fields)

    def draw(
        self, scene: Scene, x: float, y: float, place: int, stage: str, *, room: float
    ) -> float:
        """Draw the numbers and the curve up to a frame; return the bottom."""
        scene.text(x, y + 16, stage, size=TITLE, face="bold", colour=scene.theme.kernel)
        left = x + 110 + _FIELD_GAP
        for name, texts in self.fields:
            width = _width(name, texts)
            used = scene.text(left, y + 16, name, size=LABEL, colour=scene.theme.secondary)
            scene.text(
                left + used + GAP, y + 16, texts[place], size=LABEL, face="bold", room=width - used
            )
            left += width + _FIELD_GAP
        top = y + 16 + WIDE_GAP + CAPTION
        frame = Frame(
            x + _SIDE, top, room - _SIDE, HEIGHT, max(1, len(self.frames) - 1), 0, self.top
        )
        self._axes(scene, frame)
        self._grown(scene, frame, place)
        return top + HEIGHT + 20

    def _axes(self, scene: Scene, frame: Frame) -> None:
        secondary, bottom = scene.theme.secondary, frame.y + frame.height
        scene.text(frame.x, frame.y - 6, self.name or "progress", colour=secondary)
        ends = (frame.x, frame.x + frame.width)
        if self.name:
            for value, y in ((self.top, frame.y), (0.0, bottom)):
                scene.text(frame.x - 6, y + 4, number(value, 2), colour=secondary, anchor="end")
            scene.add(Line((ends[0], frame.y), (ends[1], frame.y), scene.theme.rule))
        scene.add(Line((ends[0], bottom), (ends[1], bottom), secondary))
        scene.text(frame.x - 6, bottom + 16, "step", colour=secondary, anchor="end")
        for x, text, anchor in self._ticks(frame):
            scene.add(Line((round(x), bottom), (round(x), bottom + 4), secondary))
            scene.text(x, bottom + 16, text, colour=secondary, anchor=anchor)

    def _ticks(self, frame: Frame) -> list[tuple[float, str, Anchor]]:
        """Return where steps are written, from the last frame back: as many as find room."""
        found: list[tuple[float, str, Anchor]] = []
        free = float("inf")
        for i in reversed(range(len(self.frames))):
            x, text = frame.point(i, 0)[0], count(self.frames[i].step)
            width = measure(text, CAPTION)
            at_end = i > 0 and not found
            right = x if at_end else x + width / 2
            if right <= free - _TICK_GAP:
                found.append((x, text, "end" if at_end else "middle"))
                free = right - width
        return found

    def _grown(self, scene: Scene, frame: Frame, place: int) -> None:
        """Draw the curve up to a frame, and where it is."""
        points = [
            frame.point(i, value)
            for i, value in enumerate(self.values[: place + 1])
            if value is not None
        ]
        x = frame.point(place, 0)[0]
        bottom = frame.y + frame.height
        accent = scene.theme.accent
        scene.add(Rect(frame.x, bottom - 1, x - frame.x, 3, fill=scene.theme.kernel))
        if len(points) > 1:
            scene.add(Path(tuple(thinned(points)), scene.theme.kernel, 2))
        scene.add(Rect(round(x) - 1, frame.y, 2, frame.height, fill=accent))


def _curve(frames: Sequence[Snapshot]) -> tuple[str, list[float | None]]:
    """Return the name and the values of what is drawn: the loss, else the accuracy, else none."""
    for name in ("loss", "accuracy"):
        values = [known(getattr(frame, name)) for frame in frames]
        if any(value is not None for value in values):
            return name, values
    return "", []


def _fields(frames: Sequence[Snapshot], steps: int) -> list[tuple[str, list[str]]]:
    """Return the names of the numbers, and the text of each in every frame."""
    epochs = max(frame.epoch for frame in frames)
    fields = [
        ("step", [f"{count(frame.step)} of {count(steps)}" for frame in frames]),
        ("epoch", [f"{frame.epoch} of {epochs}" for frame in frames]),
    ]
    for name, form in (("loss", "{:.3f}".format), ("accuracy", percent)):
        values = [known(getattr(frame, name)) for frame in frames]
        if any(value is not None for value in values):
            fields.append((name, ["–" if value is None else form(value) for value in values]))
    return fields


def _width(name: str, texts: Sequence[str]) -> float:
    """Return the px of a number with its name, whatever its digits."""
    widest = max(measure(text, LABEL, "bold") for text in texts)
    return measure(name, LABEL) + GAP + widest
