"""What layers share whose kernels slide over the whole input."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import TYPE_CHECKING, Any, ClassVar

from cnnviz.contract import Ending, Layer, Ready
from cnnviz.errors import SpecError
from cnnviz.geometry import Padding, Shape, Size, Window, pads, sizes
from cnnviz.layers import checks
from cnnviz.layers._activated import in_place
from cnnviz.layers._folded import folded

if TYPE_CHECKING:
    from cnnviz.contract import Array, Backward, Task, Weights
    from cnnviz.layers._activated import Before


class _Sliding(Layer):
    # No dataclass of its own, so that these are no fields: each layer has them in Keras's order.
    kernel_size: Size | None
    strides: Size
    padding: Padding
    dilation_rate: Size
    activation: str | None
    use_bias: bool

    rank: ClassVar[int] = 2
    sliding: ClassVar[Mapping[str, int]] = {"kernel": 2}

    def _check(self, **own: Any) -> None:
        """Replace the settings by their checked form, and a layer's `own` by those given."""
        if self.kernel_size is None:
            raise SpecError("kernel_size is missing", hint="give 3 or (3, 3)")
        checks.canonical(
            self,
            kernel_size=sizes(self.kernel_size, "kernel_size", rank=self.rank),
            strides=sizes(self.strides, "strides", rank=self.rank),
            padding=pads(self.padding, rank=self.rank),
            dilation_rate=sizes(self.dilation_rate, "dilation_rate", rank=self.rank),
            activation=checks.activation(self.activation),
            use_bias=checks.flag(self.use_bias, "use_bias"),
            **own,
        )

    @property
    def _slides(self) -> dict[str, Any]:
        """How the kernel slides, as the ops take it."""
        return {
            "strides": self.strides,
            "padding": self.padding,
            "dilation_rate": self.dilation_rate,
        }

    def _bias(self, maps: int) -> dict[str, Shape]:
        return {"bias": (maps,)} if self.use_bias else {}

    def window(self, in_shape: Shape) -> Window:
        """Return the window that each filter slides."""
        assert self.kernel_size is not None
        return Window.of(self.kernel_size, rank=self.rank, **self._slides)

    def _space(self, in_shapes: tuple[Shape, ...]) -> Shape:
        """Return the spatial axes of the output."""
        shape = checks.spatial(in_shapes, self.rank)
        return self.window(shape).output_shape(shape[:-1])

    def _ready(
        self,
        kernels: Array,
        groups: int,
        bias: Array | None,
        shape: Shape,
        ending: Ending | None,
    ) -> Ready | None:
        """Return kernels laid out to slide over images, each band finished in the cache.

        `kernels` are `(*kernel_size, C/groups, filters)`. None where the activation, or the ending,
        needs all filters at once.
        """
        from cnnviz.ops.conv.engine import prepared
        from cnnviz.ops.sequences import UNIT

        try:
            activation = Ending.of(in_place(self.activation), ending)
        except LookupError:
            return None
        space = self.window(shape).on(shape[:-1])
        rows, columns = space if self.rank == 2 else (*space, UNIT)
        images = kernels if self.rank == 2 else kernels[:, None]
        whole = activation is not None and activation.whole
        ready = prepared(
            images,
            (rows, columns),
            groups=groups,
            bias=bias,
            activation=activation,
            whole=whole,
        )
        if whole and not ready.is_written:
            return None

        def bind(out: Array, *xs: Array) -> Sequence[Task]:
            (x,) = xs
            if self.rank == 1:
                x, out = x[:, :, None], out[:, :, None]
            return ready.tasks(x, out)

        return Ready(bind, ready.nbytes)

    def macs(self, *in_shapes: Shape) -> int:
        """Return output positions x kernel weights."""
        shapes = self.weight_shapes(*in_shapes)
        weights = sum(prod(shape) for name, shape in shapes.items() if name != "bias")
        return prod(self._space(in_shapes)) * weights


class _Convolution(_Sliding):
    """A convolution whose groups of filters each see their own channels."""

    filters: int | None
    groups: int

    @property
    def makes_places(self) -> bool:
        """Tell whether its parts can be rows: of groups they are some filters."""
        return self.groups == 1

    @property
    def _filters(self) -> int:
        assert self.filters is not None
        return self.filters

    def output_shape(self, *in_shapes: Shape) -> Shape:
        """Return the number of windows along each axis, and `filters`."""
        space = self._space(in_shapes)
        checks.grouped(in_shapes[0][-1], self.groups)
        return (*space, self._filters)

    def weight_shapes(self, *in_shapes: Shape) -> dict[str, Shape]:
        """Return `kernel` `(*kernel_size, C / groups, filters)` and `bias` `(filters,)`."""
        shape = checks.spatial(in_shapes, self.rank)
        size = self.window(shape).kernel_size
        kernel = (*size, shape[-1] // self.groups, self._filters)
        return {"kernel": kernel} | self._bias(self._filters)

    def prepare(self, weights: Weights, *in_shapes: Shape, ending: Ending | None = None) -> Ready:
        """Lay the kernels out, with bias and activation in each band."""
        bias = weights["bias"] if self.use_bias else None
        ready = self._ready(weights["kernel"], self.groups, bias, in_shapes[0], ending)
        return ready or super().prepare(weights, *in_shapes, ending=ending)

    def folded(self, weights: Weights, scale: Array, offset: Array) -> tuple[Layer, Weights] | None:
        """Scale each filter, and make the rest of it its bias."""
        return folded(self, weights, scale, offset)

    def _backward(self, weights: Weights, x: Array, before: Before) -> Backward:
        """Return the way back; `before` leads through the activation."""

        def backward(
            gradient: Array, *, of_inputs: bool = True
        ) -> tuple[tuple[Array, ...], dict[str, Array]]:
            from cnnviz.ops.conv.gradients import bias_gradient, convolution_gradients

            gradient = before(gradient)
            axes = self.window(x.shape[1:]).on(x.shape[1:-1])
            inputs, kernel = convolution_gradients(
                x, gradient, weights["kernel"], axes, groups=self.groups, of_inputs=of_inputs
            )
            bias = {"bias": bias_gradient(gradient)} if self.use_bias else {}
            return inputs, {"kernel": kernel} | bias

        return backward
