"""The contract that every layer keeps; graphs, models and reports know layers only by it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol

from cnnviz.errors import SpecError
from cnnviz.geometry import Shape, Window

if TYPE_CHECKING:
    import numpy as np

    from cnnviz.geometry.transposed import TransposedWindow

    Array = np.ndarray[Any, np.dtype[Any]]
    Weights = Mapping[str, Array]
    ModelWeights = Mapping[str, Weights]  # by node: running statistics too

Unknown = Literal["unknown"]
UNKNOWN: Unknown = "unknown"


class Backward(Protocol):
    """From the gradient of a layer's output to those of its inputs and of its weights."""

    def __call__(
        self, gradient: Array, *, of_inputs: bool = True
    ) -> tuple[tuple[Array, ...], dict[str, Array]]:
        """Return one gradient an input (none at all without `of_inputs`), and those by weight.

        `gradient` is not changed; those of inputs may share memory with it and with each other.
        """


@dataclass(frozen=True)
class Layer:
    """A layer's settings, without its weights and without a place in a graph.

    Shapes have no batch axis: `(H, W, C)`, `(L, C)` or `(units,)`. A subclass is a frozen dataclass
    whose fields are Keras's arguments in Keras's order; its class name is its name in specs.
    """

    aliases: ClassVar[tuple[str, ...]] = ()
    # The kernels that slide over the input by name, each with how many of its first axes do.
    sliding: ClassVar[Mapping[str, int]] = {}

    @property
    def apart(self) -> bool:
        """Whether each channel is worked on alone, as all others are, by the last axis of weights.

        Some channels can be run without the others then, and images and channels change places.
        """
        return False

    def output_shape(self, *in_shapes: Shape) -> Shape:
        """Return the shape of the output; raise `SpecError` if the input does not fit."""
        raise NotImplementedError

    def weight_shapes(self, *in_shapes: Shape) -> dict[str, Shape]:
        """Return the shapes of the trained weights by name; parameters are counted from these."""
        return {}

    def statistic_shapes(self, *in_shapes: Shape) -> dict[str, Shape]:
        """Return the shapes of what a weight file holds beside them: running means, variances."""
        return {}

    def initial(self, *in_shapes: Shape) -> dict[str, Array]:
        """Return the weights, by name, whose values before training the settings give, float32."""
        return {}

    def given(self) -> tuple[str, ...]:
        """Return the names of what `initial` returns, at no cost."""
        return ()

    def fan_in(self, name: str, *in_shapes: Shape) -> float:
        """Return how many products with the kernel of that name one value is the sum of."""
        return prod(self.weight_shapes(*in_shapes)[name][:-1])

    def macs(self, *in_shapes: Shape) -> int | Unknown:
        """Return the multiply-adds of one forward run on one example (no bias, no pooling)."""
        return 0

    def window(self, in_shape: Shape) -> Window | TransposedWindow | Unknown | None:
        """Return the sliding window over the spatial axes, or None where each place is by itself.

        Unknown where a place of the output is no place of the input, as after a reshaping.
        """
        return None

    def forward(self, weights: Weights, *xs: Array) -> tuple[Array, Backward | None]:
        """Run the layer on batches `(N, *in_shape)`.

        Parameters
        ----------
        weights : mapping
            Arrays by name, of `weight_shapes` and `statistic_shapes`.
        *xs : ndarray
            One batch an input, float32 (float64 is kept); they are not changed.

        Returns
        -------
        y : ndarray
            `(N, *output_shape)`; may share memory with an input.
        backward : callable or None
            Gradients, for layers that can be trained.
        """
        raise NotImplementedError

    def forward_training(
        self, weights: Weights, *xs: Array, generator: np.random.Generator, step: int | None = None
    ) -> tuple[Array, Backward, dict[str, Array]]:
        """Run the layer as training does: also new running statistics, and dropping at random.

        Parameters
        ----------
        weights, *xs
            As for `forward`.
        generator : numpy.random.Generator
            Draws what is dropped.
        step : int, optional
            How many steps were taken before; running statistics forget their beginning by it.

        Returns
        -------
        y : ndarray
        backward : callable
        statistics : dict
            New values of some of `statistic_shapes`.

        Raises
        ------
        SpecError
            If the layer cannot be trained through.
        """
        y, backward = self.forward(weights, *xs)
        if backward is None:
            raise SpecError(f"{type(self).__name__} cannot be trained through")
        return y, backward, {}

    def forward_innermost(
        self, weights: Weights, *xs: Array, generator: np.random.Generator, step: int | None = None
    ) -> tuple[Array, Backward, dict[str, Array]]:
        """Run `forward_training` with images innermost, on batches `(C, ..., N)`.

        They are `x.swapaxes(0, -1)` of what it takes, and so are outputs and gradients. A second
        form for layers that are faster so; it gives the same.
        """
        if self.apart:
            return self.forward_training(weights, *xs, generator=generator, step=step)
        taken = map(_swapped, xs)
        y, way, found = self.forward_training(weights, *taken, generator=generator, step=step)

        def backward(
            gradient: Array, *, of_inputs: bool = True
        ) -> tuple[tuple[Array, ...], dict[str, Array]]:
            inputs, of_weights = way(_swapped(gradient), of_inputs=of_inputs)
            return tuple(map(_swapped, inputs)), of_weights

        return _swapped(y), backward, found


def _swapped(x: Array) -> Array:
    """Return a batch with images and channels in each other's place, in one run of memory."""
    import numpy as np

    return np.ascontiguousarray(x.swapaxes(0, -1))
