"""Waves: what comes again, and what comes again faster and faster."""

from __future__ import annotations

import numpy as np

from cnnviz.signals._entry import Array, Entry, length, number


def sine(length: int, periods: float, phase: float) -> Array:
    """Return sin(2 pi PERIODS n/LENGTH + PHASE), PHASE in degrees."""
    turns = periods * np.arange(length) / length + phase / 360
    return np.sin(2 * np.pi * turns)


def square(length: int, periods: float) -> Array:
    """Return 1 in the first half of each period and -1 in the second."""
    turns = periods * np.arange(length) / length
    return np.where(turns % 1 < 0.5, 1.0, -1.0)


def chirp(length: int, begin: float, end: float) -> Array:
    """Return a sine whose frequency goes evenly from `begin` to `end` cycles per sample."""
    n = np.arange(length)
    return np.sin(2 * np.pi * (begin * n + (end - begin) * n**2 / (2 * length)))


_PERIODS = number("periods", 3, 0, 50_000)
SIGNALS = (
    Entry(
        "sine",
        sine,
        "a sine wave; PERIODS of it in the whole length",
        "sin(2 pi PERIODS n/LENGTH + PHASE), PHASE in degrees",
        (length(128), _PERIODS, number("phase", 0, -360, 360)),
    ),
    Entry(
        "square",
        square,
        "a square wave between 1 and -1",
        "1 in the first half of each period, -1 in the second",
        (length(128), _PERIODS),
    ),
    Entry(
        "chirp",
        chirp,
        "a sine that gets faster: all frequencies from BEGIN to END, in cycles per sample",
        "sin(2 pi (BEGIN n + (END - BEGIN) n^2/(2 LENGTH)))",
        (length(256), number("begin", 0, 0, 0.5), number("end", 0.25, 0, 0.5)),
    ),
)
