"""Threads over parts of an op's work, each calling NumPy and a BLAS that has one thread.

A BLAS with threads of its own is held to one meanwhile: its idle workers spin for a tenth of a
second, on the cores that our threads are to work on. A part is large, so that handing over the
interpreter's lock costs little, and no part depends on the number of threads: neither do results.
"""

from __future__ import annotations

import contextlib
import os
import sys
from _thread import _local, allocate_lock, get_native_id, start_new_thread
from collections import deque
from collections.abc import Callable, Sequence
from contextvars import copy_context
from functools import cache
from importlib import import_module
from typing import Any, TypeVar

T = TypeVar("T")
P = TypeVar("P")

# Images in a part, whatever the number of threads: sums over parts must not depend on the machine.
PART = 16
# Multiply-adds from which it pays to wake a thread.
WORK = 2**25
# Seconds after which a thread that waits for the interpreter is given it. A core takes 50 us to
# wake up, and by then another has often taken it again: some waited for ten calls.
TURN = 1e-4
_BLAS = "OPENBLAS_NUM_THREADS"
_SETTERS = ("scipy_openblas_set_num_threads64_", "openblas_set_num_threads64_")


def take_cores() -> None:
    """Keep the BLAS at one thread for good, and memory for the next step: for work on batches.

    Only before NumPy is loaded can its BLAS be told.
    """
    if "numpy" not in sys.modules:
        os.environ.setdefault(_BLAS, "1")
    keep_memory(2**30)


def keep_memory(most: int) -> None:
    """Keep the memory of an array that is let go, up to `most` bytes, for the next one.

    For a process of ours. The C library of Linux gives what is large back to the system, and to get
    it anew takes as long as to fill it.
    """
    with contextlib.suppress(AttributeError, OSError, TypeError):
        import ctypes

        # M_TRIM_THRESHOLD, M_MMAP_THRESHOLD (older ones take no more than 2**25), M_ARENA_MAX:
        for option, value in ((-1, most), (-3, min(most, 2**25)), (-3, most), (-8, 1)):
            ctypes.CDLL(None).mallopt(option, value)


@cache
def threads() -> int:
    """Return how many threads share work: `CNNVIZ_THREADS`, or as many as this process has cores.

    One where the BLAS cannot be held to one thread and has not been told to have one.
    """
    if _blas() is None and os.environ.get(_BLAS) != "1":
        return 1
    asked = os.environ.get("CNNVIZ_THREADS", "")
    if asked.isdecimal() and int(asked) > 0:
        return int(asked)
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class one_blas_thread:
    """Hold the BLAS of NumPy to one thread in the block; blocks may nest and overlap."""

    _lock = allocate_lock()
    _blocks = 0
    _before = 0

    def __enter__(self) -> None:
        blas, own = _blas(), one_blas_thread
        if blas is not None:
            with own._lock:
                if own._blocks == 0:
                    own._before = blas.get()
                    blas.set(1)
                own._blocks += 1

    def __exit__(self, *raised: object) -> None:
        blas, own = _blas(), one_blas_thread
        if blas is not None:
            with own._lock:
                own._blocks -= 1
                if own._blocks == 0:
                    blas.set(own._before)


class on_one_core:
    """Keep this thread on the core that it is on in the block: for work that is shared many times.

    Linux at times wakes a thread on the core of the one that wakes it, where it waits until that
    one waits: the first runs of a network after a pause took up to a fifth longer. Blocks may nest.
    """

    _own = _local()

    def __enter__(self) -> None:
        self._cores: set[int] = set()
        core = _core()() if threads() > 1 else -1
        with contextlib.suppress(AttributeError, OSError):
            cores = os.sched_getaffinity(0)
            if core in cores and len(cores) > 1:
                _crew_of_all()  # which is not to be born on this core
                os.sched_setaffinity(0, {core})
                self._cores = on_one_core._own.cores = cores

    def __exit__(self, *raised: object) -> None:
        if self._cores:
            os.sched_setaffinity(0, self._cores)
            del on_one_core._own.cores

    @classmethod
    def cores(cls) -> set[int]:
        """Return the cores that this thread may be on outside of the block."""
        return getattr(cls._own, "cores", None) or os.sched_getaffinity(0)


