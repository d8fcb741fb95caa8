"""Normalisation by running statistics, and by neighbouring channels."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from cnnviz.contract import Ending, Layer, Ready, divided
from cnnviz.errors import SpecError
from cnnviz.geometry import Shape
from cnnviz.layers import checks
from cnnviz.layers._backward import backward_by

if TYPE_CHECKING:
    import numpy as np

    from cnnviz.calls import Do
    from cnnviz.contract import Array, Backward, Task, Weights

# Values of a part of a response at least, if there are several.
BAND = 3 * 2**15


@dataclass(frozen=True)
class BatchNormalization(Layer):
    """Centre and scale each channel: `gamma (x - mean) / √(variance + epsilon) + beta`.

    Parameters
    ----------
    axis : int
        That of the channels, which is the last one here.
    momentum : float
        What training keeps of the running mean and variance.
    epsilon : float
        Keras's default is 0.001, PyTorch's 0.00001.
    center, scale : bool
        Whether there is a trained `beta`, a trained `gamma`.

    Notes
    -----
    Ioffe and Szegedy, "Batch Normalization" (2015).

    >>> BatchNormalization().weight_shapes((28, 28, 64))
    {'gamma': (64,), 'beta': (64,)}
    >>> BatchNormalization().statistic_shapes((28, 28, 64))
    {'moving_mean': (64,), 'moving_variance': (64,)}
    """

    apart = True
    is_local = True

    axis: int = -1
    momentum: float = 0.99
    epsilon: float = 1e-3
    center: bool = True
    scale: bool = True

    def __post_init__(self) -> None:
        checks.integer(self.axis, "axis")
        checks.number(self.momentum, "momentum", 0, 1)
        checks.number(self.epsilon, "epsilon", 0)
        checks.flag(self.center, "center")
        checks.flag(self.scale, "scale")

    def output_shape(self, *in_shapes: Shape) -> Shape:
        """Return the input's shape."""
        shape = checks.one(in_shapes)
        if checks.axis(self.axis, shape) != len(shape) - 1:
            raise SpecError(f"axis {self.axis} of {shape} is not the last one", hint="use -1")
        return shape

    def weight_shapes(self, *in_shapes: Shape) -> dict[str, Shape]:
        """Return `gamma` and `beta`, `(C,)`, as far as there are such."""
        each = self.output_shape(*in_shapes)[-1:]
        used = {"gamma": self.scale, "beta": self.center}
        return {name: each for name, has in used.items() if has}

    def statistic_shapes(self, *in_shapes: Shape) -> dict[str, Shape]:
        """Return `moving_mean` and `moving_variance`, `(C,)`."""
        each = self.output_shape(*in_shapes)[-1:]
        return {"moving_mean": each, "moving_variance": each}

    def affine(self, weights: Weights) -> tuple[Array, Array] | None:
        """Return the scale and the offset that the running statistics are."""
        import numpy as np

        variance = np.asarray(weights["moving_variance"], np.float64) + self.epsilon
        if not variance.min() > 0:
            return None  # refused when it is run
        scale = 1 / np.sqrt(variance)
        if self.scale:
            scale *= weights["gamma"]
        offset = -np.asarray(weights["moving_mean"], np.float64) * scale
        return scale, offset + weights["beta"] if self.center else offset

    def forward(self, weights: Weights, *xs: Array) -> tuple[Array, Backward | None]:
        """Normalise by the running statistics."""
        (x,) = xs
        return self._run(weights, x, weights["moving_mean"], weights["moving_variance"])

    def forward_training(
        self, weights: Weights, *xs: Array, generator: np.random.Generator, step: int | None = None
    ) -> tuple[Array, Backward, dict[str, Array]]:
        """Normalise by the statistics of the batch, and move the running ones towards them.

        The variance is divided by the number of values in both, as Keras does; PyTorch divides the
        running one by one less. In a run the running ones keep at most `(1 + step) / (10 + step)`,
        as TensorFlow's moving averages do by `num_updates`: else those of a short run, or of the
        first epochs, would be of what it began with, and validations far below the training.
        """
        from cnnviz.ops.normalization_training import batch_moments

        (x,) = xs
        mean, variance = batch_moments(x)
        y, backward = self._run(weights, x, mean, variance, of_batch=True)
        return y, backward, self._moved(weights, mean, variance, step)

    def forward_innermost(
        self, weights: Weights, *xs: Array, generator: np.random.Generator, step: int | None = None
    ) -> tuple[Array, Backward, dict[str, Array]]:
        """Do the same to `(C, ..., N)`."""
        import numpy as np

        from cnnviz.ops.innermost.normalization import gradients, moments, scale

        (x,) = xs
        mean, variance, y = moments(x)
        power = 1 / (variance + self.epsilon)
        factor = np.sqrt(power) * weights.get("gamma", 1.0)

        def backward(
            gradient: Array, *, of_inputs: bool = True
        ) -> tuple[tuple[Array, ...], dict[str, Array]]:
            made, *both = gradients(gradient, x, mean, factor, power, of_inputs=of_inputs)
            found = dict(zip(("gamma", "beta"), both, strict=True))
            return made, {name: own for name, own in found.items() if name in weights}

        scale(y, factor, weights.get("beta"))
        return y, backward, self._moved(weights, mean, variance, step)

    def _moved(
        self, weights: Weights, mean: Array, variance: Array, step: int | None
    ) -> dict[str, Array]:
        """Return the running statistics moved towards those of a batch."""
        most = 1.0 if step is None else (1 + step) / (10 + step)
        keep = min(self.momentum, most)
        return {
            name: (keep * weights[name] + (1 - keep) * values).astype(weights[name].dtype)
            for name, values in (("moving_mean", mean), ("moving_variance", variance))
        }

    def _run(
        self, weights: Weights, x: Array, mean: Array, variance: Array, *, of_batch: bool = False
    ) -> tuple[Array, Backward]:
        """Normalise by a mean and a variance, which are those of the batch or constants."""
        from cnnviz.ops import batch_normalization

        gamma = weights["gamma"] if self.scale else None
        beta = weights["beta"] if self.center else None
        settings: dict[str, Any] = {
            "gamma": gamma,
            "mean": mean,
            "variance": variance,
            "epsilon": self.epsilon,
        }

        def backward(
            gradient: Array, *, of_inputs: bool = True
        ) -> tuple[tuple[Array, ...], dict[str, Array]]:
            from cnnviz.ops.normalization_training import batch_normalization_gradients

            of_x, of_gamma, of_beta = batch_normalization_gradients(
                gradient, x, **settings, of_batch=of_batch, of_inputs=of_inputs
            )
            found = {"gamma": of_gamma, "beta": of_beta}
            return of_x, {name: found[name] for name in self.weight_shapes(x.shape[1:])}

        return batch_normalization(x, beta=beta, **settings), backward


