"""Ctrl-C, SIGTERM and a time limit held back until a run can be left: between two of its steps."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from time import monotonic
from types import FrameType

from cnnviz.errors import Stopped

GRACE = 3.0  # seconds that a run may take to come to a place where nothing is lost


class Stop:
    """Whether a run is to stop.

    Parameters
    ----------
    seconds : float, optional
        After which it is.

    Attributes
    ----------
    number : int or None
        The signal that has come.
    """

    def __init__(self, seconds: float | None = None) -> None:
        self.number: int | None = None
        self._end = None if seconds is None else monotonic() + seconds
        self._asked: float | None = None

    @property
    def is_asked(self) -> bool:
        """Whether a signal has come, or the time is over."""
        if self._asked is None and self._end is not None and monotonic() >= self._end:
            self._asked = monotonic()
        return self._asked is not None

    @property
    def is_urgent(self) -> bool:
        """Whether that was some seconds ago."""
        return self.is_asked and monotonic() - (self._asked or 0.0) >= GRACE

    def ask(self, number: int, frame: FrameType | None = None) -> None:
        """Take a signal; the second one does not wait."""
        if self.number is not None:
            raise Stopped(number)
        self.number, self._asked = number, monotonic()


@contextlib.contextmanager
def held(stop: Stop) -> Iterator[None]:
    """Give `stop` the signals that would end the block wherever it is.

    Where they are ignored (nohup), or in another thread than the main one, nothing changes.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {
        number: signal.getsignal(number)
        for number in (signal.SIGINT, signal.SIGTERM)
        if signal.getsignal(number) not in (signal.SIG_IGN, None)
    }
    for number in before:
        signal.signal(number, stop.ask)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
