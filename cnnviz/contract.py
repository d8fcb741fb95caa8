"""The contract that every layer keeps; graphs, models and reports know layers only by it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from cnnviz.geometry import Shape, Window

if TYPE_CHECKING:
    import numpy as np

    from cnnviz.geometry.transposed import TransposedWindow

    Array = np.ndarray[Any, np.dtype[Any]]
    Weights = Mapping[str, Array]
    # From the gradient of the output to those of the inputs and of the weights.
    Backward = Callable[[Array], tuple[tuple[Array, ...], dict[str, Array]]]

Unknown = Literal["unknown"]
UNKNOWN: Unknown = "unknown"


@dataclass(frozen=True)
class Layer:
    """A layer's settings, without its weights and without a place in a graph.

    Shapes have no batch axis: `(H, W, C)`, `(L, C)` or `(units,)`. A subclass is a frozen dataclass
    whose fields are Keras's arguments in Keras's order; its class name is its name in specs.
    """

    aliases: ClassVar[tuple[str, ...]] = ()

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
