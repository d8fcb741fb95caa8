"""The console script: signals first, then the command line."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from types import FrameType

from cnnviz.errors import Stopped


def main() -> int:
    """Run the command line of this process and return its exit code."""
    _hold_standard_descriptors()
    sys.unraisablehook = _unraisable
    try:
        for number in (signal.SIGINT, signal.SIGTERM):
            if signal.getsignal(number) is not signal.SIG_IGN:  # as nohup and shells ask
                signal.signal(number, _stop)
        from cnnviz.cli.run import run

        code = run(sys.argv[1:])
        _ignore()  # all is written: nothing is left to stop
        return code
    except Stopped as stop:
        from cnnviz.cli.streams import say

        say(f"cnnviz: stopped by {signal.Signals(stop.number).name}")
        return 128 + stop.number


def entry() -> None:
    """Run as the console script: leave at once, without taking modules down one by one.

    Everything is written and flushed by then, and the tear-down of NumPy and Pillow would take
    longer than many a command.
    """
    # OpenBLAS's idle threads would spin for a tenth of a second and take the second core from us.
    os.environ.setdefault("OPENBLAS_THREAD_TIMEOUT", "4")
    code = main()
    with contextlib.suppress(AttributeError, OSError):  # it may be closed, or not even there
        sys.stderr.flush()
    os._exit(code)


def _hold_standard_descriptors() -> None:
    """Let no file of ours become descriptor 0, 1 or 2 where the caller closed it.

    What C libraries say on standard error would otherwise go into that file. Python's own streams
    are None by now, and stay so.
    """
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest that is free, which is this one


def _stop(number: int, frame: FrameType | None) -> None:
    _ignore()  # a second Ctrl-C must not disturb the clean-up
    raise Stopped(number)


def _unraisable(lost: sys.UnraisableHookArgs) -> None:
    """Send a signal again whose exception was lost: it came in a destructor or a callback of C."""
    if not isinstance(lost.exc_value, Stopped):
        if not type(lost.exc_value).__module__.startswith("cnnviz."):  # the alarm rings again
            sys.__unraisablehook__(lost)
        return
    import threading

    number, main_thread = lost.exc_value.number, threading.get_ident()
    signal.signal(number, _stop)

    def send() -> None:  # from another thread: here it would be lost once more
        if hasattr(signal, "pthread_kill"):  # which ends a sleep too
            signal.pthread_kill(main_thread, number)
        else:
            signal.raise_signal(number)

    again = threading.Timer(0.01, send)
    again.daemon = True
    again.start()


def _ignore() -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)


if __name__ == "__main__":
    entry()
