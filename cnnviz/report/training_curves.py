"""How a training run went: loss and accuracy at each moment, epoch by epoch, and the best one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from cnnviz.errors import SpecError
from cnnviz.report.columns import known, number_column
from cnnviz.report.report import Column, Report, Table
from cnnviz.report.result import Result
from cnnviz.report.sample import sample
from cnnviz.report.shares import tenths

PARTS = ("train", "validation")
FIGURES = ("loss", "accuracy", "lr", "examples_per_second")
MOST_LINES = 12  # epochs that are printed
RUN = 40  # a running mean is over as many moments to each side as the run has forties of them


@dataclass(eq=False, repr=False)
class Part:
    """The moments of one part of a run.

    Attributes
    ----------
    steps, epochs : ndarray of int, (N,)
    figures : dict
        Of each name in `FIGURES` an array `(N,)` of float64, NaN where there is no figure.
    examples : ndarray of float64, (N,)
        How many pictures a moment is of, by which it counts in a mean.
    """

    steps: np.ndarray
    epochs: np.ndarray
    figures: dict[str, np.ndarray]
    examples: np.ndarray

    def __len__(self) -> int:
        return len(self.steps)

    @property
    def reach(self) -> int:
        """How many moments to each side a running mean takes in."""
        return len(self) // RUN

    def smooth(self, name: str) -> np.ndarray:
        """Return the running mean of a figure; NaN where there is none."""
        values = self.figures[name]
        if not self.reach:
            return values
        finite, window = np.isfinite(values), np.ones(2 * self.reach + 1)
        sums = np.convolve(np.where(finite, values * self.examples, 0), window, "same")
        counts = np.convolve(np.where(finite, self.examples, 0), window, "same")
        return np.where(finite, sums / np.maximum(counts, 1), np.nan)

    def mean(self, name: str, chosen: np.ndarray) -> float | None:
        """Return the mean of a figure over the pictures of some moments; None if none has it."""
        values, counts = self.figures[name][chosen], self.examples[chosen]
        finite = np.isfinite(values)
        return float(np.average(values[finite], weights=counts[finite])) if finite.any() else None

    def pace(self, chosen: np.ndarray | None = None) -> float | None:
        """Return pictures a second over some moments, or all: the pictures by the time of all."""
        places = slice(None) if chosen is None else chosen
        speeds, counts = self.figures["examples_per_second"][places], self.examples[places]
        moved = np.isfinite(speeds) & (speeds > 0)
        return float(counts[moved].sum() / (counts / speeds)[moved].sum()) if moved.any() else None

    def last(self, name: str) -> float | None:
        """Return where the running mean of a figure ends; None if it is not known there."""
        return known(self.smooth(name)[-1]) if len(self) else None

    def missing(self, name: str) -> int:
        """Return how many moments have no such figure."""
        return int(np.isnan(self.figures[name]).sum())


@dataclass(eq=False, repr=False)
class Curves(Result):
    """Loss and accuracy over the steps of a run.

    Attributes
    ----------
    model, data : str
        The network, and what it was trained on.
    train, validation : Part
        Either may be empty.
    steps_per_epoch : float
    classes : int, optional
        How many there are: guessing has an accuracy of one in so many.
    """

    figure: ClassVar[str] = "training_curves"

    model: str
    data: str
    train: Part
    validation: Part
    steps_per_epoch: float
    classes: int | None = None

    @property
    def subject(self) -> str:
        """The network and what it was trained on."""
        return f"{self.model} on {self.data}"

    @property
    def figure_nbytes(self) -> int:
        """Nothing to speak of."""
        return 0

    @property
    def both(self) -> tuple[Part, Part]:
        """Training and validation, as in `PARTS`."""
        return self.train, self.validation

    @property
    def steps(self) -> int:
        """How many steps were taken."""
        return max(int(part.steps[-1]) for part in self.both if len(part))

    @property
    def epochs(self) -> int:
        """The last epoch."""
        return max(int(part.epochs[-1]) for part in self.both if len(part))

    @property
    def best(self) -> int | None:
        """The place in `validation` of the highest accuracy (else of the lowest loss).

        Of equal ones the first, whose weights are kept as the best.
        """
        for name, sign in (("accuracy", -1), ("loss", 1)):
            values = self.validation.figures[name]
            if np.isfinite(values).any():
                return int(np.nanargmin(sign * values))
        return None

    @property
    def warnings(self) -> tuple[str, ...]:
        """How many moments have a loss that is not finite."""
        parts = zip(PARTS, self.both, strict=True)
        return tuple(
            f"{part.missing('loss')} of {len(part)} moments of {name} have no finite loss"
            for name, part in parts
            if part.missing("loss")
        )

    def headline(self) -> str:
        """Return in a sentence how far the run came."""
        if self.best is not None:
            accuracy = known(self.validation.figures["accuracy"][self.best])
            loss = known(self.validation.figures["loss"][self.best])
            what = f"accuracy {tenths(accuracy)}" if accuracy is not None else f"loss {loss:.4g}"
            epoch = int(self.validation.epochs[self.best])
            return f"best validation {what}, epoch {epoch} of {self.epochs}"
        accuracy, loss = self.train.last("accuracy"), self.train.last("loss")
        if accuracy is not None:
            return f"training accuracy {tenths(accuracy)} at the end, no validation"
        if loss is not None:
            return f"training loss {loss:.4g} at the end, no validation"
        return "no finite figure at the end"

    def lines(self, width: int = 80) -> Iterator[str]:
        """Yield the sentence, and some of the epochs."""
        yield f"{self.subject}: {self.headline()}"
        rows = self.to_dicts()
        some = sample(rows, MOST_LINES)
        shown = tuple(row for row in rows if row in some or row["best"])
        yield from Table("", _COLUMNS, shown).lines(width)

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return a row an epoch: the means over its training, and its validation."""
        epochs = np.union1d(self.train.epochs, self.validation.epochs).tolist()
        best = None if self.best is None else int(self.validation.epochs[self.best])
        return [self._epoch(epoch) | {"best": epoch == best} for epoch in epochs]

    def _epoch(self, epoch: int) -> dict[str, Any]:
        own, held = self.train.epochs == epoch, self.validation.epochs == epoch
        row: dict[str, Any] = {"epoch": epoch}
        for name in FIGURES[:2]:
            row[f"train_{name}"] = self.train.mean(name, own)
            row[f"validation_{name}"] = _final(self.validation.figures[name][held])
        row["lr"] = _final(self.train.figures["lr"][own])
        row["examples_per_second"] = self.train.pace(own)
        return row

    def report(self) -> Report:
        """Return the epochs as a table."""
        head = {"model": self.model, "data": self.data, "steps": self.steps}
        rows = tuple(self.to_dicts())
        return Report(
            self.subject,
            head,
            rows,
            {},
            self.warnings,
            _COLUMNS,
            notes=("train: the mean over the epoch's pictures, as the weights were then.",),
            key="epochs",
            about=self.headline(),
        )

    def arrays(self) -> list[tuple[str, np.ndarray]]:
        """Return nothing: all of it is in the rows."""
        return []


