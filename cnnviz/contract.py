"""The contract that every layer keeps; graphs, models and reports know layers only by it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
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
    from cnnviz.calls import Do

    Task = Callable[[], object]

Unknown = Literal["unknown"]
UNKNOWN: Unknown = "unknown"
PARTS = 8


class Backward(Protocol):
    """From the gradient of a layer's output to those of its inputs and of its weights."""

    def __call__(
        self, gradient: Array, *, of_inputs: bool = True
    ) -> tuple[tuple[Array, ...], dict[str, Array]]:
        """Return one gradient an input (none at all without `of_inputs`), and those by weight.

        `gradient` is not changed; those of inputs may share memory with it and with each other.
        """


@dataclass(frozen=True, eq=False)
class Ending:
    """What is done in place to values of an output, in whatever order they are made.

    Parameters
    ----------
    work : callable
        `work(part, do)` does it by calls of `do` (see `ops.written`).
    whole : bool
        Whether a part must have all channels of its places.
    """

    work: Callable[[Array, Do], object]
    whole: bool = False

    def __call__(self, part: Array, do: Do) -> None:
        """Do it to a part of the output, now or when what `do` writes down is done."""
        self.work(part, do)

    @classmethod
    def of(cls, *endings: Ending | None) -> Ending | None:
        """Return what does one after another, None if there is none."""
        several = [ending for ending in endings if ending is not None]

        def work(part: Array, do: Do) -> None:
            for ending in several:
                ending(part, do)

        if len(several) < 2:
            return several[0] if several else None
        return cls(work, any(ending.whole for ending in several))


@dataclass(frozen=True, eq=False)
class Ready:
    """A layer with its weights, prepared for many runs.

    Parameters
    ----------
    bind : callable
        `bind(out, *xs)`, from memory for the output, `(N, *output_shape)`, and the inputs to the
        tasks that fill it: in any order, on any threads, as often as there is something new in the
        inputs. Values that are not finite may spread to others there.
    nbytes : int
        What it holds beside the weights that it was given.
    """

    bind: Callable[..., Sequence[Task]]
    nbytes: int = 0


@dataclass(frozen=True)
class Layer:
    """A layer's settings, without its weights and without a place in a graph.

    Shapes have no batch axis: `(H, W, C)`, `(L, C)` or `(units,)`. A subclass is a frozen dataclass
    whose fields are Keras's arguments in Keras's order; its class name is its name in specs.
    """

    aliases: ClassVar[tuple[str, ...]] = ()
    # The kernels that slide over the input by name, each with how many of its first axes do.
    sliding: ClassVar[Mapping[str, int]] = {}
    # The output holds the input's values in their order: a view of it.
    is_view: ClassVar[bool] = False
    # Each place follows from that place of the inputs alone: any rows may be worked on by
    # themselves, and the result may take the place of the first input.
    is_local: ClassVar[bool] = False

    @property
    def makes_places(self) -> bool:
        """Tell whether, prepared, it can finish parts that have all channels of their places."""
        return False

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

    @property
    def stays_finite(self) -> bool:
        """Tell whether finite inputs have finite outputs, whatever the weights."""
        return self.is_view

    def prepare(self, weights: Weights, *in_shapes: Shape, ending: Ending | None = None) -> Ready:
        """Return the layer ready for many runs: what can be laid out once is.

        Parameters
        ----------
        weights, *in_shapes
            As for `forward`, with the shapes of its inputs.
        ending : Ending, optional
            Is done to the values of the output, at best while they are in the cache. One that needs
            whole places is only for a layer that `makes_places`.

        Returns
        -------
        Ready
            Its tasks write what `forward` would return.
        """
        from cnnviz.calls import now

        def task(out: Array, *xs: Array) -> None:
            out[...] = self.forward(weights, *xs)[0]
            if ending is not None:
                ending(out, now)

        def bind(out: Array, *xs: Array) -> Sequence[Task]:
            alike = self.is_local and all(x.shape == out.shape for x in xs)
            parts = divided(out.shape) if alike else [()]
            return [partial(task, *(each[part] for each in (out, *xs))) for part in parts]

        return Ready(bind)

    def channels(self, *in_shapes: Shape) -> list[slice]:
        """Return which channels of the output are those of each input, as they are; [] for none."""
        return []

    def ending(self) -> Ending | None:
        """Return what does the layer's work in place, if it is a function of each place alone."""
        return None

    def affine(self, weights: Weights) -> tuple[Array, Array] | None:
        """Return the scale and the offset of each channel, float64, if that is all it does."""
        return None

    def folded(self, weights: Weights, scale: Array, offset: Array) -> tuple[Layer, Weights] | None:
        """Return the layer, and its weights, that makes `scale y + offset` of each channel `y`."""
        return None

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


def divided(shape: Shape, least: int = 2**17) -> list[tuple[slice, ...]]:
    """Return the parts of a batch `(N, H, ...)` to work on: some images, or some rows of one.

    Up to eight an image, of `least` values at the least: on the number of cores nothing may depend.

    >>> divided((1, 10, 10, 3)), len(divided((1, 56, 56, 256)))
    ([()], 6)
    """
    count, values = shape[0], prod(shape)
    if len(shape) < 3 or values < 2 * least:
        return [()]
    if count >= PARTS:
        size = -(-count // PARTS)
        return [(slice(at, at + size),) for at in range(0, count, size)]
    rows = shape[1]
    lines = max(-(-rows // PARTS), -(-least * rows * count // values))
    return [
        (slice(n, n + 1), slice(at, min(at + lines, rows)))
        for n in range(count)
        for at in range(0, rows, lines)
    ]