def spread(work: Callable[[slice], T], count: int, macs: float) -> list[T]:
    """Return what `work` makes of parts of `count` images, in their order.

    `macs` are the multiply-adds of them all; of a few there is one part.

    >>> spread(lambda images: (images.start, images.stop), 36, 1e9)
    [(0, 12), (12, 24), (24, 36)]
    """
    size = count if macs < WORK else -(-count // -(-count // PART))
    return share(work, [slice(at, min(at + size, count)) for at in range(0, count, size)])


def share(work: Callable[[P], T], parts: Sequence[P]) -> list[T]:
    """Return what `work` makes of each part, this thread and the helpers each taking the next.

    Whoever asks while the helpers are at work (a part of a part, another thread) works alone.

    >>> share(lambda rows: len(rows), ["first", "second"])
    [5, 6]
    """
    if len(parts) < 2 or threads() < 2:
        return [work(part) for part in parts]
    made = dict[int, T]()

    def keep(numbered: tuple[int, P]) -> None:
        index, part = numbered
        made[index] = work(part)

    with one_blas_thread():
        together(keep, [*enumerate(parts)])
    return [made[index] for index in range(len(parts))]


def together(work: Callable[[P], object], parts: Sequence[P]) -> None:
    """Do `work` with each part, this thread and the helpers each taking the next.

    Where it multiplies matrices, whoever asks holds the BLAS (`one_blas_thread`).
    """
    crew = _crew() if len(parts) > 1 and threads() > 1 else None
    if crew is None:
        for part in parts:
            work(part)
        return
    waiting = deque(parts)

    def run() -> None:
        while True:
            try:
                part = waiting.popleft()
            except IndexError:  # another thread has taken the last one
                return
            work(part)

    try:
        crew.run(run, len(parts) - 1)
    except BaseException:
        waiting.clear()
        raise


class _Helper:
    """A thread that waits for something to run."""

    def __init__(self) -> None:
        self._asked, self._done = allocate_lock(), allocate_lock()
        self._asked.acquire()
        self._done.acquire()
        self._task: Callable[[], None] | None = None
        self._raised: BaseException | None = None
        self._number, self._aside = 0, -1
        start_new_thread(self._live, ())

    def ask(self, task: Callable[[], None]) -> None:
        """Run `task` beside this thread."""
        self._task = task
        self._step_aside(_core()())
        self._asked.release()

    def wait(self) -> None:
        """Wait for its end, and raise what it raised."""
        self._done.acquire()
        raised, self._raised = self._raised, None
        if raised is not None:
            raise raised

    def leave(self) -> None:
        """End the thread, once it is done."""
        self._task = None
        with contextlib.suppress(RuntimeError):  # it has not begun yet
            self._asked.release()

    def _step_aside(self, core: int) -> None:
        """Keep to the cores that the thread which asks is not on.

        Linux at times wakes a thread on the core of the one that wakes it, where it waits until
        that one waits: pooling took half as long again.
        """
        if core != self._aside and self._number:
            with contextlib.suppress(OSError):
                os.sched_setaffinity(self._number, on_one_core.cores() - {core})
            self._aside = core

    def _live(self) -> None:
        self._number = get_native_id()
        while True:
            self._asked.acquire()
            task, self._task = self._task, None
            if task is None:
                return
            try:
                task()
            except BaseException as error:  # raised again by whoever waits
                self._raised = error
            del task  # and the arrays that it holds
            self._done.release()


class _Crew:
    """The helpers of a process, and whether they are at work."""

    def __init__(self, count: int) -> None:
        self.free = allocate_lock()
        self._helpers = [_Helper() for _ in range(count)]
        self._interval = 0.0

    def run(self, task: Callable[[], None], most: int) -> None:
        """Run `task` in this thread and in up to `most` helpers; `free` is held, and let go."""
        asked = self._helpers[:most]
        try:
            try:
                self._take_turns()
                for helper in asked:
                    helper.ask(_with_settings(task))
                task()
                for helper in asked:
                    helper.wait()
            finally:
                self.end_turns()
        except BaseException:
            # A helper may still be at work: it keeps what it needs, and others take its place.
            _dismiss(self)
            raise
        finally:
            self.free.release()

    def _take_turns(self) -> None:
        self._interval = sys.getswitchinterval()
        sys.setswitchinterval(min(TURN, self._interval))

    def end_turns(self) -> None:
        """Set the switch interval that there was before again."""
        if self._interval:
            # Python cuts it to whole microseconds, and returns a little less.
            sys.setswitchinterval(self._interval + 5e-7)
            self._interval = 0.0

    def leave(self) -> None:
        """End all helpers, each once it is done."""
        for helper in self._helpers:
            helper.leave()


_crews: list[_Crew] = []


def _crew() -> _Crew | None:
    """Return the helpers, to be let go, or None if they are at work."""
    crew = _crew_of_all()
    return crew if crew.free.acquire(blocking=False) else None


def _crew_of_all() -> _Crew:
    if not _crews:
        _crews.append(_Crew(threads() - 1))
    return _crews[0]


def _dismiss(crew: _Crew) -> None:
    with contextlib.suppress(ValueError):
        _crews.remove(crew)
    crew.leave()


def _forget() -> None:
    """Do without the threads, of which a child has none."""
    for crew in _crews:
        crew.end_turns()
    _crews.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)


def _with_settings(task: Callable[[], None]) -> Callable[[], None]:
    """Return `task` with this thread's byte budget, and how NumPy treats what overflows."""
    import numpy as np

    context = copy_context()
    if np.__version__ >= "2":
        return lambda: context.run(task)
    settings = np.geterr()  # of NumPy 1 they are not in the context

    def run() -> None:
        with np.errstate(**settings):
            task()

    return lambda: context.run(run)


@cache
def _core() -> Callable[[], int]:
    """Return what tells the number of the core that a thread is on, -1 where that is not known."""
    if hasattr(os, "sched_setaffinity"):
        with contextlib.suppress(ImportError, OSError, AttributeError):
            import ctypes

            number: Callable[[], int] = ctypes.PyDLL(None).sched_getcpu
            return number
    return lambda: -1


class _Blas:
    """How many threads the BLAS of NumPy has."""

    def __init__(self, library: Any, name: str) -> None:
        self.set = getattr(library, name)
        self.get = getattr(library, name.replace("set", "get"))


@cache
def _blas() -> _Blas | None:
    """Return the OpenBLAS that NumPy was linked with; None for another, which is left alone."""
    with contextlib.suppress(ImportError, OSError, AttributeError):
        import ctypes

        import numpy as np

        home = "_core" if np.__version__ >= "2" else "core"
        module = import_module(f"numpy.{home}._multiarray_umath")
        library = ctypes.PyDLL(module.__file__)  # finds what it was linked with too
        for name in _SETTERS:
            if hasattr(library, name):
                return _Blas(library, name)
    return None
