"""What decides the result of a training run, apart from the network and the data."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from cnnviz.errors import SpecError, unknown_name
from cnnviz.ops.checks import number
from cnnviz.training.augmentation import Augmentation
from cnnviz.training.optimizers import Optimizer, optimizer
from cnnviz.training.schedules import Schedule, schedule, whole

# Settings that do for most networks, by the name of the optimiser; SGD is the first choice.
OPTIMIZERS: dict[str, dict[str, float]] = {
    "sgd": {"lr": 0.05, "momentum": 0.9, "weight_decay": 5e-4},
    "adam": {"lr": 0.001},
    "adamw": {"lr": 0.001, "weight_decay": 0.01},
}


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """The settings of a run.

    Parameters
    ----------
    epochs, batch_size : int
    seed : int
        Decides the first weights, the order of the pictures, what is changed in them and dropped.
    optimizer : mapping
        Its `name` and settings, as for `cnnviz.training.optimizers.optimizer`.
    schedule : mapping
        Its `name` and settings, as for `cnnviz.training.schedules.schedule`; `total` is the number
        of steps of the run unless given.
    augmentation : Augmentation
    label_smoothing : float
        See `cnnviz.training.loss.cross_entropy`.
    initial : str
        The scheme of `cnnviz.training.initial.initial_weights`.
    flip : bool
        Train with true convolution, from kernels that are turned over.

    Raises
    ------
    SpecError
        If a number is out of range.
    """

    epochs: int = 10
    batch_size: int = 64
    seed: int = 0
    optimizer: Mapping[str, Any] = field(
        default_factory=lambda: {"name": "sgd", **OPTIMIZERS["sgd"]}
    )
    schedule: Mapping[str, Any] = field(default_factory=lambda: {"name": "cosine"})
    augmentation: Augmentation = field(default_factory=Augmentation)
    label_smoothing: float = 0.0
    initial: str = "he-normal"
    flip: bool = False

    def __post_init__(self) -> None:
        whole(self.epochs, "epochs", 1)
        whole(self.batch_size, "batch_size", 1)
        whole(self.seed, "seed", 0)
        if not 0 <= number(self.label_smoothing, "label_smoothing", 0) < 1:
            raise SpecError(f"label_smoothing {self.label_smoothing:g} is not below 1")
        self.make_optimizer()

    @classmethod
    def of(cls, **settings: Any) -> Recipe:
        """Return a recipe; raise `SpecError` if a setting is unknown, with the nearest known one.

        >>> Recipe.of(epochs=3, augmentation={"shift": 2}).augmentation.shift
        2
        """
        known = [each.name for each in fields(cls)]
        for name in settings:
            if name not in known:
                raise unknown_name("setting", name, known)
        if isinstance(settings.get("augmentation"), Mapping):
            settings["augmentation"] = Augmentation(**settings["augmentation"])
        return cls(**settings)

    def make_optimizer(self) -> Optimizer:
        """Return the optimiser, new."""
        settings = dict(self.optimizer)
        return optimizer(settings.pop("name"), **settings)

    def make_schedule(self, steps: int) -> Schedule:
        """Return the schedule of a run of so many steps."""
        settings = dict(self.schedule)
        name = settings.pop("name")
        if name in ("cosine", "one-cycle"):
            settings.setdefault("total", steps)
        return schedule(name, **settings)

    @property
    def settings(self) -> dict[str, Any]:
        """All of it as JSON has it; two runs of equal settings and data come to equal weights."""
        plain = asdict(self) | {"optimizer": self.make_optimizer().settings}
        found: dict[str, Any] = json.loads(json.dumps(plain))
        return found
