"""Which strategy convolves: chosen by what was measured, from shapes and kernels alone.

A strategy is a module of this package: `prepare` lays kernels out once, `run` convolves some output
rows of some images with what it made. Each says in its own words where it pays.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, Protocol, cast

from cnnviz.ops.checks import Array
from cnnviz.ops.conv.job import Job

PRECISIONS = ("fast", "exact")


class Strategy(Protocol):
    """What a module of a strategy has."""

    def prepare(self, kernels: Array, job: Job) -> Any:
        """Return kernels `(kh, kw, C/groups, filters)` as `run` wants them."""

    def run(self, batch: Array, state: Any, job: Job, out: Array, rows: slice) -> None:
        """Convolve output rows of images `(N, H, W, C)`, finished, into `out[:, rows]`.

        `out` is `(N, H', W', filters)`, perhaps a slice of the channels of a wider array.
        """


def choose(kernels: Array, job: Job, precision: str = "fast") -> str:
    """Return the name of the strategy for kernels `(kh, kw, C/groups, filters)`.

    A matrix product pays from three filters a group on. With a few channels apart, a large kernel
    may be of rank 1, of which `shifted` makes use. `precision` "exact" asks for strategies that
    only multiply and add what the formula does.
    """
    kh, kw, channels, filters = kernels.shape
    if channels == 1 and (job.groups >= 8 or (job.groups > 1 and kh * kw <= 32)):
        return "channelwise"
    if filters // job.groups > 2:
        return "im2col"
    return "shifted"


def strategy(name: str) -> Strategy:
    """Return the module of that name, which is loaded when it is first chosen."""
    return cast(Strategy, import_module(f"cnnviz.ops.conv.{name}"))
