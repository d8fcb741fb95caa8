"""Pooling over a sliding window, and over the whole image."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from math import prod
from typing import TYPE_CHECKING, Any, ClassVar

from cnnviz.contract import Layer, Ready, divided
from cnnviz.errors import SpecError
from cnnviz.geometry import Axis, Padding, Shape, Size, Window, pads, sizes
from cnnviz.layers import checks
from cnnviz.layers._backward import backward_by
from cnnviz.layers._innermost import axes_of

if TYPE_CHECKING:
    import numpy as np

    from cnnviz.calls import Do
    from cnnviz.contract import Array, Backward, Ending, Task, Weights


@dataclass(frozen=True)
class _Pooling(Layer):
    """Each channel on its own: `(H, W, C)` to `(H', W', C)`; the stride defaults to the window."""

    apart = True
    rank: ClassVar[int] = 2
    # The name of the function in `ops`.
    _op: ClassVar[str]
    # What windows are reduced by, and from; () for another way.
    _reduces: ClassVar[tuple[Any, ...]] = ()

    pool_size: Size = 2
    strides: Size | None = None
    padding: Padding = "valid"
    # Keras has data_format here, so what follows is taken by keyword only.
    ceil_mode: bool = field(default=False, kw_only=True)

    @property
    def makes_places(self) -> bool:
        """Tell that it can."""
        return True

    def __post_init__(self) -> None:
        strides, rank = self.strides, self.rank
        checks.canonical(
            self,
            pool_size=sizes(self.pool_size, "pool_size", rank=rank),
            strides=None if strides is None else sizes(strides, "strides", rank=rank),
            padding=pads(self.padding, rank=rank),
            ceil_mode=checks.flag(self.ceil_mode, "ceil_mode"),
        )

    def window(self, in_shape: Shape) -> Window:
        """Return the window that slides over each channel."""
        return Window.of(
            self.pool_size,
            strides=self.pool_size if self.strides is None else self.strides,
            padding=self.padding,
            ceil_mode=self.ceil_mode,
            rank=self.rank,
        )

    def output_shape(self, *in_shapes: Shape) -> Shape:
        """Return the number of windows along each axis, and the channels."""
        shape = checks.spatial(in_shapes, self.rank)
        *space, channels = shape
        axes = self.window(shape).on(space)
        for axis in axes:
            if self._needs_cells() and max(axis.before, axis.after) >= axis.extent:
                raise SpecError(
                    f"padding {axis.before}+{axis.after} has room for a window of "
                    f"{axis.extent} that pools padding only",
                    hint="use less padding",
                )
        return (*(axis.output for axis in axes), channels)

    def forward(self, weights: Weights, *xs: Array) -> tuple[Array, Backward | None]:
        """Pool."""
        from cnnviz import ops

        (x,) = xs
        pool = getattr(ops, f"{self._op}_pool{self.rank}d")
        y = pool(x, **self._settings())

        def way(gradient: Array) -> Array:
            return self._gradient(gradient, x, y, self.window(x.shape[1:]).on(x.shape[1:-1]))

        return y, backward_by(way)

    def forward_innermost(
        self, weights: Weights, *xs: Array, generator: np.random.Generator, step: int | None = None
    ) -> tuple[Array, Backward, dict[str, Array]]:
        """Pool `(C, H, W, N)`; windows that lie side by side by a way of their own."""
        from cnnviz.ops.innermost.pooling import fits

        (x,) = xs
        axes = axes_of(self, x.shape)
        found = self._side_by_side(x, axes) if fits(axes) else None
        if found is None:
            return self.forward_training(weights, x, generator=generator, step=step)
        return *found, {}

    def _side_by_side(self, x: Array, axes: tuple[Axis, Axis]) -> tuple[Array, Backward] | None:
        """Return the same of windows that lie side by side, images innermost, if there is a way."""
        return None

    def prepare(self, weights: Weights, *in_shapes: Shape, ending: Ending | None = None) -> Ready:
        """Pool images straight to where the result belongs."""
        (shape,) = in_shapes
        if self.rank == 1 or not self._reduces:
            return super().prepare(weights, shape, ending=ending)
        from cnnviz.ops.bands import SHARED
        from cnnviz.ops.written import Written

        rows, columns = self.window(shape).on(shape[:-1])
        passes = rows.kernel_size + columns.kernel_size

        def bind(out: Array, x: Array) -> list[Task]:
            passed = (*out.shape[:2], *shape[1:])  # on the way, when rows are reduced
            if passes * prod(passed) < SHARED:
                return [Written(partial(write, out, x, rows))]
            tasks: list[Task] = []
            for images, *lines in (part or (slice(None),) for part in divided(passed)):
                made, cells, laid = out[images], x[images], rows
                if lines:
                    read, laid = rows.part(lines[0])
                    made, cells = made[:, lines[0]], cells[:, read]
                tasks.append(Written(partial(write, made, cells, laid)))
            return tasks

        def write(out: Array, x: Array, rows: Axis, do: Do) -> None:
            self._reduce(x, rows, columns, out, do)
            if ending is not None:
                ending(out, do)

        return Ready(bind)

    def _reduce(self, x: Array, rows: Axis, columns: Axis, out: Array, do: Do) -> None:
        """Write what windows come to into `out`, now or later."""
        import numpy as np

        from cnnviz.ops.reduction import reduce_windows

        ufunc, identity = self._reduces
        reduce_windows(x, rows, columns, getattr(np, ufunc), identity, out=out, do=do)

    def _gradient(self, gradient: Array, x: Array, y: Array, axes: tuple[Axis, ...]) -> Array:
        """Return the input's gradient: all of each output's to the cell that won."""
        from cnnviz.ops.pooling_gradients import winner_gradient

        return winner_gradient(gradient, x, y, axes)

    def _needs_cells(self) -> bool:
        """Return whether a window that pools padding only would have no value."""
        return True

    def _settings(self) -> dict[str, Any]:
        return {
            "pool_size": self.pool_size,
            "strides": self.strides,
            "padding": self.padding,
            "ceil_mode": self.ceil_mode,
        }


@dataclass(frozen=True)
class MaxPooling2D(_Pooling):
    """Keep the largest value of each window.

    >>> MaxPooling2D(3, strides=2).output_shape((55, 55, 96))
    (27, 27, 96)
    """

    aliases = ("MaxPool2D", "MaxPool2d")
    _op = "max"
    _reduces = ("maximum", float("-inf"))

    @property
    def stays_finite(self) -> bool:
        """Tell that it makes no new values."""
        return True

    def _side_by_side(self, x: Array, axes: tuple[Axis, Axis]) -> tuple[Array, Backward] | None:
        from cnnviz.ops.innermost.pooling import largest, largest_gradient

        y, masks = largest(x, axes)
        return y, backward_by(lambda gradient: largest_gradient(gradient, masks, axes))


@dataclass(frozen=True)
class MinPooling2D(_Pooling):
    """Keep the smallest value of each window."""

    aliases = ("MinPool2D",)
    _op = "min"
    _reduces = ("minimum", float("inf"))

    @property
    def stays_finite(self) -> bool:
        """Tell that it makes no new values."""
        return True


@dataclass(frozen=True)
class AveragePooling2D(_Pooling):
    """Take the mean of each window; padding counts only with `count_include_pad`.

    >>> AveragePooling2D(7, strides=1).output_shape((7, 7, 1024))
    (1, 1, 1024)
    """

    aliases = ("AvgPool2D", "AvgPool2d", "AveragePool2D")
    _op = "average"
    _reduces = ("add", 0.0)

    count_include_pad: bool = field(default=False, kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        checks.flag(self.count_include_pad, "count_include_pad")

    def _gradient(self, gradient: Array, x: Array, y: Array, axes: tuple[Axis, ...]) -> Array:
        from cnnviz.ops.pooling_gradients import average_gradient

        return average_gradient(gradient, axes, count_include_pad=self.count_include_pad)

    def _side_by_side(self, x: Array, axes: tuple[Axis, Axis]) -> tuple[Array, Backward] | None:
        from cnnviz.ops.innermost.pooling import average, average_gradient

        way = backward_by(lambda gradient: average_gradient(gradient, axes))
        return average(x, axes), way

    def _reduce(self, x: Array, rows: Axis, columns: Axis, out: Array, do: Do) -> None:
        from cnnviz.ops.pooling.average import average_windows

        do(average_windows, x, rows, columns, include_pad=self.count_include_pad, out=out)

    def _needs_cells(self) -> bool:
        return not self.count_include_pad

    def _settings(self) -> dict[str, Any]:
        return super()._settings() | {"count_include_pad": self.count_include_pad}


@dataclass(frozen=True)
class LpPooling2D(_Pooling):
    """Take `(Σ |x|^p)^(1/p)` of each window: from the sum to, for a large `p`, the maximum."""

    aliases = ("LpPool2D",)
    _op = "lp"

    p: float = field(default=2, kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        if checks.number(self.p, "p", 0, 64) == 0:
            raise SpecError("p 0 is not above 0")

    def _gradient(self, gradient: Array, x: Array, y: Array, axes: tuple[Axis, ...]) -> Array:
        from cnnviz.ops.pooling_gradients import lp_gradient

        return lp_gradient(gradient, x, y, axes, p=self.p)

    def _needs_cells(self) -> bool:
        return False

    def _settings(self) -> dict[str, Any]:
        return super()._settings() | {"p": self.p}


@dataclass(frozen=True)
class _GlobalPooling(Layer):
    """One value a channel: `(H, W, C)` to `(C,)`, or `(1, 1, C)` with `keepdims`."""

    apart = True
    rank: ClassVar[int] = 2
    _op: ClassVar[str]

    keepdims: bool = field(default=False, kw_only=True)

    def __post_init__(self) -> None:
        checks.flag(self.keepdims, "keepdims")

    def window(self, in_shape: Shape) -> Window:
        """Return the one window, as large as the input."""
        return Window.of(in_shape[:-1], rank=self.rank)

    def output_shape(self, *in_shapes: Shape) -> Shape:
        """Return `(C,)`, or with `keepdims` one place with its channels."""
        channels = checks.spatial(in_shapes, self.rank)[-1]
        return (*(1,) * self.rank, channels) if self.keepdims else (channels,)

    def forward(self, weights: Weights, *xs: Array) -> tuple[Array, Backward | None]:
        """Pool."""
        from cnnviz import ops

        (x,) = xs
        pool = getattr(ops, f"global_{self._op}_pool{self.rank}d")
        return pool(x, keepdims=self.keepdims), backward_by(lambda g: self._gradient(g, x))

    def _gradient(self, gradient: Array, x: Array) -> Array:
        from cnnviz.ops import pooling_gradients

        way = getattr(pooling_gradients, f"global_{self._op}_gradient")
        result: Array = way(gradient, x)
        return result


@dataclass(frozen=True)
class GlobalMaxPooling2D(_GlobalPooling):
    """Keep the largest value of each channel."""

    aliases = ("GlobalMaxPool2D",)
    _op = "max"


@dataclass(frozen=True)
class GlobalAveragePooling2D(_GlobalPooling):
    """Take the mean of each channel.

    >>> GlobalAveragePooling2D().output_shape((7, 7, 2048))
    (2048,)
    """

    aliases = ("GlobalAvgPool2D", "GlobalAveragePool2D")
    _op = "average"
