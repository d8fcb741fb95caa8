"""How far a training run is: one line that lives on a terminal, and lines that stay.

Off a terminal there is a line an epoch, and between two of them one each ten seconds at most.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Generator
from time import monotonic
from typing import TYPE_CHECKING, TypeVar

from cnnviz.cli import streams
from cnnviz.render.terminal import has_colour, is_terminal, width
from cnnviz.report.shares import tenths
from cnnviz.training.history import History, Moment, mean
from cnnviz.training.loop import Tick

if TYPE_CHECKING:
    from rich.text import Text

    from cnnviz.training.loop import Run

T = TypeVar("T")
LINE_SECONDS = 10.0  # from a line to the next where nothing lives
LIVE_SECONDS = 0.1
LEAST_BAR, MOST_BAR = 8, 40


class Watch:
    """What is said of one run while it goes.

    Parameters
    ----------
    run : Run
    quiet, no_color : bool
    title : str
        What stands before it all, in a series.
    """

    def __init__(self, run: Run, *, quiet: bool, no_color: bool, title: str = "") -> None:
        self._run, self._quiet, self._title = run, quiet, title
        self._is_live = is_terminal(sys.stderr) and os.environ.get("TERM", "") != "dumb"
        self._coloured = has_colour(sys.stderr, no_color=no_color)
        self._begun, self._first = monotonic(), run.step
        self._said = self._shown = self._begun
        self._speed: float | None = None
        self._parts: list[Moment] = []  # of the epoch that is under way

    def see(self, event: Tick | Moment) -> None:
        """Take what happens in a run."""
        if self._quiet:
            return
        if isinstance(event, Tick):
            self._tick(event)
            return
        if event.part == "validation":
            self._epoch(event)
            return
        self._parts.append(event)
        self._speed = event.examples_per_second or self._speed
        is_last = event.step % self._run.steps_an_epoch == 0
        if is_last and not len(self._run.data.validation):
            self._epoch(None)

    def through(self, ticks: Generator[Tick, None, T]) -> T:
        """Return what an evaluation does, and show how far it is."""
        while True:
            try:
                self.see(next(ticks))
            except StopIteration as done:
                streams.progress("")
                result: T = done.value
                return result

    def _tick(self, tick: Tick) -> None:
        now = monotonic()
        if self._is_live:
            if now - self._shown >= LIVE_SECONDS or tick.done == tick.total:
                self._shown = now
                streams.live(self._line(tick))
        elif now - self._said >= LINE_SECONDS:
            self._said = now
            streams.say(self._title + "  ".join(self._words(tick)))

    def _epoch(self, validation: Moment | None) -> None:
        """Say how an epoch went."""
        run = self._run
        words = [self._place(run.step)]
        loss, right = (mean(self._parts, name) for name in ("loss", "accuracy"))
        if loss is not None and right is not None:
            words += [f"loss {shown(loss)}", f"accuracy {tenths(right)}"]
        if validation is not None and validation.accuracy is not None:
            best = " (best)" if run.is_best(validation) else ""
            words.append(f"validation {tenths(validation.accuracy)}{best}")
        took = History(self._parts).seconds
        seen = sum(one.examples or 0 for one in self._parts)
        words += self._pace(run.step, seen / took if took else None)
        self._parts, self._said = [], monotonic()
        streams.say(self._title + "  ".join(words))

    def _words(self, tick: Tick) -> list[str]:
        """Return what is known at a step of training, or in an evaluation."""
        if tick.part != "train":
            return [f"{tick.part} {tick.done:,} of {tick.total:,}"]
        words = [self._place(tick.done), f"step {tick.done:,} of {tick.total:,}"]
        if tick.loss is not None and tick.accuracy is not None:
            words += [f"loss {shown(tick.loss)}", f"accuracy {tenths(tick.accuracy)}"]
        if self._run.best_accuracy is not None:
            words.append(f"best {tenths(self._run.best_accuracy)}")
        return words + self._pace(tick.done, self._speed)

    def _place(self, step: int) -> str:
        run = self._run
        epoch = min(-(-step // run.steps_an_epoch), run.recipe.epochs)
        total = str(run.recipe.epochs)
        return f"epoch {epoch:>{len(total)}}/{total}"

    def _pace(self, step: int, speed: float | None) -> list[str]:
        """Return pictures a second, and the time that is left at the pace so far."""
        words = [] if speed is None else [f"{speed:,.0f}/s"]
        done = step - self._first
        if done and step < self._run.steps:
            left = (monotonic() - self._begun) / done * (self._run.steps - step)
            words.append(f"{clock(left)} left")
        return words

    def _line(self, tick: Tick) -> str:
        """Return the line that lives: a bar among as many words as there is room for."""
        from rich.text import Text

        from cnnviz.render.tables import written

        room = width(sys.stderr) - 1
        words = self._words(tick)
        if tick.part == "train":
            del words[1]  # the bar says it
        words[0] = self._title + words[0]
        while len(words) > 1 and len("  ".join(words)) + LEAST_BAR + 2 > room:
            words.pop(-2 if len(words) > 2 else -1)  # the time that is left stays longest
        bar = min(MOST_BAR, room - len("  ".join(words)) - 2)
        line = Text(words[0][:room])
        if bar >= LEAST_BAR:
            line.append("  ").append_text(_bar(tick.done / max(tick.total, 1), bar))
        for word in words[1:]:
            line.append(f"  {word}", "dim")
        return written([line], room, self._coloured).rstrip("\n")


def shown(loss: float) -> str:
    """Return a loss, which has no bound, in a few characters.

    >>> shown(0.0322), shown(1.1728789e24)
    ('0.0322', '1.173e+24')
    """
    return f"{loss:.4f}" if loss < 10_000 else f"{loss:.4g}"


def clock(seconds: float) -> str:
    """Return a time as people read it.

    >>> clock(42.4), clock(187), clock(7380)
    ('0:42', '3:07', '2:03:00')
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _bar(share: float, columns: int) -> Text:
    from rich.text import Text

    full = min(int(share * columns), columns)
    return Text("━" * full, "cyan").append("─" * (columns - full), "dim")
