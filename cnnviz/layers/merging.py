"""Layers that join several inputs, value by value or side by side."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial, reduce
from itertools import accumulate, pairwise, zip_longest
from operator import mul
from typing import TYPE_CHECKING

from cnnviz.contract import UNKNOWN, Layer, Ready, Unknown
from cnnviz.errors import SpecError
from cnnviz.geometry import Shape, times
from cnnviz.layers import checks
from cnnviz.layers._backward import backward_by, summed_to

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from cnnviz.contract import Array, Backward, Ending, Task, Weights


@dataclass(frozen=True)
class _Merging(Layer):
    """Values of the same place together; an axis of 1, or none, counts for all places of it."""

    is_local = True

    def output_shape(self, *in_shapes: Shape) -> Shape:
        """Return the shape that the inputs share, axes of 1 repeated."""
        return reduce(_broadcast, checks.several(in_shapes))

    def forward(self, weights: Weights, *xs: Array) -> tuple[Array, Backward | None]:
        """Join the inputs from the first on."""
        rank = max(x.ndim for x in xs)
        level = [x.reshape(len(x), *(1,) * (rank - x.ndim), *x.shape[1:]) for x in xs]
        y = reduce(self._join, level)

        def way(place: int, gradient: Array) -> Array:
            made, shape = self._gradient(gradient, place, level, y), level[place].shape
            made = made if made.shape == shape else summed_to(made, shape)
            return made.reshape(xs[place].shape)

        return y, backward_by(*(partial(way, place) for place in range(len(xs))))

    def forward_innermost(
        self, weights: Weights, *xs: Array, generator: np.random.Generator, step: int | None = None
    ) -> tuple[Array, Backward, dict[str, Array]]:
        """Join the same of `(C, ..., N)`."""
        alike = len({x.shape for x in xs}) == 1
        run = self.forward_training if alike else super().forward_innermost
        return run(weights, *xs, generator=generator, step=step)

    def _join(self, a: Array, b: Array) -> Array:
        raise NotImplementedError

    def _gradient(self, gradient: Array, place: int, xs: list[Array], y: Array) -> Array:
        """Return the gradient of the input at `place`, repeated as far as `y` is."""
        raise NotImplementedError


@dataclass(frozen=True)
class Add(_Merging):
    """Add the inputs up, as at the end of a residual block.

    >>> Add().output_shape((28, 28, 64), (28, 28, 64))
    (28, 28, 64)
    """

    def _join(self, a: Array, b: Array) -> Array:
        return a + b

    def _gradient(self, gradient: Array, place: int, xs: list[Array], y: Array) -> Array:
        return gradient


@dataclass(frozen=True)
class Subtract(_Merging):
    """Subtract the second input from the first."""

    def output_shape(self, *in_shapes: Shape) -> Shape:
        """Return the shape that both inputs share, axes of 1 repeated."""
        if len(in_shapes) != 2:
            raise SpecError(f"takes two inputs, not {len(in_shapes)}", hint="name its inputs")
        return super().output_shape(*in_shapes)

    def _join(self, a: Array, b: Array) -> Array:
        return a - b

    def _gradient(self, gradient: Array, place: int, xs: list[Array], y: Array) -> Array:
        return -gradient if place else gradient


@dataclass(frozen=True)
class Multiply(_Merging):
    """Multiply the inputs.

    A gate a channel (squeeze and excitation) has one row and one column:

    >>> Multiply().output_shape((14, 14, 32), (1, 1, 32))
    (14, 14, 32)
    """

    def _join(self, a: Array, b: Array) -> Array:
        return a * b

    def _gradient(self, gradient: Array, place: int, xs: list[Array], y: Array) -> Array:
        return reduce(mul, (x for other, x in enumerate(xs) if other != place), gradient)


@dataclass(frozen=True)
class Average(Add):
    """Take the mean of the inputs."""

    def forward(self, weights: Weights, *xs: Array) -> tuple[Array, Backward | None]:
        """Add the inputs up and divide by their number."""
        total, backward = super().forward(weights, *xs)
        return total / len(xs), backward

    def _gradient(self, gradient: Array, place: int, xs: list[Array], y: Array) -> Array:
        return gradient / len(xs)


class _Choice(_Merging):
    """One of the values of each place; of equal ones the first has all of the gradient."""

    def _gradient(self, gradient: Array, place: int, xs: list[Array], y: Array) -> Array:
        chosen: Array = xs[place] == y
        for x in xs[:place]:
            chosen &= x != y
        result: Array = gradient * chosen
        return result


@dataclass(frozen=True)
class Maximum(_Choice):
    """Keep the largest value of each place."""

    def _join(self, a: Array, b: Array) -> Array:
        import numpy as np

        return np.maximum(a, b)


@dataclass(frozen=True)
class Minimum(_Choice):
    """Keep the smallest value of each place."""

    def _join(self, a: Array, b: Array) -> Array:
        import numpy as np

        return np.minimum(a, b)


@dataclass(frozen=True)
class Concatenate(Layer):
    """Put the inputs side by side along `axis`, the channels unless given; positive from 1.

    >>> Concatenate().output_shape((28, 28, 64), (28, 28, 128), (28, 28, 32))
    (28, 28, 224)
    """

    axis: int = -1

    def __post_init__(self) -> None:
        checks.integer(self.axis, "axis")

    @property
    def stays_finite(self) -> bool:
        """Tell that nothing is computed."""
        return True

    def prepare(self, weights: Weights, *in_shapes: Shape, ending: Ending | None = None) -> Ready:
        """Copy what is not made in its place."""
        from cnnviz.calls import now

        axis = checks.axis(self.axis, in_shapes[0])
        stops = list(accumulate(shape[axis] for shape in in_shapes))
        places = [slice(start, stop) for start, stop in pairwise([0, *stops])]

        def put(part: Array, x: Array, there: bool) -> None:
            if not there:
                part[...] = x
            if ending is not None:
                ending(part, now)

        def bind(out: Array, *xs: Array) -> Sequence[Task]:
            parts = [_part(out, axis + 1, cells) for cells in places]
            # Made in place; other channels of the same memory are not.
            there = [part.ctypes.data == x.ctypes.data for part, x in zip(parts, xs, strict=True)]
            pairs = zip(parts, xs, there, strict=True)
            return [partial(put, *each) for each in pairs if not each[2] or ending is not None]

        return Ready(bind)

    def channels(self, *in_shapes: Shape) -> list[slice]:
        """Return which channels of the output each input is, none where another axis is joined."""
        if checks.axis(self.axis, in_shapes[0]) != len(in_shapes[0]) - 1:
            return []
        stops = accumulate(shape[-1] for shape in in_shapes)
        return [slice(start, stop) for start, stop in pairwise([0, *stops])]

    def window(self, in_shape: Shape) -> Unknown | None:
        """Return none over channels; along a spatial axis places move."""
        return None if checks.axis(self.axis, in_shape) == len(in_shape) - 1 else UNKNOWN

    def output_shape(self, *in_shapes: Shape) -> Shape:
        """Return the shape that the inputs share beside `axis`, with the sum along it."""
        first = checks.several(in_shapes)[0]
        axis = checks.axis(self.axis, first)
        for number, shape in enumerate(in_shapes[1:], 2):
            if (*shape[:axis], first[axis], *shape[axis + 1 :]) != first:
                raise SpecError(
                    f"input {number} {shape} does not fit beside {first} along axis {self.axis}",
                    hint="only that axis may differ",
                )
        return (*first[:axis], sum(shape[axis] for shape in in_shapes), *first[axis + 1 :])

    def forward(self, weights: Weights, *xs: Array) -> tuple[Array, Backward | None]:
        """Concatenate."""
        import numpy as np

        axis, stop, ways = self.axis, 0, []
        for x in xs:
            start, stop = stop, stop + x.shape[axis]
            ways.append(partial(_part, axis=axis, cells=slice(start, stop)))
        return np.concatenate(xs, axis=axis), backward_by(*ways)


def _part(values: Array, axis: int, cells: slice) -> Array:
    """Return some places of an axis, a view."""
    return values[(slice(None),) * (axis % values.ndim) + (cells,)]


def _broadcast(a: Shape, b: Shape) -> Shape:
    """Return the shape that two inputs are repeated to, from the last axis on."""
    pairs = list(zip_longest(reversed(a), reversed(b), fillvalue=1))
    if any(m != n and 1 not in (m, n) for m, n in pairs):
        raise SpecError(f"{times(a)} and {times(b)} differ", hint="only axes of 1 are repeated")
    return tuple(max(pair) for pair in reversed(pairs))
