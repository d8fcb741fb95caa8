"""Pooling over a sliding window, and over the whole image."""

from __future__ import annotations

from dataclasses import dataclass, field

from cnnviz.contract import Layer
from cnnviz.geometry import Padding, Shape, Size, Window, pads, sizes
from cnnviz.layers import checks


@dataclass(frozen=True)
class _Pooling(Layer):
    """Each channel on its own: `(H, W, C)` to `(H', W', C)`; the stride defaults to the window."""

    pool_size: Size = 2
    strides: Size | None = None
    padding: Padding = "valid"
    # Keras has data_format here, so what follows is taken by keyword only.
    ceil_mode: bool = field(default=False, kw_only=True)

    def __post_init__(self) -> None:
        checks.canonical(
            self,
            pool_size=sizes(self.pool_size, "pool_size"),
            strides=None if self.strides is None else sizes(self.strides, "strides"),
            padding=pads(self.padding),
            ceil_mode=checks.flag(self.ceil_mode, "ceil_mode"),
        )

    def window(self, in_shape: Shape) -> Window:
        """Return the window that slides over each channel."""
        return Window.of(
            self.pool_size,
            strides=self.pool_size if self.strides is None else self.strides,
            padding=self.padding,
            ceil_mode=self.ceil_mode,
        )

    def output_shape(self, *in_shapes: Shape) -> Shape:
        """Return `(H', W', C)`."""
        shape = checks.image(in_shapes)
        *space, channels = shape
        return (*self.window(shape).output_shape(space), channels)


@dataclass(frozen=True)
class MaxPooling2D(_Pooling):
    """Keep the largest value of each window.

    >>> MaxPooling2D(3, strides=2).output_shape((55, 55, 96))
    (27, 27, 96)
    """

    aliases = ("MaxPool2D", "MaxPool2d")


@dataclass(frozen=True)
class AveragePooling2D(_Pooling):
    """Take the mean of each window; padding counts only with `count_include_pad`."""

    aliases = ("AvgPool2D", "AvgPool2d", "AveragePool2D")

    count_include_pad: bool = field(default=False, kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        checks.flag(self.count_include_pad, "count_include_pad")


@dataclass(frozen=True)
class _GlobalPooling(Layer):
    """One value a channel: `(H, W, C)` to `(C,)`, or `(1, 1, C)` with `keepdims`."""

    keepdims: bool = field(default=False, kw_only=True)

    def __post_init__(self) -> None:
        checks.flag(self.keepdims, "keepdims")

    def window(self, in_shape: Shape) -> Window:
        """Return the one window, as large as the input."""
        return Window.of(in_shape[:-1])

    def output_shape(self, *in_shapes: Shape) -> Shape:
        """Return `(C,)` or `(1, 1, C)`."""
        channels = checks.image(in_shapes)[-1]
        return (1, 1, channels) if self.keepdims else (channels,)


@dataclass(frozen=True)
class GlobalMaxPooling2D(_GlobalPooling):
    """Keep the largest value of each channel."""

    aliases = ("GlobalMaxPool2D",)


@dataclass(frozen=True)
class GlobalAveragePooling2D(_GlobalPooling):
    """Take the mean of each channel.

    >>> GlobalAveragePooling2D().output_shape((7, 7, 2048))
    (2048,)
    """

    aliases = ("GlobalAvgPool2D", "GlobalAveragePool2D")
