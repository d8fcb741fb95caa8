"""Fixed scales and offsets, as networks have them before their first convolution."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cnnviz.contract import Layer
from cnnviz.errors import SpecError
from cnnviz.geometry import Shape
from cnnviz.layers import checks
from cnnviz.layers._backward import backward_by

if TYPE_CHECKING:
    from cnnviz.contract import Array, Backward, Weights

Numbers = float | tuple[float, ...]
# Below it, Keras takes a deviation for 0.
LEAST_DEVIATION = 1e-7


@dataclass(frozen=True)
class Rescaling(Layer):
    """Take `scale x + offset`; each is a number, or one a channel.

    >>> Rescaling(1 / 127.5, offset=-1).output_shape((224, 224, 3))
    (224, 224, 3)
    """

    scale: Numbers
    offset: Numbers = 0.0

    def __post_init__(self) -> None:
        checks.canonical(
            self,
            scale=checks.numbers(self.scale, "scale"),
            offset=checks.numbers(self.offset, "offset"),
        )

    def output_shape(self, *in_shapes: Shape) -> Shape:
        """Return the input's shape."""
        shape = checks.one(in_shapes)
        _check_count(self.scale, "scale", shape[-1])
        _check_count(self.offset, "offset", shape[-1])
        return shape

    def forward(self, weights: Weights, *xs: Array) -> tuple[Array, Backward | None]:
        """Scale and move."""
        import numpy as np

        (x,) = xs
        scale = np.asarray(self.scale, x.dtype)
        y = x * scale
        y += np.asarray(self.offset, x.dtype)
        return y, backward_by(lambda gradient: gradient * scale)


@dataclass(frozen=True)
class Normalization(Layer):
    """Take `(x - mean) / √variance`; with `invert`, the way back.

    Parameters
    ----------
    axis : int, tuple of int or None
        The axes that have a mean and a variance for each place: the channels unless given;
        positive from 1, None for none.
    mean, variance : float or tuple of float, optional
        Both or neither; without them they are statistics that a weight file holds.
    invert : bool
        Take `√variance x + mean`.

    >>> Normalization().statistic_shapes((32, 32, 3))
    {'mean': (3,), 'variance': (3,)}
    >>> Normalization(mean=0.1307, variance=0.0949).statistic_shapes((28, 28, 1))
    {}
    """

    axis: int | tuple[int, ...] | None = -1
    mean: Numbers | None = None
    variance: Numbers | None = None
    invert: bool = False

    def __post_init__(self) -> None:
        axis, mean, variance = self.axis, self.mean, self.variance
        if axis is None or isinstance(axis, list | tuple):
            # None has no form in TOML.
            axis = tuple(checks.integer(each, "axis") for each in axis or ())
        else:
            checks.integer(axis, "axis")
        if (mean is None) != (variance is None):
            missing = "mean" if mean is None else "variance"
            raise SpecError(f"{missing} is missing", hint="give both mean and variance, or neither")
        if mean is not None:
            mean, variance = checks.numbers(mean, "mean"), checks.numbers(variance, "variance")
            least = min(variance) if isinstance(variance, tuple) else variance
            checks.number(least, "variance", 0)
        checks.flag(self.invert, "invert")
        checks.canonical(self, axis=axis, mean=mean, variance=variance)

    def output_shape(self, *in_shapes: Shape) -> Shape:
        """Return the input's shape."""
        shape = checks.one(in_shapes)
        kept = [shape[place] for place in self._kept(shape)] or [1]
        for name, values in (("mean", self.mean), ("variance", self.variance)):
            _check_count(values, name, kept[-1])
        return shape

    def statistic_shapes(self, *in_shapes: Shape) -> dict[str, Shape]:
        """Return `mean` and `variance`, one value a place of `axis`, unless they are given."""
        shape = checks.one(in_shapes)
        each = tuple(shape[place] for place in self._kept(shape))
        return {} if self.mean is not None else {"mean": each, "variance": each}

    def forward(self, weights: Weights, *xs: Array) -> tuple[Array, Backward | None]:
        """Centre and scale, or back."""
        import numpy as np

        (x,) = xs
        shape = x.shape[1:]
        kept = self._kept(shape)
        counts = [n if place in kept else 1 for place, n in enumerate(shape)]

        def laid(given: Numbers | None, name: str) -> Array:
            values = np.asarray(weights[name] if given is None else given, np.float64)
            full = np.broadcast_to(values, [shape[place] for place in kept])
            return full.reshape(counts)

        mean = laid(self.mean, "mean").astype(x.dtype)
        deviation = np.sqrt(laid(self.variance, "variance"))
        deviation = np.maximum(deviation, LEAST_DEVIATION).astype(x.dtype)
        if self.invert:
            return x * deviation + mean, backward_by(lambda gradient: gradient * deviation)
        return (x - mean) / deviation, backward_by(lambda gradient: gradient / deviation)

    def _kept(self, shape: Shape) -> tuple[int, ...]:
        """Return where the axes with values of their own are, in order."""
        axes = self.axis if isinstance(self.axis, tuple) else (self.axis,)
        return tuple(sorted({checks.axis(axis, shape) for axis in axes if axis is not None}))


def _check_count(values: Numbers | None, name: str, channels: int) -> None:
    """Refuse several values that are not one a channel."""
    if isinstance(values, tuple) and len(values) != channels:
        raise SpecError(f"{name} has {len(values)} values for {channels} channels")
