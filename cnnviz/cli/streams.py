"""Standard output and error: UTF-8 everywhere, flushed, and quiet once nobody listens."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable
from typing import Any

from cnnviz.errors import OutputError
from cnnviz.render.terminal import escape, has_colour, is_terminal, width

_progress = ""


def use_utf8() -> None:
    """Make both streams write the same bytes in every locale."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def say(text: str) -> None:
    """Write one message to stderr, if it is still there."""
    note(escape(text))


def note(text: str) -> None:
    """Write text that is already safe to stderr, if it is still there."""
    progress("")
    with contextlib.suppress(OSError, ValueError, AttributeError):
        sys.stderr.write(text + "\n")
        sys.stderr.flush()


def progress(text: str) -> None:
    """Show how far a run is, on a terminal only, until the next output takes its place."""
    live(escape(text))


def live(text: str) -> None:
    """Show a line as `progress` does that is already safe, and may be coloured."""
    global _progress
    if (text or _progress) and is_terminal(sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.write(f"\r\x1b[K{text}")
            sys.stderr.flush()
        _progress = text


def emit(text: str) -> None:
    """Write a result to stdout, as it is, and flush it.

    Raises
    ------
    OutputError
        If stdout is closed or full.
    """
    _write(sys.stdout, text + "\n")


def emit_table(text: Callable[[int, bool], str], *, no_color: bool) -> None:
    """Write to stdout what `text` returns for its width and whether to colour."""
    coloured = has_colour(sys.stdout, no_color=no_color)
    emit(text(width(sys.stdout), coloured).rstrip("\n"))


def emit_bytes(data: bytes) -> None:
    """Write raw data to stdout and flush it."""
    flush()
    _write(getattr(sys.stdout, "buffer", None), data)


def emit_json(value: Any) -> None:
    """Write one JSON object to stdout, in ASCII."""
    import json

    emit(json.dumps(value, indent=2, allow_nan=False))


def flush() -> None:
    """Flush stdout, so that a closed pipe or a full disk shows before the exit code is chosen."""
    if sys.stdout is not None:
        _write(sys.stdout, "")


def silence() -> None:
    """Send what is still buffered nowhere, so that the interpreter's last flush says nothing."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError, AttributeError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, stream.fileno())
            os.close(nowhere)


def _write(stream: Any, data: str | bytes) -> None:
    if stream is None:
        raise OutputError("standard output is closed")
    progress("")
    try:
        stream.write(data)
        stream.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise OutputError(f"cannot write standard output: {reason}") from error
