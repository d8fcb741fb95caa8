"""Nonlinearities as layers of their own: shapes pass unchanged."""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, ClassVar

from cnnviz.contract import UNKNOWN, Ending, Layer, Unknown
from cnnviz.errors import SpecError
from cnnviz.geometry import Shape
from cnnviz.layers import checks
from cnnviz.layers._activated import in_place, overwriting
from cnnviz.layers._backward import backward_by, summed_to

if TYPE_CHECKING:
    from cnnviz.contract import Array, Backward, Weights


@dataclass(frozen=True)
class _Elementwise(Layer):
    """A function of each value, whose parameters are the layer's fields."""

    apart = True
    is_local = True
    # Family and name in `ops.activations`.
    _op: ClassVar[str] = ""

    def output_shape(self, *in_shapes: Shape) -> Shape:
        """Return the input's shape."""
        return checks.one(in_shapes)

    def forward(self, weights: Weights, *xs: Array) -> tuple[Array, Backward | None]:
        """Apply the function."""
        (x,) = xs
        family, name = self._op.split(".")
        module, settings = import_module(f"cnnviz.ops.activations.{family}"), vars(self)
        y = getattr(module, name)(x, **settings)
        way = getattr(module, f"{name}_gradient")
        return y, backward_by(lambda gradient: way(gradient, x, y, **settings))

    def ending(self) -> Ending | None:
        """Return the function, in place."""
        return overwriting(lambda part: self.forward({}, part)[0])


@dataclass(frozen=True)
class Activation(_Elementwise):
    """Apply the activation of that name.

    >>> Activation("tanh").output_shape((5, 5, 16))
    (5, 5, 16)
    """

    activation: str

    def __post_init__(self) -> None:
        if self.activation is None:
            raise SpecError("activation is missing", hint="use linear for none")
        checks.canonical(self, activation=checks.activation(self.activation))

    @property
    def apart(self) -> bool:  # type: ignore[override]
        """Whether no value depends on other channels."""
        return self.ending() is not None

    def forward(self, weights: Weights, *xs: Array) -> tuple[Array, Backward | None]:
        """Apply the function of that name."""
        from cnnviz.ops.activations import activation, gradient

        (x,) = xs
        y = activation(self.activation)(x)
        return y, backward_by(lambda upstream: gradient(self.activation)(upstream, x, y))

    @property
    def stays_finite(self) -> bool:
        """Tell whether it is one that only takes parts away."""
        return self.activation in ("linear", "relu", "relu6")

    def ending(self) -> Ending | None:
        """Return the function in place, None if it looks at several values."""
        try:
            return in_place(self.activation) or Ending(lambda part, do: None)
        except LookupError:
            return None


@dataclass(frozen=True)
class ReLU(_Elementwise):
    """Cut off below `threshold`: `negative_slope` below it, at most `max_value`.

    >>> import numpy as np
    >>> ReLU(max_value=6).forward({}, np.array([[-1.0, 3.0, 9.0]]))[0].tolist()
    [[0.0, 3.0, 6.0]]
    """

    _op = "piecewise.relu"

    max_value: float | None = None
    negative_slope: float = 0.0
    threshold: float = 0.0

    @property
    def stays_finite(self) -> bool:
        """Tell whether it only takes parts away."""
        return self.negative_slope == 0

    def ending(self) -> Ending | None:
        """Return the function, in place."""
        return in_place("relu") if self == ReLU() else super().ending()

    def __post_init__(self) -> None:
        if self.max_value is not None:
            checks.number(self.max_value, "max_value", 0)
        checks.number(self.negative_slope, "negative_slope", 0)
        checks.number(self.threshold, "threshold", 0)


