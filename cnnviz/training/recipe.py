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

BATCH, LEAST_BATCH = 64, 8
STEPS = 16  # that an epoch of few pictures has at least, where their number allows it


def batch_for(examples: int) -> int:
    """Return how many of so many pictures a step takes where nobody says it.

    Fewer than 64 of a small data set, which would otherwise be done with after some ten steps.

    >>> [batch_for(examples) for examples in (20, 144, 600, 60000)]
    [8, 8, 32, 64]
    """
    most = max(examples // STEPS, 1)
    return min(max(1 << most.bit_length() - 1, LEAST_BATCH), BATCH)


def settings_of(name: str, batch_size: int) -> dict[str, Any]:
    """Return the settings of an optimiser that do for most networks.

    The mean over a smaller batch is less sure, so SGD's steps are shorter in proportion (Goyal et
    al., 2017: "Accurate, large minibatch SGD"); Adam's have a length of their own.

    >>> settings_of("sgd", 128)["lr"], settings_of("sgd", 8)["lr"]
    (0.05, 0.00625)
    """
    found = dict(OPTIMIZERS[name])
    if name == "sgd":
        found["lr"] *= min(batch_size / BATCH, 1)
    return found


MOST_EPOCHS = 20_000  # of a history of 8 MiB, which is what `checkpoint` holds


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
    batch_size: int = BATCH
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
        if self.epochs > MOST_EPOCHS:
            what = f"{self.epochs} epochs are more than {MOST_EPOCHS}"
            raise SpecError(what, hint="a checkpoint has no room for their history")
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
