"""Which strategy convolves: chosen by what was measured, from shapes and kernels alone.

A strategy is a module of this package: `prepare` lays kernels out once, `run` convolves some output
rows of some images with what it made. Each says in its own words where it pays.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, Protocol, cast

import numpy as np

from cnnviz.ops.checks import Array
from cnnviz.ops.conv.factors import factor
from cnnviz.ops.conv.job import SMALL, Job

PRECISIONS = ("fast", "exact")
# Filters of a sequence up to which a run of cells is multiplied by zeros rather than laid out as
# windows, and channels.
SEQUENCE, SHALLOW = 4, 16


class Strategy(Protocol):
    """What a module of a strategy has.

    And, where it is so, `CONVERTS`: that `batch` may hold integers; `SPREADS`: that a value that is
    not finite comes to all of at least so many rows of outputs, counted from the first;
    `WRITTEN`: that `run` takes another argument, by which its calls are written down (see
    `ops.written`), when values may be spread; and `parts`, how it divides an output.
    """

    def prepare(self, kernels: Array, job: Job) -> Any:
        """Return kernels `(kh, kw, C/groups, filters)` as `run` wants them."""

    def run(self, batch: Array, state: Any, job: Job, out: Array, rows: slice) -> None:
        """Convolve output rows of images `(N, H, W, C)`, finished, into `out[:, rows]`.

        `out` is `(N, H', W', filters)`, perhaps a slice of the channels of a wider array.
        """


def choose(kernels: Array, job: Job, precision: str = "fast", images: int | None = None) -> str:
    """Return the name of the strategy for kernels `(kh, kw, C/groups, filters)`.

    They are for many runs, or for one of so many `images`.

    `precision` "exact" asks for strategies that only multiply and add what the formula does.
    """
    kh, kw, channels, filters = kernels.shape
    if channels == 1 and (job.groups >= 8 or (job.groups > 1 and kh * kw <= 32)):
        return "channelwise"
    if precision == "fast" and winograd_pays(kernels, job, images):
        return "winograd"
    if _is_sequence(job) and filters <= SEQUENCE and channels <= SHALLOW:
        return "sequence"
    padded = any(axis.before or axis.after for axis in (job.rows, job.columns))
    if kh * kw == job.groups == 1 and (channels > 1 or filters > 2) and not padded:
        return "pointwise"
    if filters // job.groups > _few(kernels, job):
        return "im2col"
    if min(kh, kw) > 2 and channels == 1 and _of_rank_one(kernels, job):
        return "separable"
    return "fourier" if precision == "fast" and _transforms_pay(kernels, job) else "toeplitz"


def _is_sequence(job: Job) -> bool:
    """Return whether images are one cell wide, and windows are runs of cells."""
    across = job.columns
    alone = across.output == across.kernel_size == len(job.padded.columns) == 1
    return alone and job.groups == job.rows.dilation == 1


def _few(kernels: Array, job: Job) -> float:
    """Return up to how many filters a group are made one by one, each without laying out windows.

    The larger these are, the more; measured with 1 to 64 channels and kernels of 3 to 11 rows.
    """
    outputs = job.rows.output * job.columns.output
    height, _, channels, _ = kernels.shape
    if outputs < 2**13 or height == 1 or max(job.groups, job.rows.stride, job.columns.stride) > 1:
        return 2
    least, share = (2, 0.4) if outputs <= 2**18 else (3, 0.7)
    most: float = min(5, max(least, share * height * channels))
    return most


def _of_rank_one(kernels: Array, job: Job) -> bool:
    """Return whether all kernels are, and images large enough to ask."""
    if job.rows.output * job.columns.output < SMALL:
        return False
    return all(factor(kernel) is not None for kernel in np.moveaxis(kernels[:, :, 0], 2, 0))


def _transforms_pay(kernels: Array, job: Job) -> bool:
    """Return whether the frequencies of bands save more work than making their matrices takes.

    What the factors stand for, in multiply-adds a value, was measured on kernels of 7 to 31 cells.
    """
    if job.rows.stride > 1 or job.columns.stride > 1:
        return False
    down, across = job.rows.extent, job.columns.extent
    saved = kernels.shape[1] * (down + 11) - 12 * down - 10 * across
    matrices = down * (across + 32) * kernels.shape[2] * kernels.shape[3]
    outputs = job.rows.output * job.columns.output
    return bool(saved * outputs > 2**24 and matrices < 2**15)


def winograd_pays(kernels: Array, job: Job, images: int | None) -> bool:
    """Return whether fewer products of many channels and filters are worth the transforms.

    For one run the transform of large kernels, which fills new memory, costs more than it saves.
    """
    *size, channels, filters = kernels.shape
    axes, own = (job.rows, job.columns), filters // job.groups
    if job.groups > 1 and job.finish.whole:  # each part has the filters of one
        return False
    if size not in ([3, 3], [5, 5]) or min(channels, own) < 32 or kernels.dtype != np.float32:
        return False
    if any(axis.stride > 1 or axis.dilation > 1 for axis in axes):
        return False
    if job.columns.output * (channels + filters) > 2**20:  # a row of tiles is too large
        return False
    if min(axis.output for axis in axes) <= 4:
        return False
    if images is None:
        return True
    outputs = images * job.rows.output * job.columns.output
    return outputs > 2**13 or (outputs > 1600 and channels * filters <= 2**16)


def strategy(name: str) -> Strategy:
    """Return the module of that name, which is loaded when it is first chosen."""
    return cast(Strategy, import_module(f"cnnviz.ops.conv.{name}"))