@dataclass(frozen=True)
class LocalResponseNormalization(Layer):
    """Divide by the activity of `size` neighbouring channels: `x / (bias + alpha Σ x²)^beta`.

    As in the AlexNet paper (Krizhevsky et al., 2012, section 3.3), whose bias is 2. Caffe, PyTorch
    and ONNX divide `alpha` by `size`; TensorFlow does not, and counts `size` as
    `2 depth_radius + 1`.

    >>> LocalResponseNormalization(bias=2.0).output_shape((55, 55, 96))
    (55, 55, 96)
    """

    is_local = True

    size: int = 5
    alpha: float = 1e-4
    beta: float = 0.75
    bias: float = 1.0

    def __post_init__(self) -> None:
        checks.count(self.size, "size")
        checks.number(self.alpha, "alpha", 0)
        checks.number(self.beta, "beta", 0)
        checks.number(self.bias, "bias", 0)
        if self.bias == 0:
            raise SpecError("bias 0 would divide dark channels by 0", hint="give it above 0")

    def output_shape(self, *in_shapes: Shape) -> Shape:
        """Return the input's shape."""
        return checks.one(in_shapes)

    def prepare(self, weights: Weights, *in_shapes: Shape, ending: Ending | None = None) -> Ready:
        """Normalise in bands straight to where the result belongs."""
        from cnnviz.ops.bands import SHARED
        from cnnviz.ops.normalization import PASSES, respond
        from cnnviz.ops.written import Written

        def write(out: Array, x: Array, together: bool, do: Do) -> None:
            respond(x, **vars(self), out=out, do=do, together=together)
            if ending is not None:
                ending(out, do)

        def bind(out: Array, x: Array) -> list[Task]:
            together = PASSES * out.size >= SHARED
            parts = divided(out.shape, BAND) if together else [()]
            return [Written(partial(write, out[part], x[part], together)) for part in parts]

        return Ready(bind)

    def ending(self) -> Ending | None:
        """Return the normalisation, in place."""
        from cnnviz.ops.normalization import respond

        def work(part: Array, do: Do) -> None:
            respond(part, **vars(self), out=part, do=do, together=True)

        return Ending(work, whole=True)

    def forward(self, weights: Weights, *xs: Array) -> tuple[Array, Backward | None]:
        """Normalise."""
        from cnnviz.ops import local_response_normalization

        (x,) = xs
        settings = vars(self)

        def way(gradient: Array) -> Array:
            from cnnviz.ops.normalization import local_response_gradient

            return local_response_gradient(gradient, x, **settings)

        return local_response_normalization(x, **settings), backward_by(way)
