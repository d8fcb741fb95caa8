"""Enlarging by whole numbers, without weights."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cnnviz.contract import Layer
from cnnviz.errors import unknown_name
from cnnviz.geometry import Shape, Size, sizes
from cnnviz.geometry.transposed import TransposedWindow
from cnnviz.layers import checks

if TYPE_CHECKING:
    from cnnviz.contract import Array, Backward, Weights

INTERPOLATIONS = ("nearest", "bilinear")


@dataclass(frozen=True)
class UpSampling1D(Layer):
    """Repeat each step `size` times: `(L, C)` to `(L * size, C)`.

    >>> UpSampling1D(3).output_shape((100, 8))
    (300, 8)
    """

    size: Size = 2

    def __post_init__(self) -> None:
        checks.canonical(self, size=sizes(self.size, "size", rank=1))

    def window(self, in_shape: Shape) -> TransposedWindow:
        """Return the window that each step is written to."""
        return TransposedWindow.of(self.size, strides=self.size, rank=1)

    def output_shape(self, *in_shapes: Shape) -> Shape:
        """Return `(L * size, C)`."""
        shape = checks.spatial(in_shapes, 1)
        return (*self.window(shape).output_shape(shape[:-1]), shape[-1])

    def forward(self, weights: Weights, *xs: Array) -> tuple[Array, Backward | None]:
        """Repeat."""
        from cnnviz.ops import upsample2d

        (x,) = xs
        # A sequence is an image one cell wide.
        (size,) = sizes(self.size, "size", rank=1)

        def backward(
            gradient: Array, *, of_inputs: bool = True
        ) -> tuple[tuple[Array, ...], dict[str, Array]]:
            from cnnviz.ops.upsampling import upsample2d_gradient

            if not of_inputs:
                return (), {}
            return (upsample2d_gradient(gradient[:, :, None], (size, 1))[:, :, 0],), {}

        return upsample2d(x[:, :, None], (size, 1))[:, :, 0], backward


@dataclass(frozen=True)
class UpSampling2D(Layer):
    """Enlarge an image: `(H, W, C)` to `(H * h, W * w, C)`.

    Parameters
    ----------
    size : int or (int, int)
        How often rows and columns are repeated.
    interpolation : {"nearest", "bilinear"}
        Bilinear is between the centres of pixels, as in Keras and as ONNX's `half_pixel`.

    Raises
    ------
    SpecError
        If a setting is out of range.

    >>> UpSampling2D((2, 3), interpolation="bilinear").output_shape((7, 7, 64))
    (14, 21, 64)
    """

    aliases = ("Upsampling2D",)

    size: Size = 2
    # Keras has data_format here, so what follows is taken by keyword only.
    interpolation: str = field(default="nearest", kw_only=True)

    def __post_init__(self) -> None:
        if self.interpolation not in INTERPOLATIONS:
            raise unknown_name("interpolation", str(self.interpolation), INTERPOLATIONS)
        checks.canonical(self, size=sizes(self.size, "size"))

    def window(self, in_shape: Shape) -> TransposedWindow:
        """Return the window that each pixel is written to."""
        size = sizes(self.size, "size")
        if self.interpolation == "nearest":
            return TransposedWindow.of(size, strides=size)
        # A pixel has a share in all that lies between the centres of those beside it.
        return TransposedWindow.of(
            tuple(2 * n - n % 2 for n in size),
            strides=size,
            padding=tuple(n // 2 for n in size),
        )

    def output_shape(self, *in_shapes: Shape) -> Shape:
        """Return `(H * h, W * w, C)`."""
        shape = checks.image(in_shapes)
        return (*self.window(shape).output_shape(shape[:-1]), shape[-1])

    def forward(self, weights: Weights, *xs: Array) -> tuple[Array, Backward | None]:
        """Enlarge."""
        from cnnviz.ops import upsample2d

        (x,) = xs

        def backward(
            gradient: Array, *, of_inputs: bool = True
        ) -> tuple[tuple[Array, ...], dict[str, Array]]:
            from cnnviz.ops.upsampling import upsample2d_gradient

            if not of_inputs:
                return (), {}
            return (upsample2d_gradient(gradient, self.size, interpolation=self.interpolation),), {}

        return upsample2d(x, self.size, interpolation=self.interpolation), backward
