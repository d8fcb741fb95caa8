"""Convolution of each channel apart."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import prod
from typing import TYPE_CHECKING

from cnnviz.geometry import Padding, Shape, Size
from cnnviz.layers import checks
from cnnviz.layers._activated import activated
from cnnviz.layers._folded import folded
from cnnviz.layers._sliding import _Sliding

if TYPE_CHECKING:
    from cnnviz.contract import Array, Backward, Ending, Layer, Ready, Weights


@dataclass(frozen=True)
class DepthwiseConv2D(_Sliding):
    """Slide kernels over each channel apart: `(H, W, C)` to `(H', W', C * depth_multiplier)`.

    Parameters
    ----------
    kernel_size, strides, padding, dilation_rate
        As in `Conv2D`.
    depth_multiplier : int
        Kernels a channel; the maps of one channel stay together.
    activation : str, optional
        Applied to the result.
    use_bias : bool
        Add one trained number a map.

    Raises
    ------
    SpecError
        If a setting is out of range.

    >>> DepthwiseConv2D(3, padding="same").weight_shapes((112, 112, 32))
    {'kernel': (3, 3, 32, 1), 'bias': (32,)}
    """

    aliases = ("DepthwiseConvolution2D",)

    kernel_size: Size
    strides: Size = 1
    padding: Padding = "valid"
    depth_multiplier: int = 1
    # Keras has data_format here, so what follows is taken by keyword only.
    dilation_rate: Size = field(default=1, kw_only=True)
    activation: str | None = field(default=None, kw_only=True)
    use_bias: bool = field(default=True, kw_only=True)

    def __post_init__(self) -> None:
        checks.count(self.depth_multiplier, "depth_multiplier")
        self._check()

    def output_shape(self, *in_shapes: Shape) -> Shape:
        """Return `(H', W', C * depth_multiplier)`."""
        return (*self._space(in_shapes), in_shapes[0][-1] * self.depth_multiplier)

    def weight_shapes(self, *in_shapes: Shape) -> dict[str, Shape]:
        """Return `kernel` `(kh, kw, C, depth_multiplier)` and `bias` `(C * depth_multiplier,)`."""
        shape = checks.image(in_shapes)
        kernel = (*self.window(shape).kernel_size, shape[-1], self.depth_multiplier)
        return {"kernel": kernel} | self._bias(shape[-1] * self.depth_multiplier)

    def fan_in(self, name: str, *in_shapes: Shape) -> float:
        """Return the cells of a window: nothing is summed over channels."""
        return prod(self.window(in_shapes[0]).kernel_size)

    def prepare(self, weights: Weights, *in_shapes: Shape, ending: Ending | None = None) -> Ready:
        """Lay the kernels out, with bias and activation in each band."""
        kernels, channels = weights["kernel"], in_shapes[0][-1]
        grouped = kernels.reshape(*kernels.shape[:2], 1, -1)
        bias = weights["bias"] if self.use_bias else None
        ready = self._ready(grouped, channels, bias, in_shapes[0], ending)
        return ready or super().prepare(weights, *in_shapes, ending=ending)

    def folded(self, weights: Weights, scale: Array, offset: Array) -> tuple[Layer, Weights] | None:
        """Scale each filter, and make the rest of it its bias."""
        return folded(self, weights, scale, offset)

    def forward(self, weights: Weights, *xs: Array) -> tuple[Array, Backward | None]:
        """Convolve each channel."""
        from cnnviz.ops import depthwise_conv2d

        (x,) = xs
        bias = weights["bias"] if self.use_bias else None
        y = depthwise_conv2d(x, weights["kernel"], bias=bias, **self._slides)
        y, before = activated(y, self.activation)

        def backward(
            gradient: Array, *, of_inputs: bool = True
        ) -> tuple[tuple[Array, ...], dict[str, Array]]:
            from cnnviz.ops.conv.gradients import bias_gradient, depthwise_gradients

            gradient = before(gradient)
            axes = self.window(x.shape[1:]).on(x.shape[1:-1])
            inputs, kernel = depthwise_gradients(
                x, gradient, weights["kernel"], axes, of_inputs=of_inputs
            )
            bias = {"bias": bias_gradient(gradient)} if self.use_bias else {}
            return inputs, {"kernel": kernel} | bias

        return y, backward
