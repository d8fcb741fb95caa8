"""Convolution."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import prod
from typing import TYPE_CHECKING

from cnnviz.errors import InputError, SpecError
from cnnviz.geometry import Padding, Shape, Size, sizes, times
from cnnviz.layers import checks
from cnnviz.layers._activated import activated
from cnnviz.layers._innermost import axes_of
from cnnviz.layers._sliding import _Convolution

if TYPE_CHECKING:
    import numpy as np

    from cnnviz.contract import Array, Backward, Ending, Ready, Weights


@dataclass(frozen=True)
class Conv2D(_Convolution):
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
        checks.count(filters, "filters")
        checks.groups(self.groups, filters)
        checks.canonical(self, filters=filters, kernel_size=size, kernels=kernels)
        self._check()

    def initial(self, *in_shapes: Shape) -> dict[str, Array]:
        """Return the named kernels as `kernel` and their offsets as `bias`; none if not named."""
        if self.kernels is None:
            return {}
        import numpy as np

        from cnnviz.files import check_bytes
        from cnnviz.kernels import resolve

        shape = self.weight_shapes(*in_shapes)["kernel"]
        # Each kernel and their stack as float64, the stack as float32, and that for every channel.
        held = 20 * prod(shape) // shape[2] + 4 * prod(shape)
        check_bytes(held, f"named kernels {times(shape)}", hint="use smaller or fewer ones")
        named = [resolve(name)[0] for name in self.kernels]
        stack = np.stack([each.values for each in named], axis=-1).astype(np.float32)
        found = {"kernel": np.broadcast_to(stack[:, :, np.newaxis], shape).copy()}
        if self.use_bias:
            found["bias"] = np.array([each.offset for each in named], np.float32)
        return found

    def given(self) -> tuple[str, ...]:
        """Return the names of what `initial` returns."""
        if self.kernels is None:
            return ()
        return ("kernel", "bias") if self.use_bias else ("kernel",)

    def prepare(self, weights: Weights, *in_shapes: Shape, ending: Ending | None = None) -> Ready:
        """Lay the kernels out; without a `kernel` in `weights`, the named ones."""
        if self.kernels is not None and "kernel" not in weights:
            weights = self.initial(*in_shapes) | dict(weights)
        return super().prepare(weights, *in_shapes, ending=ending)

    def forward(self, weights: Weights, *xs: Array) -> tuple[Array, Backward | None]:
        """Convolve; without a `kernel` in `weights`, with the named ones."""
        from cnnviz.ops import conv2d

        (x,) = xs
        if self.kernels is not None and "kernel" not in weights:
            weights = self.initial(x.shape[1:]) | dict(weights)
        bias = weights["bias"] if self.use_bias else None
        y = conv2d(x, weights["kernel"], groups=self.groups, bias=bias, **self._slides)
        y, before = activated(y, self.activation)
        return y, self._backward(weights, x, before)

    def forward_innermost(
        self, weights: Weights, *xs: Array, generator: np.random.Generator, step: int | None = None
    ) -> tuple[Array, Backward, dict[str, Array]]:
        """Convolve `(C, H, W, N)`."""
        from cnnviz.ops.innermost import convolution, winograd

        (x,) = xs
        axes = axes_of(self, x.shape)
        if self.activation is not None or not convolution.fits(axes, self.groups):
            return super().forward_innermost(weights, *xs, generator=generator, step=step)
        kernel, bias = weights["kernel"], weights["bias"] if self.use_bias else None
        way = winograd if winograd.fits(x, kernel.shape, axes) else convolution
        run = way.Convolution(x, kernel, axes, bias)

        def backward(
            gradient: Array, *, of_inputs: bool = True
        ) -> tuple[tuple[Array, ...], dict[str, Array]]:
            inputs, own = run.gradients(gradient, of_inputs=of_inputs)
            found = {"kernel": own}
            if self.use_bias:
                found["bias"] = gradient.reshape(len(gradient), -1).sum(axis=1)
            return inputs, found

        return run.y, backward, {}


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
