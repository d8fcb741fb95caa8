"""Bounded time: `--timeout` ends the work on an image wherever it is, and the next one goes on."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from contextvars import ContextVar
from types import FrameType

from cnnviz.errors import RefusedError, behind

AGAIN = 1.0  # seconds until the alarm is repeated, if what it interrupted has swallowed it
_limit: ContextVar[float | None] = ContextVar("cnnviz time limit", default=None)


class TimedOut(BaseException):
    """The time for an image is over; passes through every `except Exception` of a decoder."""


@contextlib.contextmanager
def time_limit(seconds: float | None) -> Iterator[None]:
    """Give each image of the block so many seconds; None is no limit."""
    before = _limit.set(seconds)
    try:
        yield
    finally:
        _limit.reset(before)


def seconds_allowed() -> float | None:
    """Return how many seconds a block gets, for work that can be stopped in better places."""
    return _limit.get()


@contextlib.contextmanager
def timed(path: str, *, hint: str = "use a longer --timeout, or --resize") -> Iterator[None]:
    """Hold the block, the work on one image, to the time limit.

    An operation that is under way in C is let finish first, since its memory is in use; the pixel
    limit bounds it.

    Raises
    ------
    RefusedError
        If the time was over before the block was.
    """
    seconds = _limit.get()
    if seconds is None:
        yield
        return
    try:
        with _alarm(seconds):
            yield
    except (TimedOut, Exception) as error:
        if not behind(error, TimedOut):
            raise
        raise RefusedError(
            f"{path}: not done within {seconds:g} s",
            path=path,
            hint=hint,
        ) from None


def _alarm(seconds: float) -> contextlib.AbstractContextManager[None]:
    """Return a block in which `TimedOut` is raised after `seconds`, unless it is over by then."""
    in_main = threading.current_thread() is threading.main_thread()
    return (_by_signal if hasattr(signal, "setitimer") and in_main else _by_thread)(seconds)


@contextlib.contextmanager
def _by_signal(seconds: float) -> Iterator[None]:
    """Ask the system for an alarm, which also ends a wait for input."""
    armed = True

    def ring(number: int, frame: FrameType | None) -> None:
        if armed and not _is_critical(frame):
            raise TimedOut

    before = signal.signal(signal.SIGALRM, ring)
    try:  # twice: the alarm may ring in the inner `finally`, but not in both
        try:
            signal.setitimer(signal.ITIMER_REAL, seconds, AGAIN)
            yield
        finally:
            armed = False
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _is_critical(frame: FrameType | None) -> bool:
    """Tell whether a change to the whole process is half made or undone; the next alarm may ring.

    (Standard error silenced for libtiff would otherwise stay so for the images that follow.)
    """
    while frame is not None:
        if frame.f_globals.get("__name__") == "cnnviz.images.quiet":
            return True
        frame = frame.f_back
    return False


@contextlib.contextmanager
def _by_thread(seconds: float) -> Iterator[None]:
    """Where there are no alarms (Windows, other threads): the next line of Python raises.

    A wait for input is not ended.
    """
    import ctypes

    worker, lock = ctypes.c_ulong(threading.get_ident()), threading.Lock()
    over = rung = False

    def ring() -> None:
        nonlocal rung
        with lock:
            if not over:
                rung = True
                ctypes.pythonapi.PyThreadState_SetAsyncExc(worker, ctypes.py_object(TimedOut))

    timer = threading.Timer(seconds, ring)
    timer.daemon = True
    try:
        timer.start()
        yield
    except TimedOut:
        rung = False  # it has arrived
        raise
    finally:
        timer.cancel()
        with lock:
            over = True
        # What rang meanwhile comes in one of the next lines, unless something has swallowed it. To
        # take it back is no way: CPython would look for it forever, and hang under a tracer.
        for _ in range(1000):
            if not rung:
                break
