"""The fully connected layer and the flattening before it."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING

from cnnviz.contract import Ending, Layer, Ready
from cnnviz.geometry import Shape
from cnnviz.layers import checks
from cnnviz.layers._activated import activated, in_place
from cnnviz.layers._backward import backward_by
from cnnviz.layers._folded import folded

if TYPE_CHECKING:
    import numpy as np

    from cnnviz.contract import Array, Backward, Ending, Weights


@dataclass(frozen=True)
class Flatten(Layer):
    """Lay all values out in one row, channels fastest.

    >>> Flatten().output_shape((7, 7, 512))
    (25088,)
    """

    is_view = True

    def output_shape(self, *in_shapes: Shape) -> Shape:
        """Return `(H * W * C,)`."""
        return (prod(checks.one(in_shapes)),)

    def forward(self, weights: Weights, *xs: Array) -> tuple[Array, Backward | None]:
        """Return a view of each example as one row."""
        (x,) = xs
        shape = x.shape
        return x.reshape(len(x), -1), backward_by(lambda gradient: gradient.reshape(shape))

    def forward_innermost(
        self, weights: Weights, *xs: Array, generator: np.random.Generator, step: int | None = None
    ) -> tuple[Array, Backward, dict[str, Array]]:
        """Return the same of `(C, ..., N)`, `(... C, N)`: channels fastest but for the images."""
        import numpy as np

        (x,) = xs
        turned = np.moveaxis(x, 0, -2)

        def way(gradient: Array) -> Array:
            return np.ascontiguousarray(np.moveaxis(gradient.reshape(turned.shape), -2, 0))

        return turned.reshape(-1, x.shape[-1]), backward_by(way), {}


@dataclass(frozen=True)
class Dense(Layer):
    """Wire every input to each of `units` outputs; on an image, at each pixel (as in Keras).

    >>> Dense(10).weight_shapes((84,))
    {'kernel': (84, 10), 'bias': (10,)}
    """

    units: int
    activation: str | None = None
    use_bias: bool = True

    def __post_init__(self) -> None:
        checks.count(self.units, "units")
        checks.canonical(self, activation=checks.activation(self.activation))
        checks.flag(self.use_bias, "use_bias")

    def output_shape(self, *in_shapes: Shape) -> Shape:
        """Return the input's shape with `units` for its last axis."""
        return (*checks.one(in_shapes)[:-1], self.units)

    def weight_shapes(self, *in_shapes: Shape) -> dict[str, Shape]:
        """Return `kernel` `(in, units)` and `bias` `(units,)`."""
        kernel = (in_shapes[0][-1], self.units)
        return {"kernel": kernel} | ({"bias": (self.units,)} if self.use_bias else {})

    def macs(self, *in_shapes: Shape) -> int:
        """Return positions x inputs x units."""
        return prod(checks.one(in_shapes)) * self.units

    def prepare(self, weights: Weights, *in_shapes: Shape, ending: Ending | None = None) -> Ready:
        """Read the kernel on all cores."""
        from cnnviz.ops.fully_connected import Wired

        try:
            activation = Ending.of(in_place(self.activation), ending)
        except LookupError:
            return super().prepare(weights, *in_shapes, ending=ending)
        bias = weights["bias"] if self.use_bias else None
        ready = Wired.of(weights["kernel"], bias, activation)
        return Ready(lambda out, x: ready.tasks(x, out), ready.nbytes)

    def folded(self, weights: Weights, scale: Array, offset: Array) -> tuple[Layer, Weights] | None:
        """Scale each unit, and make the rest of it its bias."""
        return folded(self, weights, scale, offset)

    def forward(self, weights: Weights, *xs: Array) -> tuple[Array, Backward | None]:
        """Multiply the last axis by the kernel."""
        from cnnviz.ops import dense

        (x,) = xs
        y = dense(x, weights["kernel"], bias=weights["bias"] if self.use_bias else None)
        y, before = activated(y, self.activation)

        def backward(
            gradient: Array, *, of_inputs: bool = True
        ) -> tuple[tuple[Array, ...], dict[str, Array]]:
            from cnnviz.ops.conv.gradients import bias_gradient
            from cnnviz.ops.fully_connected import dense_gradients

            gradient = before(gradient)
            inputs, kernel = dense_gradients(x, gradient, weights["kernel"], of_inputs=of_inputs)
            bias = {"bias": bias_gradient(gradient)} if self.use_bias else {}
            return inputs, {"kernel": kernel} | bias

        return y, backward

    def forward_innermost(
        self, weights: Weights, *xs: Array, generator: np.random.Generator, step: int | None = None
    ) -> tuple[Array, Backward, dict[str, Array]]:
        """Multiply `(in, N)` by the kernel."""
        (x,) = xs
        if x.ndim > 2 or self.activation is not None:
            return super().forward_innermost(weights, *xs, generator=generator, step=step)
        kernel = weights["kernel"]
        y = kernel.T @ x
        if self.use_bias:
            y += weights["bias"][:, None]

        def backward(
            gradient: Array, *, of_inputs: bool = True
        ) -> tuple[tuple[Array, ...], dict[str, Array]]:
            found = {"kernel": x @ gradient.T}
            if self.use_bias:
                found["bias"] = gradient.sum(axis=1)
            return (kernel @ gradient,) if of_inputs else (), found

        return y, backward, {}
