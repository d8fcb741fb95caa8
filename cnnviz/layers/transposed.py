"""Transposed convolution, which decoders and generators enlarge with."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import prod
from typing import TYPE_CHECKING

from cnnviz.contract import Layer
from cnnviz.geometry import Padding, Shape, Size, pads, sizes
from cnnviz.geometry.transposed import TransposedWindow
from cnnviz.layers import checks
from cnnviz.layers._activated import activated

if TYPE_CHECKING:
    from cnnviz.contract import Array, Backward, Weights


@dataclass(frozen=True)
class Conv2DTranspose(Layer):
    """Write `filters` kernels over a larger image: `(H, W, C)` to `(H', W', filters)`.

    Parameters
    ----------
    filters : int
        Output channels.
    kernel_size, strides, dilation_rate : int or (int, int)
        Cells of the kernel, between two input cells in the output, between two cells written.
    padding : str, int or pairs
        What is cropped from the output: `"valid"`, `"same"`, `"full"` or numbers as in `Conv2D`,
        which are PyTorch's.
    output_padding : int or (int, int), optional
        Cells more at the end, fewer than the stride. Not given, the output has Keras's size:
        `n s` for `"same"`, `(n - 1) s + max(d(k - 1) + 1, s)` for `"valid"`; for numbers it is 0.
        With `"same"` the output has `(n - 1) s + k mod 2` cells and these, as in Keras.
    activation : str, optional
        Applied to the result.
    use_bias : bool
        Add one trained number a filter.

    Raises
    ------
    SpecError
        If a setting is out of range.

    >>> Conv2DTranspose(64, 4, strides=2, padding="same").output_shape((7, 7, 128))
    (14, 14, 64)
    >>> Conv2DTranspose(64, 3, 2, 1, output_padding=1).output_shape((7, 7, 128))
    (14, 14, 64)
    """

    aliases = ("Convolution2DTranspose",)

    filters: int
    kernel_size: Size
    strides: Size = 1
    padding: Padding = "valid"
    # Keras has data_format here, so what follows is taken by keyword only.
    output_padding: Size | None = field(default=None, kw_only=True)
    dilation_rate: Size = field(default=1, kw_only=True)
    activation: str | None = field(default=None, kw_only=True)
    use_bias: bool = field(default=True, kw_only=True)

    def __post_init__(self) -> None:
        added = self.output_padding
        checks.canonical(
            self,
            filters=checks.count(self.filters, "filters"),
            kernel_size=sizes(self.kernel_size, "kernel_size"),
            strides=sizes(self.strides, "strides"),
            padding=pads(self.padding),
            output_padding=None if added is None else sizes(added, "output_padding", least=0),
            dilation_rate=sizes(self.dilation_rate, "dilation_rate"),
            activation=checks.activation(self.activation),
            use_bias=checks.flag(self.use_bias, "use_bias"),
        )
        self.window(())

    def window(self, in_shape: Shape) -> TransposedWindow:
        """Return the window that each input cell is written to."""
        kernel, strides = sizes(self.kernel_size, "kernel_size"), sizes(self.strides, "strides")
        dilation = sizes(self.dilation_rate, "dilation_rate")
        extents = tuple(d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True))
        padding, added = self.padding, self.output_padding
        if added is None:
            short = (max(s - n, 0) for n, s in zip(extents, strides, strict=True))
            added = tuple(short) if padding == "valid" else 0
        elif padding == "same":
            padding, added = _as_numbers(extents, strides, sizes(added, "output_padding", least=0))
        return TransposedWindow.of(
            kernel,
            strides=strides,
            padding=padding,
            output_padding=added,
            dilation_rate=dilation,
        )

    def output_shape(self, *in_shapes: Shape) -> Shape:
        """Return `(H', W', filters)`."""
        shape = checks.image(in_shapes)
        return (*self.window(shape).output_shape(shape[:-1]), self.filters)

    def weight_shapes(self, *in_shapes: Shape) -> dict[str, Shape]:
        """Return `kernel` `(kh, kw, filters, C)` and `bias` `(filters,)`."""
        channels = checks.image(in_shapes)[-1]
        kernel = (*sizes(self.kernel_size, "kernel_size"), self.filters, channels)
        return {"kernel": kernel} | ({"bias": (self.filters,)} if self.use_bias else {})

    def fan_in(self, name: str, *in_shapes: Shape) -> float:
        """Return the kernel weights of a filter, of which each value finds one in `strides`."""
        window = self.window(in_shapes[0]).window
        return prod(window.kernel_size) * in_shapes[0][-1] / prod(window.strides)

    def macs(self, *in_shapes: Shape) -> int:
        """Return input positions x kernel weights."""
        positions = prod(checks.image(in_shapes)[:-1])
        return positions * prod(self.weight_shapes(*in_shapes)["kernel"])

    def forward(self, weights: Weights, *xs: Array) -> tuple[Array, Backward | None]:
        """Write the kernels, weighted by the input."""
        from cnnviz.ops import conv2d_transpose

        (x,) = xs
        window = self.window(x.shape[1:])
        y = conv2d_transpose(
            x,
            weights["kernel"],
            strides=self.strides,
            padding=window.window.padding,
            output_padding=window.output_padding,
            dilation_rate=self.dilation_rate,
            bias=weights["bias"] if self.use_bias else None,
        )
        y, before = activated(y, self.activation)

        def backward(
            gradient: Array, *, of_inputs: bool = True
        ) -> tuple[tuple[Array, ...], dict[str, Array]]:
            from cnnviz.ops.conv.gradients import bias_gradient, transposed_gradients

            gradient = before(gradient)
            inputs, kernel = transposed_gradients(
                x, gradient, weights["kernel"], window.on(x.shape[1:-1]), of_inputs=of_inputs
            )
            bias = {"bias": bias_gradient(gradient)} if self.use_bias else {}
            return inputs, {"kernel": kernel} | bias

        return y, backward


def _as_numbers(extents: Shape, strides: Shape, added: Shape) -> tuple[Padding, Shape]:
    """Return Keras's "same" with an output padding as padding and output padding in numbers.

    Keras keeps `(n - 1) s + e mod 2` cells and those added, and crops the smaller half in front.
    """
    TransposedWindow.of(1, strides=strides, output_padding=added)  # refuses what is too large
    pairs, more = [], []
    for extent, n in zip(extents, added, strict=True):
        cropped = extent - extent % 2 - n
        before = max(cropped // 2, 0)
        pairs.append((before, max(cropped - before, 0)))
        more.append(max(before - cropped, 0))
    return tuple(pairs), tuple(more)
