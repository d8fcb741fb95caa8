"""Pulses: what rises and falls once."""

from __future__ import annotations

import numpy as np

from cnnviz.errors import SpecError
from cnnviz.signals._entry import Array, Entry, length, number, place


def box(length: int) -> Array:
    """Return ones."""
    return np.ones(length)


def average(length: int) -> Array:
    """Return a box of sum 1."""
    return np.full(length, 1 / length)


def triangle(length: int) -> Array:
    """Return a straight rise to 1 in the middle and the same way down, zero just outside."""
    steps = np.minimum(np.arange(length), np.arange(length)[::-1]) + 1.0
    found: Array = steps / steps.max()
    return found


def exponential(length: int, ratio: float) -> Array:
    """Return 1, RATIO, RATIO^2, ..."""
    return ratio ** np.arange(length, dtype=np.float64)


def gaussian(length: int, sigma: float | None) -> Array:
    """Return exp(-x^2/(2 sigma^2)) around the middle, scaled to sum to 1."""
    if sigma is None:
        sigma = max(0.3 * ((length - 1) * 0.5 - 1) + 0.8, 0.05)
    x = np.arange(length) - (length - 1) / 2
    exponents = -(x**2) / (2 * sigma**2)
    bell: Array = np.exp(exponents - exponents.max())
    bell /= bell.sum()
    return bell


def impulse(length: int, at: int | None) -> Array:
    """Return a 1 at one place, and zeros."""
    found = np.zeros(length)
    found[_inside(at or 0, length)] = 1
    return found


def step(length: int, at: int | None) -> Array:
    """Return zeros and, from one place on, ones."""
    at = length // 2 if at is None else _inside(at, length)
    return (np.arange(length) >= at).astype(np.float64)


def _inside(at: int, length: int) -> int:
    if at >= length:
        raise SpecError(f"at {at} is behind the last of {length} values, {length - 1}")
    return at


SIGNALS = (
    Entry("box", box, "a rectangle of height 1", "1 everywhere", (length(5),)),
    Entry(
        "average",
        average,
        "the moving average: a box that sums to 1",
        "1/LENGTH everywhere",
        (length(9),),
    ),
    Entry(
        "triangle",
        triangle,
        "a triangle of height 1",
        "min(n + 1, LENGTH - n) over its maximum",
        (length(7),),
    ),
    Entry(
        "exponential",
        exponential,
        "decay, as of a charge or an echo",
        "RATIO^n",
        (length(8), number("ratio", 0.5, -2, 2)),
    ),
    Entry(
        "gaussian",
        gaussian,
        "a bell that sums to 1: smooths noise away",
        "exp(-x^2/(2 SIGMA^2)), sum 1; SIGMA is 0.3((LENGTH - 1)/2 - 1) + 0.8, as of the kernel",
        (length(9), number("sigma", None, 0.05, 100_000)),
    ),
    Entry(
        "impulse",
        impulse,
        "a single 1: convolved, it moves the other signal to its place",
        "1 at AT (from 0), else 0",
        (length(8), place()),
    ),
    Entry("step", step, "an edge from 0 to 1", "1 from AT on (the middle)", (length(32), place())),
)
