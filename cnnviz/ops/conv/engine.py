"""A convolution whose kernels fit its input: the last checks, and the run on all cores."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from math import prod
from typing import Any, cast

import numpy as np
from numpy.typing import ArrayLike

from cnnviz.calls import Do
from cnnviz.errors import unknown_name
from cnnviz.files import check_bytes
from cnnviz.geometry import Axis
from cnnviz.ops.checks import Array, check_finite, result_type
from cnnviz.ops.conv import shifted
from cnnviz.ops.conv.checks import offsets
from cnnviz.ops.conv.job import Finish, Job
from cnnviz.ops.conv.parts import PARTS, by_rows
from cnnviz.ops.conv.planner import PRECISIONS, Strategy, choose, strategy
from cnnviz.ops.padding import Border, Padded
from cnnviz.ops.scratch import small_buffers
from cnnviz.ops.threads import one_blas_thread, share
from cnnviz.ops.written import Written

MOST_WINDOWS = 2**16  # in a band of any strategy, unless one row has more

# Multiply-adds that take as long as to read and write a value.
VALUE = 64
# Multiply-adds of a part at least, if there are more than two.
PIECE = 2**26


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
    check_result(shape, dtype)
    padded = Padded.of(axes, border)
    check_band(rows, columns, np.dtype(dtype).itemsize * batch.shape[3])

    finish = Finish(None if added is None else np.broadcast_to(added.astype(dtype), filters))
    job = Job(rows, columns, padded, groups, summed, finish)
    kernels = weights[::-1, ::-1] if flip else weights
    prepared = Prepared.of(kernels, job, precision=precision, images=len(batch))
    if batch.dtype != dtype and not hasattr(prepared.strategy, "CONVERTS"):
        check_result(shape, dtype, cast=batch.size)
        batch = batch.astype(dtype)
    out = np.empty(shape, dtype)
    prepared.run(batch, out)
    return out


def prepared(
    kernels: Array,
    axes: tuple[Axis, Axis],
    *,
    groups: int = 1,
    bias: Array | None = None,
    activation: Callable[[Array, Do], object] | None = None,
    whole: bool = False,
) -> Prepared:
    """Return a convolution of zero-padded float32 batches, ready for many runs.

    Parameters
    ----------
    kernels : ndarray
        `(kh, kw, C/groups, filters)`.
    axes : pair of Axis
        The window laid on rows and columns.
    groups : int
    bias : (filters,), optional
    activation : callable, optional
        Works in place on parts of the output, of whatever shape, by calls (see `ops.written`).
    whole : bool
        Whether those parts must have all filters; only a strategy that is `WRITTEN` sees to it.

    Raises
    ------
    InputError, SpecError, RefusedError
        As `conv2d`.
    """
    rows, columns = axes
    weights = as_weights(kernels, np.float32)
    added = offsets(bias, weights.shape[3])
    check_band(rows, columns, weights.itemsize * weights.shape[2] * groups)
    finish = Finish(None if added is None else added.astype(np.float32), activation, whole)
    job = Job(rows, columns, Padded.of(axes), groups, finish=finish)
    return Prepared.of(weights, job)


@dataclass(eq=False, repr=False)
class Prepared:
    """A convolution whose kernels are laid out as its strategy wants them: once for many runs."""

    job: Job
    strategy: Strategy
    state: Any
    kernels: Array
    nbytes: int  # of the state, beside the kernels as they were given

    @classmethod
    def of(
        cls, kernels: Array, job: Job, *, precision: str = "fast", images: int | None = None
    ) -> Prepared:
        """Choose a strategy for kernels `(kh, kw, C/groups, filters)`, and lay them out.

        For many runs, or for one of so many `images`.
        """
        given = kernels
        if not np.moveaxis(kernels, 3, 0).flags.c_contiguous:  # a matrix, transposed
            kernels = np.ascontiguousarray(kernels)
        chosen = strategy(choose(kernels, job, precision, images))
        state = chosen.prepare(kernels, job)
        held = sum(a.nbytes for a in _arrays(state) if not np.may_share_memory(a, given))
        return cls(job, chosen, state, kernels, held)

    def run(self, batch: Array, out: Array) -> None:
        """Convolve `(N, H, W, C)` into `out`, `(N, H', W', filters)`, both of the kernels' type.

        If the strategy converts bands, the batch may be of another. `out` may be a slice of the
        channels of a wider array, or planes: of any strides.
        """
        with small_buffers(), one_blas_thread():
            share(lambda task: task(), self.tasks(batch, out, many=False))

    def tasks(self, batch: Array, out: Array, *, many: bool = True) -> list[Callable[[], None]]:
        """Return what `run` does, in parts that may run in any order, on any threads.

        If they are run `many` times, values that are not finite may be spread.
        """
        own = getattr(self.strategy, "parts", None)
        macs = prod(out.shape) * max(VALUE, self.kernels[..., 0].size)
        pieces = min(max(2, macs // PIECE), PARTS)
        parts = own(out.shape, self.state, self.job) if own else by_rows(out.shape, macs, pieces)
        work = self._mended if hasattr(self.strategy, "SPREADS") else self.strategy.run
        tasks: list[Callable[..., None]] = [
            partial(work, batch[images], self.state, self.job, out[images], piece)
            for images, piece in parts
        ]
        return [*map(Written, tasks)] if many and self.is_written else tasks

    @property
    def is_written(self) -> bool:
        """Tell whether its calls can be written down."""
        return hasattr(self.strategy, "WRITTEN")

    def _mended(self, batch: Array, state: Any, job: Job, out: Array, rows: slice) -> None:
        """Run the strategy; where it spread a value that is not finite, shift the images instead.

        Such a value is in all rows that were made together, of which one is asked.
        """
        self.strategy.run(batch, state, job, out, rows)
        made, apart = out[:, rows], cast(Any, self.strategy).SPREADS
        asked = made[:, ::apart], made[:, -1:]
        if not np.isfinite([np.einsum("nhwc->", some) for some in asked]).all():  # or too large
            shifted.run(batch, self.kernels, job, out, rows)


def _arrays(state: Any) -> list[Array]:
    """Return the arrays of a strategy's state, `vars` of an object."""
    if isinstance(state, np.ndarray):
        return [state]
    if hasattr(state, "__dict__"):
        state = list(vars(state).values())
    return [a for each in state for a in _arrays(each)] if isinstance(state, list | tuple) else []


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


def check_band(rows: Axis, columns: Axis, cell: int) -> None:
    """Check what the largest band of the padded image needs, `cell` bytes each of its cells."""
    height, width = (axis.before + axis.size + axis.after for axis in (rows, columns))
    lines = max(1, MOST_WINDOWS // columns.output) * rows.stride + rows.extent
    check_bytes(cell * width * min(height, lines), "a band of the padded image")
