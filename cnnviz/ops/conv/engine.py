"""A convolution whose kernels fit its input: the last checks, and the run on all cores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import ArrayLike

from cnnviz.errors import unknown_name
from cnnviz.files import check_bytes
from cnnviz.geometry import Axis
from cnnviz.ops import threads
from cnnviz.ops.checks import Array, check_finite, result_type
from cnnviz.ops.conv.checks import offsets
from cnnviz.ops.conv.job import Finish, Job
from cnnviz.ops.conv.planner import PRECISIONS, Strategy, choose, strategy
from cnnviz.ops.padding import Border, Padded

MOST_WINDOWS = 2**16  # in a band of any strategy, unless one row has more

# Output rows of an image that is divided come in so many parts; a part begins at a multiple of 8.
PARTS = 8


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
    precision: str = "fast",
) -> Array:
    """Convolve `batch`, `(N, H, W, C)`, with `weights` `(kh, kw, C/groups, filters)`.

    `axes` are the window laid on rows and columns; `summed` says that the kernel has one channel
    and slides over every channel of the input.

    Raises
    ------
    SpecError, InputError, RefusedError
        As `conv2d`.
    """
    if precision not in PRECISIONS:
        raise unknown_name("precision", precision, PRECISIONS)
    rows, columns = axes
    dtype = result_type(batch)
    weights = as_weights(weights, dtype)
    filters = weights.shape[3]
    added = offsets(bias, filters)
    shape = (len(batch), rows.output, columns.output, filters)
    check_result(shape, dtype, cast=0 if batch.dtype == dtype else batch.size)
    padded = Padded.of(axes, border)
    _check_band(rows, columns, np.dtype(dtype).itemsize * batch.shape[3])

    finish = Finish(None if added is None else np.broadcast_to(added.astype(dtype), filters))
    job = Job(rows, columns, padded, groups, summed, finish)
    out = np.empty(shape, dtype)
    prepared = Prepared.of(weights[::-1, ::-1] if flip else weights, job, precision=precision)
    prepared.run(batch.astype(dtype, copy=False), out)
    return out


@dataclass(eq=False, repr=False)
class Prepared:
    """A convolution whose kernels are laid out as its strategy wants them: once for many runs."""

    job: Job
    strategy: Strategy
    state: Any
    macs: int  # for a value of the output

    @classmethod
    def of(cls, kernels: Array, job: Job, *, precision: str = "fast") -> Prepared:
        """Choose a strategy for kernels `(kh, kw, C/groups, filters)`, and lay them out."""
        kernels = np.ascontiguousarray(kernels)
        chosen = strategy(choose(kernels, job, precision))
        return cls(job, chosen, chosen.prepare(kernels, job), kernels[..., 0].size)

    def run(self, batch: Array, out: Array) -> None:
        """Convolve `(N, H, W, C)` into `out`, `(N, H', W', filters)`, both of the kernels' type.

        `out` may be a slice of the channels of a wider array.
        """

        def work(part: tuple[slice, slice]) -> None:
            images, rows = part
            self.strategy.run(batch[images], self.state, self.job, out[images], rows)

        with np.errstate(all="ignore"):
            threads.share(work, _parts(out.shape, out.size * self.macs))


def _parts(shape: tuple[int, ...], macs: float) -> list[tuple[slice, slice]]:
    """Return images and output rows of the parts: some images, or some rows of one."""
    count, height = shape[:2]
    if macs < threads.WORK or count >= PARTS:
        return [(images, slice(0, height)) for images in threads.portions(count, macs)]
    lines = -(-height // PARTS // 8) * 8 or height
    return [
        (slice(n, n + 1), slice(at, min(at + lines, height)))
        for n in range(count)
        for at in range(0, height, lines)
    ]


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
