"""Convolution."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import prod
from typing import TYPE_CHECKING

from cnnviz.contract import Layer
from cnnviz.errors import InputError, SpecError
from cnnviz.geometry import Padding, Shape, Size, Window, pads, sizes, times
from cnnviz.layers import checks
from cnnviz.layers._activated import activated

if TYPE_CHECKING:
    from cnnviz.contract import Array, Backward, Weights


@dataclass(frozen=True)
class Conv2D(Layer):
    """Slide `filters` kernels over an image: `(H, W, C)` to `(H', W', filters)`.

    Parameters
    ----------
    filters : int
        Output channels; the number of `kernels` if those are given.
    kernel_size, strides, dilation_rate : int or (int, int)
        Rows and columns.
    padding : str, int or pairs
        `"valid"`, `"same"`, `"full"`, `n`, `(h, w)` or `((top, bottom), (left, right))`.
    groups : int
        Each group of filters sees its own `C / groups` input channels.
    activation : str, optional
        Applied to the result.
    use_bias : bool
        Add one trained number a filter.
    kernels : list of str, optional
        Named kernels or matrices of one size, one a filter, as the weights before training;
        `filters` and `kernel_size` follow from them. Each is slid over every input channel (of its
        group) and summed; the offset of `pillow:emboss` is the bias.

    Raises
    ------
    SpecError
        If a setting is out of range.

    >>> Conv2D(64, 3, padding="same").output_shape((224, 224, 3))
    (224, 224, 64)
    >>> Conv2D(64, 3).weight_shapes((224, 224, 3))
    {'kernel': (3, 3, 3, 64), 'bias': (64,)}
    >>> Conv2D(kernels=["sobel-x", "edge"]).output_shape((28, 28, 1))
    (26, 26, 2)
    """

    aliases = ("Convolution2D",)

    filters: int | None = None
    kernel_size: Size | None = None
    strides: Size = 1
    padding: Padding = "valid"
    # Keras has data_format here, so what follows is taken by keyword only.
    dilation_rate: Size = field(default=1, kw_only=True)
    groups: int = field(default=1, kw_only=True)
    activation: str | None = field(default=None, kw_only=True)
    use_bias: bool = field(default=True, kw_only=True)
    kernels: Sequence[str] | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        kernels, filters, size = self.kernels, self.filters, self.kernel_size
        if kernels is not None:
            kernels = _names(kernels)
            common = _common_size(kernels)
            filters = len(kernels) if filters is None else filters
            size = common if size is None else sizes(size, "kernel_size")
            if filters != len(kernels):
                raise SpecError(f"filters {filters} is not the number of kernels, {len(kernels)}")
            if size != common:
                raise SpecError(f"kernel_size {size} is not that of the kernels, {common}")
        if filters is None or size is None:
            missing = "filters" if filters is None else "kernel_size"
            raise SpecError(f"{missing} is missing", hint="write Conv2D(filters, kernel_size)")
        checks.canonical(
            self,
            filters=checks.count(filters, "filters"),
            kernel_size=sizes(size, "kernel_size"),
            strides=sizes(self.strides, "strides"),
            padding=pads(self.padding),
            dilation_rate=sizes(self.dilation_rate, "dilation_rate"),
            groups=checks.count(self.groups, "groups"),
            activation=checks.activation(self.activation),
            use_bias=checks.flag(self.use_bias, "use_bias"),
            kernels=kernels,
        )
        if self._filters % self.groups:
            raise SpecError(f"groups {self.groups} does not divide filters {self.filters}")

    @property
    def _filters(self) -> int:
        assert self.filters is not None
        return self.filters

    def window(self, in_shape: Shape) -> Window:
        """Return the window that each filter slides."""
        assert self.kernel_size is not None
        return Window.of(
            self.kernel_size,
            strides=self.strides,
            padding=self.padding,
            dilation_rate=self.dilation_rate,
        )

    def output_shape(self, *in_shapes: Shape) -> Shape:
        """Return `(H', W', filters)`."""
        shape = checks.image(in_shapes)
        *space, channels = shape
        if channels % self.groups:
            raise SpecError(f"groups {self.groups} does not divide {channels} input channels")
        return (*self.window(shape).output_shape(space), self._filters)

    def weight_shapes(self, *in_shapes: Shape) -> dict[str, Shape]:
        """Return `kernel` `(kh, kw, C / groups, filters)` and `bias` `(filters,)`."""
        shape = checks.one(in_shapes)
        kernel = (*self.window(shape).kernel_size, shape[-1] // self.groups, self._filters)
        return {"kernel": kernel} | ({"bias": (self._filters,)} if self.use_bias else {})

    def macs(self, *in_shapes: Shape) -> int:
        """Return output positions x kernel weights."""
        return prod(self.output_shape(*in_shapes)[:-1]) * prod(
            self.weight_shapes(*in_shapes)["kernel"]
        )

    def initial(self, *in_shapes: Shape) -> dict[str, Array]:
        """Return the named kernels as `kernel` and their offsets as `bias`; none if not named."""
        if self.kernels is None:
            return {}
        import numpy as np

        from cnnviz.kernels import resolve

        named = [resolve(name)[0] for name in self.kernels]
        shapes = self.weight_shapes(*in_shapes)
        stack = np.stack([each.values for each in named], axis=-1).astype(np.float32)
        found = {"kernel": np.broadcast_to(stack[:, :, np.newaxis], shapes["kernel"]).copy()}
        if self.use_bias:
            found["bias"] = np.array([each.offset for each in named], np.float32)
        return found

    def forward(self, weights: Weights, *xs: Array) -> tuple[Array, Backward | None]:
        """Convolve; without a `kernel` in `weights`, with the named ones."""
        from cnnviz.ops import conv2d

        (x,) = xs
        if self.kernels is not None and "kernel" not in weights:
            weights = self.initial(x.shape[1:]) | dict(weights)
        y = conv2d(
            x,
            weights["kernel"],
            strides=self.strides,
            padding=self.padding,
            dilation_rate=self.dilation_rate,
            groups=self.groups,
            bias=weights["bias"] if self.use_bias else None,
        )
        return activated(y, self.activation), None


def _names(kernels: object) -> tuple[str, ...]:
    if isinstance(kernels, list | tuple) and kernels and all(isinstance(k, str) for k in kernels):
        return tuple(kernels)
    raise SpecError(f"kernels {kernels!a} is not a list of kernel names")


def _common_size(names: tuple[str, ...]) -> Shape:
    """Return the size that named kernels share; a spec is data and reads no kernel files."""
    from cnnviz.kernels import describe, kernel

    found: set[Shape] = set()
    for name in dict.fromkeys(names):
        if not set(name) <= set("0123456789+-.e,;/ "):
            describe(name)
        try:
            found.add(kernel(name).shape)
        except InputError as error:  # a value that is not finite
            raise SpecError(error.message) from error
    if len(found) > 1:
        each = ", ".join(times(shape) for shape in sorted(found))
        raise SpecError(f"the kernels differ in size: {each}")
    return found.pop()
