"""Convolution of each channel apart, then of each pixel across channels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import prod
from typing import TYPE_CHECKING, ClassVar

from cnnviz.geometry import Padding, Shape, Size
from cnnviz.layers import checks
from cnnviz.layers._activated import activated
from cnnviz.layers._sliding import _Sliding

if TYPE_CHECKING:
    from cnnviz.contract import Array, Backward, Weights


@dataclass(frozen=True)
class SeparableConv2D(_Sliding):
    """A depthwise convolution and a 1x1 one over its maps: `(H, W, C)` to `(H', W', filters)`.

    Parameters
    ----------
    filters : int
        Output channels.
    kernel_size, strides, padding, dilation_rate
        Of the depthwise convolution, as in `Conv2D`.
    depth_multiplier : int
        Depthwise kernels a channel.
    activation : str, optional
        Applied to the result.
    use_bias : bool
        Add one trained number a filter.

    Raises
    ------
    SpecError
        If a setting is out of range.

    >>> SeparableConv2D(64, 3).weight_shapes((19, 19, 32))
    {'depthwise_kernel': (3, 3, 32, 1), 'pointwise_kernel': (1, 1, 32, 64), 'bias': (64,)}
    """

    aliases = ("SeparableConvolution2D",)
    sliding: ClassVar[Mapping[str, int]] = {"depthwise_kernel": 2}

    filters: int
    kernel_size: Size
    strides: Size = 1
    padding: Padding = "valid"
    # Keras has data_format here, so what follows is taken by keyword only.
    dilation_rate: Size = field(default=1, kw_only=True)
    depth_multiplier: int = field(default=1, kw_only=True)
    activation: str | None = field(default=None, kw_only=True)
    use_bias: bool = field(default=True, kw_only=True)

    def __post_init__(self) -> None:
        checks.count(self.filters, "filters")
        checks.count(self.depth_multiplier, "depth_multiplier")
        self._check()

    def output_shape(self, *in_shapes: Shape) -> Shape:
        """Return `(H', W', filters)`."""
        return (*self._space(in_shapes), self.filters)

    def weight_shapes(self, *in_shapes: Shape) -> dict[str, Shape]:
        """Return the kernels and `bias` `(filters,)`.

        `depthwise_kernel` is `(kh, kw, C, depth_multiplier)`, `pointwise_kernel` `(1, 1,
        C * depth_multiplier, filters)`.
        """
        shape = checks.image(in_shapes)
        apart = (*self.window(shape).kernel_size, shape[-1], self.depth_multiplier)
        across = (1, 1, shape[-1] * self.depth_multiplier, self.filters)
        return {"depthwise_kernel": apart, "pointwise_kernel": across} | self._bias(self.filters)

    def fan_in(self, name: str, *in_shapes: Shape) -> float:
        """Return the cells of a window, or the maps that each pixel is wired to."""
        cells = prod(self.window(in_shapes[0]).kernel_size)
        apart = name == "depthwise_kernel"
        return cells if apart else in_shapes[0][-1] * self.depth_multiplier

    def forward(self, weights: Weights, *xs: Array) -> tuple[Array, Backward | None]:
        """Convolve each channel, then wire the maps at each pixel."""
        from cnnviz.ops import dense, depthwise_conv2d

        (x,) = xs
        maps = depthwise_conv2d(x, weights["depthwise_kernel"], **self._slides)
        bias = weights["bias"] if self.use_bias else None
        # A 1x1 convolution is the dense layer at each pixel, one product and no windows.
        y = dense(maps, weights["pointwise_kernel"][0, 0], bias=bias)
        y, before = activated(y, self.activation)
        del maps  # made again for the way back, so that no run holds them

        def backward(
            gradient: Array, *, of_inputs: bool = True
        ) -> tuple[tuple[Array, ...], dict[str, Array]]:
            from cnnviz.ops.conv.gradients import bias_gradient, depthwise_gradients
            from cnnviz.ops.fully_connected import dense_gradients

            gradient = before(gradient)
            axes = self.window(x.shape[1:]).on(x.shape[1:-1])
            apart, across = weights["depthwise_kernel"], weights["pointwise_kernel"]
            maps = depthwise_conv2d(x, apart, **self._slides)
            (of_maps,), made = dense_gradients(maps, gradient, across[0, 0])
            inputs, kernel = depthwise_gradients(x, of_maps, apart, axes, of_inputs=of_inputs)
            bias = {"bias": bias_gradient(gradient)} if self.use_bias else {}
            return inputs, {"depthwise_kernel": kernel, "pointwise_kernel": made[None, None]} | bias

        return y, backward
