"""Optimisers: weights changed in place by their gradients, exactly as PyTorch's of the same names.

Keras's momentum holds `velocity = momentum velocity - lr gradient`; PyTorch's, and ours, leaves the
learning rate out of it and multiplies when it is used. The two differ once the rate changes.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from math import sqrt
from typing import TYPE_CHECKING, Any

import numpy as np

from cnnviz.errors import SpecError, unknown_name
from cnnviz.files import check_bytes
from cnnviz.ops.checks import Array, number

if TYPE_CHECKING:
    from cnnviz.contract import ModelWeights

State = dict[str, dict[str, Array]]  # arrays by slot and `NODE.WEIGHT`

# Values worked on at a time, so that all that a step needs of them stays in the cache.
BLOCK = 2**14


@dataclass(kw_only=True, eq=False)
class Optimizer(ABC):
    """What the optimisers share: the walk over the weights, and what is kept between steps.

    Parameters
    ----------
    lr : float
        The learning rate before a schedule's factor.
    weight_decay : float
        What it means, each optimiser says. Biases and the scales, shifts and slopes of
        normalisations and PReLU are left out.
    decay_all : bool
        Leave none out, as PyTorch does unless its parameters are grouped.

    Attributes
    ----------
    steps : int
        How many have been taken.
    state : dict
        Arrays by slot (`"momentum"`) and then by `NODE.WEIGHT`.
    """

    lr: float
    weight_decay: float = 0.0
    decay_all: bool = False
    steps: int = field(default=0, init=False)
    state: State = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        self.weight_decay = number(self.weight_decay, "weight_decay", 0)
        self.lr = number(self.lr, "lr", 0)
        # Partial results of one piece, by type; made once and used by every step.
        self._rooms: dict[str, tuple[Array, Array]] = {}

    @property
    @abstractmethod
    def slots(self) -> tuple[str, ...]:
        """The names of the arrays that are kept for each weight."""

    @property
    def settings(self) -> dict[str, Any]:
        """Plain data of which `optimizer` makes the same again."""
        own = {each.name: getattr(self, each.name) for each in fields(self) if each.init}
        return {"name": type(self).__name__.lower(), **own}

    def step(self, weights: ModelWeights, gradients: ModelWeights, factor: float = 1.0) -> None:
        """Change the weights that have a gradient, in place.

        Parameters
        ----------
        weights : mapping
            C-contiguous arrays by node and name. Those without a gradient, such as running
            statistics, are left alone.
        gradients : mapping
            Arrays of the same shapes; they are not changed.
        factor : float
            What a schedule makes of the learning rate at this step.

        Raises
        ------
        SpecError
            If weights cannot be changed in place or a gradient has another shape.
        RefusedError
            If the state is over the byte budget.
        """
        pairs = dict(_pairs(weights, gradients))
        self._make_state(pairs)
        self.steps += 1
        for key, (values, gradient) in pairs.items():
            decay = self.weight_decay if self.decay_all or _decays(key) else 0.0
            flat = [values.reshape(-1), gradient.reshape(-1)]
            flat += [self.state[slot][key].reshape(-1) for slot in self.slots]
            for first in range(0, values.size, BLOCK):
                w, g, *kept = (array[first : first + BLOCK] for array in flat)
                room, other = (each[: len(w)] for each in self._rooms[values.dtype.str])
                self._change(w, g, kept, room, other, self.lr * factor, decay)

    def restore(self, steps: int, state: State) -> None:
        """Go on from the `steps` and `state` of another run; its arrays are taken over.

        Raises
        ------
        SpecError
            If the state is another optimiser's.
        """
        if state and sorted(state) != sorted(self.slots):
            there, here = (", ".join(sorted(names)) or "nothing" for names in (state, self.slots))
            raise SpecError(f"the state holds {there}, where {self.settings['name']} keeps {here}")
        self.steps, self.state = steps, state

    @abstractmethod
    def _change(
        self, w: Array, g: Array, kept: list[Array], room: Array, other: Array,
        lr: float, decay: float,
    ) -> None:  # fmt: skip
        """Change a piece of a weight and of its slots; `room` and `other` are free to use."""

    def _make_state(self, pairs: Mapping[str, tuple[Array, Array]]) -> None:
        for slot in self.slots:
            held = self.state.setdefault(slot, {})
            new = {key: values for key, (values, _) in pairs.items() if key not in held}
            needed = len(self.slots) * sum(values.nbytes for values in new.values())
            check_bytes(needed, "the optimiser's state", hint="use a smaller model")
            held |= {key: np.zeros(v.shape, v.dtype) for key, v in new.items()}
        for kind in {values.dtype.str for values, _ in pairs.values()} - set(self._rooms):
            self._rooms[kind] = (np.empty(BLOCK, kind), np.empty(BLOCK, kind))


@dataclass(kw_only=True, eq=False)
class SGD(Optimizer):
    """Stochastic gradient descent: `b = momentum b + g`, `w = w - lr b`.

    With `nesterov`, `g + momentum b` takes the place of `b`; `weight_decay * w` is added to `g`
    (an L2 penalty). Sutskever et al., "On the importance of initialization and momentum in deep
    learning" (2013), in the form of `torch.optim.SGD`.

    >>> weights = {"fc": {"kernel": np.ones((1, 1))}}
    >>> SGD(lr=0.1).step(weights, {"fc": {"kernel": np.full((1, 1), 2.0)}})
    >>> weights["fc"]["kernel"].item()
    0.8
    """

    lr: float = 0.01
    momentum: float = 0.0
    nesterov: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        self.momentum = _share(self.momentum, "momentum")
        if self.nesterov and not self.momentum:
            raise SpecError("nesterov needs a momentum", hint="give momentum 0.9")

    @property
    def slots(self) -> tuple[str, ...]:
        """See `Optimizer`."""
        return ("momentum",) if self.momentum else ()

    def _change(
        self, w: Array, g: Array, kept: list[Array], room: Array, other: Array,
        lr: float, decay: float,
    ) -> None:  # fmt: skip
        if decay:
            g = np.add(g, np.multiply(w, decay, out=room), out=room)
        if self.momentum:
            (moving,) = kept
            moving *= self.momentum
            moving += g
            if self.nesterov:
                g = np.add(g, np.multiply(moving, self.momentum, out=other), out=other)
            else:
                g = moving
        w -= np.multiply(g, lr, out=room)


@dataclass(kw_only=True, eq=False)
class Adam(Optimizer):
    """Adam: steps divided by the root of a running mean of squared gradients.

    `m = beta1 m + (1 - beta1) g`, `v = beta2 v + (1 - beta2) g²`,
    `w = w - lr m̂ / (√v̂ + eps)` with `m̂ = m / (1 - beta1^t)`, `v̂ = v / (1 - beta2^t)`; before that,
    `weight_decay * w` is added to `g`. Kingma and Ba, "Adam: A Method for Stochastic Optimization"
    (2015), algorithm 1, as `torch.optim.Adam`.

    >>> weights = {"fc": {"bias": np.zeros(2)}}
    >>> Adam(lr=0.1).step(weights, {"fc": {"bias": np.array([3.0, -0.5])}})
    >>> weights["fc"]["bias"].round(6).tolist()
    [-0.1, 0.1]
    """

    lr: float = 0.001
    beta1: float = 0.9
    beta2: float = 0.999
    eps: float = 1e-8

    def __post_init__(self) -> None:
        super().__post_init__()
        self.eps = number(self.eps, "eps", 0)
        self.beta1, self.beta2 = _share(self.beta1, "beta1"), _share(self.beta2, "beta2")

    @property
    def slots(self) -> tuple[str, ...]:
        """See `Optimizer`."""
        return ("mean", "square")

    def _change(
        self, w: Array, g: Array, kept: list[Array], room: Array, other: Array,
        lr: float, decay: float,
    ) -> None:  # fmt: skip
        if decay:
            g = np.add(g, np.multiply(w, decay, out=room), out=room)
        mean, square = kept
        mean *= self.beta1
        mean += np.multiply(g, 1 - self.beta1, out=other)
        square *= self.beta2
        np.multiply(g, g, out=other)
        other *= 1 - self.beta2
        square += other
        np.sqrt(square, out=other)
        other *= 1 / sqrt(1 - self.beta2**self.steps)
        other += self.eps
        np.divide(mean, other, out=room)
        room *= lr / (1 - self.beta1**self.steps)
        w -= room


@dataclass(kw_only=True, eq=False)
class AdamW(Adam):
    """Adam with decoupled weight decay: `w = w - lr weight_decay w` before the step.

    Loshchilov and Hutter, "Decoupled Weight Decay Regularization" (2019), as `torch.optim.AdamW`.

    >>> weights = {"fc": {"kernel": np.ones((1, 1))}}
    >>> AdamW(lr=0.1, weight_decay=0.5).step(weights, {"fc": {"kernel": np.zeros((1, 1))}})
    >>> weights["fc"]["kernel"].item()
    0.95
    """

    weight_decay: float = 0.01

    def _change(
        self, w: Array, g: Array, kept: list[Array], room: Array, other: Array,
        lr: float, decay: float,
    ) -> None:  # fmt: skip
        if decay:
            w *= 1 - lr * decay
        super()._change(w, g, kept, room, other, lr, 0.0)


_KINDS: dict[str, type[SGD] | type[Adam]] = {"sgd": SGD, "adam": Adam, "adamw": AdamW}


def optimizer(name: str, **settings: Any) -> Optimizer:
    """Return the optimiser of a name, `sgd`, `adam` or `adamw`.

    Raises
    ------
    SpecError
        If the name or a setting is unknown, or a setting is out of range.

    >>> optimizer("sgd", momentum=0.9).settings["lr"]
    0.01
    """
    if name not in _KINDS:
        raise unknown_name("optimiser", name, _KINDS)
    known = [each.name for each in fields(_KINDS[name]) if each.init]
    for key in settings:
        if key not in known:
            raise unknown_name(f"setting of {name}", key, known)
    return _KINDS[name](**settings)


def _pairs(
    weights: ModelWeights, gradients: ModelWeights
) -> Iterator[tuple[str, tuple[Array, Array]]]:
    """Yield `NODE.WEIGHT`, the weight and its gradient in one type and order of values."""
    for node, own in gradients.items():
        for name, gradient in own.items():
            key, values = f"{node}.{name}", weights[node][name]
            if gradient.shape != values.shape:
                raise SpecError(f"{key}: a gradient {gradient.shape} of weights {values.shape}")
            if not values.flags.c_contiguous or not values.flags.writeable:
                what = "a view that cannot be changed in place"
                raise SpecError(f"{key}: the weights are {what}", hint="train a copy")
            yield key, (values, np.ascontiguousarray(gradient, values.dtype))


def _decays(key: str) -> bool:
    return "kernel" in key.rpartition(".")[2]


def _share(value: float, name: str) -> float:
    value = number(value, name, 0)
    if value >= 1:
        raise SpecError(f"{name} {value:g} is not below 1")
    return value
