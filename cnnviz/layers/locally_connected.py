"""Layers whose kernels slide as in a convolution, but are others at each place."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import prod
from typing import TYPE_CHECKING, Any, ClassVar

from cnnviz.contract import Layer
from cnnviz.geometry import Padding, Shape, Size, Window, pads, sizes
from cnnviz.layers import checks
from cnnviz.layers._activated import activated

if TYPE_CHECKING:
    from cnnviz.contract import Array, Backward, Weights
    from cnnviz.layers._activated import Before


@dataclass(frozen=True)
class _LocallyConnected(Layer):
    rank: ClassVar[int]

    filters: int
    kernel_size: Size
    strides: Size = 1
    padding: Padding = "valid"
    # Keras has data_format here, so what follows is taken by keyword only.
    activation: str | None = field(default=None, kw_only=True)
    use_bias: bool = field(default=True, kw_only=True)

    def __post_init__(self) -> None:
        checks.canonical(
            self,
            filters=checks.count(self.filters, "filters"),
            kernel_size=sizes(self.kernel_size, "kernel_size", rank=self.rank),
            strides=sizes(self.strides, "strides", rank=self.rank),
            padding=pads(self.padding, rank=self.rank),
            activation=checks.activation(self.activation),
            use_bias=checks.flag(self.use_bias, "use_bias"),
        )

    def window(self, in_shape: Shape) -> Window:
        """Return the window of each place."""
        return Window.of(
            self.kernel_size, strides=self.strides, padding=self.padding, rank=self.rank
        )

    def output_shape(self, *in_shapes: Shape) -> Shape:
        """Return the number of windows along each axis, and `filters`."""
        shape = checks.spatial(in_shapes, self.rank)
        return (*self.window(shape).output_shape(shape[:-1]), self.filters)

    def weight_shapes(self, *in_shapes: Shape) -> dict[str, Shape]:
        """Return `kernel` `(places, cells * C, filters)` and `bias`, of the output's shape."""
        made = self.output_shape(*in_shapes)
        read = prod(sizes(self.kernel_size, "kernel_size", rank=self.rank)) * in_shapes[0][-1]
        kernel = (prod(made[:-1]), read, self.filters)
        return {"kernel": kernel} | ({"bias": made} if self.use_bias else {})

    def fan_in(self, name: str, *in_shapes: Shape) -> float:
        """Return the cells of a window in all channels."""
        return self.weight_shapes(*in_shapes)[name][1]

    def macs(self, *in_shapes: Shape) -> int:
        """Return the number of kernel weights: each is used once."""
        return prod(self.weight_shapes(*in_shapes)["kernel"])

    def _arguments(self, weights: Weights) -> dict[str, Any]:
        return {
            "kernels": weights["kernel"],
            "kernel_size": self.kernel_size,
            "strides": self.strides,
            "padding": self.padding,
            "bias": weights["bias"] if self.use_bias else None,
        }

    def _backward(self, weights: Weights, x: Array, *, before: Before) -> Backward:
        def backward(
            gradient: Array, *, of_inputs: bool = True
        ) -> tuple[tuple[Array, ...], dict[str, Array]]:
            from cnnviz.ops.locally_connected import locally_connected_gradients

            gradient = before(gradient)
            axes = self.window(x.shape[1:]).on(x.shape[1:-1])
            inputs, kernel = locally_connected_gradients(
                x, gradient, weights["kernel"], axes, of_inputs=of_inputs
            )
            bias = {"bias": gradient.sum(axis=0)} if self.use_bias else {}
            return inputs, {"kernel": kernel} | bias

        return backward


@dataclass(frozen=True)
class LocallyConnected1D(_LocallyConnected):
    """`Conv1D` with other kernels at each place: `(L, C)` to `(L', filters)` (Keras 2).

    >>> LocallyConnected1D(4, 3).weight_shapes((10, 2))
    {'kernel': (8, 6, 4), 'bias': (8, 4)}
    """

    rank = 1

    def forward(self, weights: Weights, *xs: Array) -> tuple[Array, Backward | None]:
        """Multiply each window by its kernels."""
        from cnnviz.ops import locally_connected1d

        y = locally_connected1d(*xs, **self._arguments(weights))
        y, before = activated(y, self.activation)
        return y, self._backward(weights, *xs, before=before)


@dataclass(frozen=True)
class LocallyConnected2D(_LocallyConnected):
    """`Conv2D` with other kernels at each place: `(H, W, C)` to `(H', W', filters)` (Keras 2).

    >>> LocallyConnected2D(4, 3).weight_shapes((10, 6, 2))
    {'kernel': (32, 18, 4), 'bias': (8, 4, 4)}
    """

    rank = 2

    def forward(self, weights: Weights, *xs: Array) -> tuple[Array, Backward | None]:
        """Multiply each window by its kernels."""
        from cnnviz.ops import locally_connected2d

        y = locally_connected2d(*xs, **self._arguments(weights))
        y, before = activated(y, self.activation)
        return y, self._backward(weights, *xs, before=before)
