"""Learning-rate schedules: from the number of a step to a factor of the rate, and nothing else."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass, fields
from math import cos, pi
from typing import Any

from cnnviz.errors import SpecError, unknown_name
from cnnviz.ops.checks import number


@dataclass(frozen=True, kw_only=True)
class Schedule(ABC):
    """A pure function of the step; the first step is 0.

    Parameters
    ----------
    warmup : int
        Steps over which the factor rises linearly, `(step + 1) / warmup` of what it would be. Goyal
        et al., "Accurate, Large Minibatch SGD" (2017), section 2.2.
    """

    warmup: int = 0

    def __post_init__(self) -> None:
        whole(self.warmup, "warmup", 0)

    def __call__(self, step: int) -> float:
        """Return the factor of the learning rate at a step."""
        rise = (step + 1) / self.warmup if step < self.warmup else 1.0
        return rise * self.factor_at(step)

    @abstractmethod
    def factor_at(self, step: int) -> float:
        """Return the factor without the warm-up."""

    @property
    def settings(self) -> dict[str, Any]:
        """Plain data of which `schedule` makes the same again."""
        name = next(name for name, kind in _KINDS.items() if kind is type(self))
        return {"name": name, **asdict(self)}


@dataclass(frozen=True, kw_only=True)
class Constant(Schedule):
    """The same rate at every step.

    >>> [Constant(warmup=4)(step) for step in range(5)]
    [0.25, 0.5, 0.75, 1.0, 1.0]
    """

    def factor_at(self, step: int) -> float:
        """See `Schedule`."""
        return 1.0


@dataclass(frozen=True, kw_only=True)
class Cosine(Schedule):
    """Half a cosine from 1, at the end of the warm-up, to `floor` at step `total` and after it.

    Loshchilov and Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts" (2017), equation
    5, without restarts.

    >>> [round(Cosine(total=4)(step), 3) for step in range(6)]
    [1.0, 0.854, 0.5, 0.146, 0.0, 0.0]
    """

    total: int
    floor: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        whole(self.total, "total", 1)
        if self.warmup >= self.total:
            raise SpecError(f"warmup {self.warmup} is not below the total of {self.total} steps")
        if number(self.floor, "floor", 0) > 1:
            raise SpecError(f"floor {self.floor:g} is over 1")

    def factor_at(self, step: int) -> float:
        """See `Schedule`."""
        length = self.total - self.warmup
        done = min(max(step - self.warmup, 0), length) / length
        return self.floor + (1 - self.floor) * (1 + cos(pi * done)) / 2


@dataclass(frozen=True, kw_only=True)
class Steps(Schedule):
    """`factor` times less at each milestone, or every so many steps.

    Give one of the two; both count from step 0, the warm-up included. He et al., "Deep Residual
    Learning" (2016), section 3.4, divides by 10.

    >>> [Steps(milestones=(2, 3), factor=0.5)(step) for step in range(5)]
    [1.0, 1.0, 0.5, 0.25, 0.25]
    """

    every: int | None = None
    milestones: tuple[int, ...] = ()
    factor: float = 0.1

    def __post_init__(self) -> None:
        super().__post_init__()
        if (self.every is None) == (not self.milestones):
            raise SpecError("a step schedule takes every or milestones, one of them")
        if self.every is not None:
            whole(self.every, "every", 1)
        object.__setattr__(self, "milestones", tuple(self.milestones))  # a list, out of JSON
        for stone in self.milestones:
            whole(stone, "milestone", 1)
        number(self.factor, "factor", 0)

    def factor_at(self, step: int) -> float:
        """See `Schedule`."""
        passed = sum(stone <= step for stone in self.milestones)
        return float(self.factor ** (passed if self.every is None else step // self.every))


@dataclass(frozen=True, kw_only=True)
class OneCycle(Schedule):
    """Half a cosine up from `1 / start` and one down to `1 / (start * end)` at the last step.

    Smith and Topin, "Super-Convergence" (2018), as `torch.optim.lr_scheduler.OneCycleLR`: the
    learning rate is the highest of the cycle.

    >>> [round(OneCycle(total=5, rise=0.6)(step), 3) for step in range(5)]
    [0.04, 0.52, 1.0, 0.5, 0.0]
    """

    total: int
    rise: float = 0.3
    start: float = 25.0
    end: float = 1e4

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.total == 1:
            hint = "train for more steps, or with schedule constant"
            raise SpecError("one-cycle has a rise and a fall, and the run one step", hint=hint)
        whole(self.total, "total", 2)
        number(self.start, "start", 1)
        number(self.end, "end", 1)
        if not 0 <= number(self.rise, "rise", 0) <= 1:
            raise SpecError(f"rise {self.rise:g} is not between 0 and 1")

    def factor_at(self, step: int) -> float:
        """See `Schedule`."""
        low, lowest, last = 1 / self.start, 1 / (self.start * self.end), self.total - 1
        top = max(self.rise * self.total - 1, 0)  # the step of the highest rate; no whole number
        if step <= top and top:
            return _between(low, 1, step / top)
        return _between(1, lowest, min((step - top) / (last - top), 1)) if last > top else lowest


def _between(start: float, end: float, done: float) -> float:
    return end + (start - end) * (1 + cos(pi * done)) / 2


_KINDS: dict[str, type[Schedule]] = {
    "constant": Constant,
    "cosine": Cosine,
    "step": Steps,
    "one-cycle": OneCycle,
}


def schedule(name: str, **settings: Any) -> Schedule:
    """Return the schedule of a name: `constant`, `cosine`, `step` or `one-cycle`.

    Raises
    ------
    SpecError
        If the name or a setting is unknown, or a setting is missing or out of range.

    >>> schedule("cosine", total=100, warmup=10)(10)
    1.0
    """
    if name not in _KINDS:
        raise unknown_name("schedule", name, _KINDS)
    known = [each.name for each in fields(_KINDS[name])]
    for key in settings:
        if key not in known:
            raise unknown_name(f"setting of {name}", key, known)
    if "total" in known and "total" not in settings:
        raise SpecError(f"schedule {name}: total is missing", hint="give the number of steps")
    return _KINDS[name](**settings)


def whole(value: int, name: str, least: int) -> int:
    """Return a whole number of at least `least`, or raise `SpecError`."""
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise SpecError(f"{name} {value!r} is not a whole number of at least {least}")
    return value
