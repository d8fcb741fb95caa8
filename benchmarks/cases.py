"""What a benchmark is: cases of a group, each the same work for several sides."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType
from typing import Any

Call = Callable[[], Any]
Maker = Callable[[], Call]

OURS = "cnnviz"
TORCH, TORCH_LAST = "torch", "torch, channels last"
ONNX, OPENCV, SCIPY = "ONNX Runtime", "OpenCV", "SciPy"
BETTER = "torch, the better layout"  # stands for whichever of its two is faster

# Of every side: more than most machines have would compare how libraries scale, which is
# another question.
THREADS = 2


class Reading(float):
    """What a call measured itself; other calls are timed from outside."""


@dataclass(frozen=True)
class Goal:
    """The ratio to a side that must be reached, and the one that is aimed at."""

    must: float
    aim: float | None = None


@dataclass(frozen=True)
class Case:
    """The same work for several sides.

    Parameters
    ----------
    name : str
    sides : dict of str to callable
        Each prepares a side, ours first, in a process of its own, and returns what is measured: a
        call whose result, if it is an array, must be that of the others.
    goals : dict of str to Goal
        By the name of a side, or `BETTER`.
    unit : str
        `"ms"`, or what is read.
    curve : tuple, optional
        The name of a curve and where on it this case lies.
    """

    name: str
    sides: dict[str, Maker]
    goals: dict[str, Goal] = field(default_factory=dict)
    unit: str = "ms"
    curve: tuple[str, float] | None = None


def group_names() -> list[str]:
    """Return the names of all groups: each is a module of `groups`."""
    import groups

    return [entry.name for entry in iter_modules(groups.__path__)]


def load(group: str) -> ModuleType:
    """Return the module of a group.

    It holds `TITLE`, `cases(quick) -> list[Case]`, and may hold `ROUNDS`, and `ENVIRONMENT` for the
    processes of our side.
    """
    return import_module(f"groups.{group}")
