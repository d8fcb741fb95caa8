"""Histories of training runs, made up: what the pictures of training are tried on."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

NAMES = ("step", "epoch", "part", "loss", "accuracy", "lr", "examples_per_second")
PARTS = ("train", "validation")
Columns = dict[str, list[Any]]


def columns(*moments: tuple[Any, ...]) -> Columns:
    made = {name: [moment[i] for moment in moments] for i, name in enumerate(NAMES)}
    return made | {"examples": [64] * len(moments)}


def run(
    epochs: int = 10,
    each: int = 20,
    *,
    steps: int = 100,
    last: float = 0.3,
    first: float = 2.3,
    gap: float = 0.15,
    noise: float = 0.08,
    validation: bool = True,
    seed: int = 0,
) -> Columns:
    """Return a history of falling losses: `each` moments of training an epoch, one validation."""
    rng, moments = np.random.default_rng(seed), []
    for i in range(1, epochs * each + 1):
        step, epoch, t = i * steps // each, (i - 1) // each + 1, i / (epochs * each)
        loss = first * (last / first) ** t
        noisy = loss * math.exp(noise * rng.normal())
        lr = 0.1 * (1 + math.cos(math.pi * t)) / 2
        right = math.exp(-noisy)
        moments.append((step, epoch, "train", noisy, right, lr, 1000 + 50 * rng.normal()))
        if validation and i % each == 0:
            held = loss * (1 + gap * t) + gap * t * t
            moments.append((step, epoch, "validation", held, math.exp(-held), None, None))
    return columns(*moments)


def spoilt(made: Columns, places: range, value: float | None = None) -> Columns:
    """Return a history whose losses and accuracies at some places are not known."""
    for name in ("loss", "accuracy"):
        for i in places:
            made[name][i] = value
    return made


RUNS: dict[str, Columns] = {
    "usual": run(),
    "one epoch": run(1, 30),
    "one moment": columns((10, 1, "train", 2.0, 0.25, 0.1, 900.0)),
    "two moments": columns(
        (10, 1, "train", 2.0, 0.25, 0.1, 900.0), (10, 1, "validation", 1.9, 0.3, None, None)
    ),
    "200 epochs": run(200, 5, steps=390, last=0.01),
    "a hundredfold": run(30, 10, last=0.004, first=20, gap=0.6),
    "no validation": run(5, validation=False),
    "only validation": columns(*((i, i, PARTS[1], 1 / i, 1 - 1 / i, None, None) for i in (1, 2))),
    "missing": spoilt(spoilt(run(), range(70, 76)), range(100, 102), math.nan),
    "missing at the end": spoilt(run(), range(170, 210)),
    "nothing": spoilt(run(3), range(63)),
    "no accuracy": run() | {"accuracy": [None] * 210},
    "equal": columns(*((i, i, p, 0.5, 1.0, 0.1, None) for i in (1, 2, 3) for p in PARTS)),
    "zero": columns(*((i, i, "train", 0.0, 0.0, 0.0, None) for i in (1, 2, 3))),
    "huge": columns(*((i, 1, "train", 10.0 ** (3 * i), 0.1, 1e-9, 1e9) for i in range(1, 12))),
    "near one": run(6, 20, last=0.004, first=0.09, gap=0.3),
    "unfinished": {name: values[:50] for name, values in run().items()},
    "many moments": run(4, 2000, steps=2000),
}  # fmt: skip
