"""A convolution whose kernels fit its input: the last checks, and the choice of a strategy.

A strategy is a module of this package with `run(batch, kernels, job, out)`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import numpy as np
from numpy.typing import ArrayLike

from cnnviz.files import check_bytes
from cnnviz.geometry import Axis
from cnnviz.ops.checks import Array, check_finite, result_type
from cnnviz.ops.conv.checks import offsets
from cnnviz.ops.conv.job import Job
from cnnviz.ops.padding import Border, Padded
from cnnviz.ops.threads import spread

MOST_WINDOWS = 2**16  # in a band of any strategy, unless one row has more

Strategy = Callable[[Array, Array, Job, Array], None]


def convolve(
    batch: Array,
    weights: Array,
    axes: tuple[Axis, Axis],
    *,
    groups: int = 1,
    bias: ArrayLike | None = None,
    border: Border = "zero",
    flip: bool = False,
    summed: bool = False,
) -> Array:
    """Convolve `batch`, `(N, H, W, C)`, with `weights` `(kh, kw, C/groups, filters)`.

    `axes` are the window laid on rows and columns; `summed` says that the kernel has one channel
    and slides over every channel of the input.

    Raises
    ------
    SpecError, InputError, RefusedError
        As `conv2d`.
    """
    rows, columns = axes
    dtype = result_type(batch)
    weights = as_weights(weights, dtype)
    filters = weights.shape[3]
    added = offsets(bias, filters)
    shape = (len(batch), rows.output, columns.output, filters)
    check_result(shape, dtype, cast=0 if batch.dtype == dtype else batch.size)
    padded = Padded.of(axes, border)
    _check_band(rows, columns, np.dtype(dtype).itemsize * batch.shape[3])

    out = np.empty(shape, dtype)
    job = Job(rows, columns, padded, groups, summed)
    run_job(batch.astype(dtype, copy=False), weights[::-1, ::-1] if flip else weights, job, out)
    if added is not None:
        with np.errstate(all="ignore"):
            line = np.broadcast_to(added.astype(dtype), (columns.output, filters)).reshape(-1)
            lines = out.reshape(-1, line.size)  # of a few filters, rows are added much faster
            lines += line
    return out


def run_job(batch: Array, weights: Array, job: Job, out: Array) -> None:
    """Convolve a checked batch into `out`; all three arrays are of one type."""
    weights = np.ascontiguousarray(weights)
    run = _strategy(weights, job)
    with np.errstate(all="ignore"):
        macs = out.size * weights[..., 0].size
        spread(lambda part: run(batch[part], weights, job, out[part]), len(batch), macs)


def like(out: Array, x: ArrayLike, *, plain: bool) -> Array:
    """Return `out`, `(N, H, W, filters)`, with the rank of `x`, at least 3 unless it is `plain`.

    A plain result is one map, made by a kernel without channels.
    """
    rank = np.ndim(x)
    if rank == 4:
        return out
    return cast(Array, out[0, :, :, 0] if rank == 2 and plain else out[0])


def as_weights(weights: Array, dtype: type[np.floating[Any]]) -> Array:
    """Return finite weights in the type of the result, or raise `InputError`."""
    check_finite(weights, "kernel")
    if weights.dtype == dtype:
        return weights
    with np.errstate(over="ignore"):
        converted = weights.astype(dtype)
    check_finite(converted, f"kernel (as {np.dtype(dtype).name})")
    return converted


def check_result(shape: tuple[int, ...], dtype: type[np.floating[Any]], *, cast: int = 0) -> None:
    """Refuse a result that, with `cast` converted values of the input, is over the byte budget."""
    count = cast + shape[0] * shape[1] * shape[2] * shape[3]
    check_bytes(np.dtype(dtype).itemsize * count, "the result of the convolution")


def _check_band(rows: Axis, columns: Axis, cell: int) -> None:
    """Check what the largest band of the padded image needs, `cell` bytes each of its cells."""
    height, width = (axis.before + axis.size + axis.after for axis in (rows, columns))
    lines = max(1, MOST_WINDOWS // columns.output) * rows.stride + rows.extent
    check_bytes(cell * width * min(height, lines), "a band of the padded image")


def _strategy(weights: Array, job: Job) -> Strategy:
    """Choose by measurement: a matrix product pays from three filters a group on.

    With a few channels apart, a large kernel may be of rank 1, of which `shifted` makes use.
    """
    kh, kw, channels, _ = weights.shape
    if channels == 1 and (job.groups >= 8 or (job.groups > 1 and kh * kw <= 32)):
        from cnnviz.ops.conv.channelwise import run
    elif weights.shape[3] // job.groups > 2:
        from cnnviz.ops.conv.im2col import run
    else:
        from cnnviz.ops.conv.shifted import run
    return run