@dataclass(frozen=True)
class LeakyReLU(_Elementwise):
    """Pass values above 0 and `negative_slope` times those below (Maas et al., 2013).

    The default is that of Keras's layer, 0.3; the activation `leaky_relu` has 0.2, PyTorch 0.01.
    """

    _op = "piecewise.leaky_relu"

    negative_slope: float = 0.3

    def __post_init__(self) -> None:
        checks.number(self.negative_slope, "negative_slope", 0)


@dataclass(frozen=True)
class PReLU(_Elementwise):
    """Pass values above 0 and trained slopes times those below (He et al., 2015).

    Each value has a slope of its own, except along `shared_axes`, counted from 1.

    >>> PReLU().weight_shapes((28, 28, 6))
    {'alpha': (28, 28, 6)}
    >>> PReLU(shared_axes=(1, 2)).weight_shapes((28, 28, 6))
    {'alpha': (1, 1, 6)}
    """

    apart = False  # its slopes have an order of axes
    is_local = False  # slopes may differ from row to row

    # Keras has the initializer, the regularizer and the constraint before it.
    shared_axes: tuple[int, ...] | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        axes = self.shared_axes
        if axes is not None:
            axes = tuple(axes) if isinstance(axes, list | tuple) else (axes,)
            axes = tuple(checks.integer(axis, "shared_axes") for axis in axes)
        checks.canonical(self, shared_axes=axes or None)

    def output_shape(self, *in_shapes: Shape) -> Shape:
        """Return the input's shape."""
        self.weight_shapes(*in_shapes)
        return checks.one(in_shapes)

    def weight_shapes(self, *in_shapes: Shape) -> dict[str, Shape]:
        """Return `alpha`, of the input's shape, 1 along the shared axes."""
        shape = list(checks.one(in_shapes))
        for axis in self.shared_axes or ():
            shape[checks.axis(axis, tuple(shape))] = 1
        return {"alpha": tuple(shape)}

    def ending(self) -> Ending | None:
        """Return none: slopes differ from channel to channel."""
        return None

    def forward(self, weights: Weights, *xs: Array) -> tuple[Array, Backward | None]:
        """Apply the slopes."""
        from cnnviz.ops.activations.piecewise import prelu, prelu_gradient

        (x,) = xs
        alpha = weights["alpha"]
        y = prelu(x, alpha=alpha)

        def backward(
            gradient: Array, *, of_inputs: bool = True
        ) -> tuple[tuple[Array, ...], dict[str, Array]]:
            import numpy as np

            of_alpha = summed_to(gradient * np.minimum(x, 0), alpha.shape)
            of_x = (prelu_gradient(gradient, x, y, alpha=alpha),) if of_inputs else ()
            return of_x, {"alpha": of_alpha}

        return y, backward


@dataclass(frozen=True)
class ELU(_Elementwise):
    """Pass values above 0 and `alpha (exp(x) - 1)` below (Clevert et al., 2015)."""

    _op = "exponentials.elu"

    alpha: float = 1.0

    def __post_init__(self) -> None:
        checks.number(self.alpha, "alpha")


@dataclass(frozen=True)
class Softmax(_Elementwise):
    """Turn values along `axis` into positive ones that sum to 1.

    >>> import numpy as np
    >>> Softmax().forward({}, np.array([[0.0, 0.0]]))[0].tolist()
    [[0.5, 0.5]]
    """

    apart = False
    _op = "probabilities.softmax"

    axis: int = -1

    def __post_init__(self) -> None:
        checks.integer(self.axis, "axis")

    # Over a spatial axis all places of it are needed.
    is_local = False

    def ending(self) -> Ending | None:
        """Return none: each value follows from several."""
        return None

    def output_shape(self, *in_shapes: Shape) -> Shape:
        """Return the input's shape."""
        shape = checks.one(in_shapes)
        checks.axis(self.axis, shape)
        return shape

    def window(self, in_shape: Shape) -> Unknown | None:
        """Return none over channels; over a spatial axis each place depends on all others."""
        return None if checks.axis(self.axis, in_shape) == len(in_shape) - 1 else UNKNOWN