def curves(
    columns: Mapping[str, Sequence[Any]],
    *,
    model: str,
    data: str,
    classes: int | None = None,
    steps_per_epoch: float | None = None,
) -> Curves:
    """Return how a run went, from the columns of its history.

    Parameters
    ----------
    columns : mapping
        What `History.to_columns` returns: of `step`, `epoch`, `part` ("train", "validation") and
        each of `FIGURES` a list of one length; None or NaN where there is no figure. With
        `examples` moments count by their pictures, else all alike.
    model, data : str
        What was trained, on what.
    classes : int, optional
        Draws the accuracy of guessing.
    steps_per_epoch : float, optional
        Told by the last moment of an epoch unless given.

    Raises
    ------
    SpecError
        If there is no moment.

    >>> made = curves({"step": [10, 10, 20, 20], "epoch": [1, 1, 2, 2],
    ...                "part": ["train", "validation"] * 2, "loss": [2.0, 1.9, 1.2, 1.5],
    ...                "accuracy": [0.3, 0.4, 0.6, 0.5], "lr": [0.1, None, 0.01, None],
    ...                "examples_per_second": [900.0, None, 950.0, None]}, model="m", data="d")
    >>> made.headline(), made.steps_per_epoch
    ('best validation accuracy 50.0%, epoch 2 of 2', 10.0)
    """
    steps, epochs = (np.asarray(columns[name], np.int64) for name in ("step", "epoch"))
    if not steps.size:
        raise SpecError("a run without a moment has no curves")
    of = np.asarray(columns["part"])
    figures = {name: np.array(columns[name], np.float64) for name in FIGURES}
    for values in figures.values():
        values[~np.isfinite(values)] = np.nan
    examples = np.array(columns.get("examples", [None] * len(of)), np.float64)
    examples[np.isnan(examples)] = 1
    train, validation = (
        Part(
            steps[of == part],
            epochs[of == part],
            {name: values[of == part] for name, values in figures.items()},
            examples[of == part],
        )
        for part in PARTS
    )
    told = float((steps / np.maximum(epochs, 1)).max())
    return Curves(model, data, train, validation, steps_per_epoch or told, classes)


def _final(values: np.ndarray) -> float | None:
    return known(float(values[-1])) if len(values) else None


_COLUMNS = (
    number_column("epoch"),
    number_column("train_loss", ".4g"),
    number_column("train_accuracy", ".2%", heading="accuracy"),
    number_column("validation_loss", ".4g"),
    number_column("validation_accuracy", ".2%", heading="accuracy"),
    Column("", lambda row: "best" if row["best"] else ""),
    number_column("lr", ".3g", rank=2),
    number_column("examples_per_second", ",.0f", heading="images/s", rank=2),
)
