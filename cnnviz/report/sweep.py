"""One setting with several values, each trained: what each costs, and what it comes to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING, Any, ClassVar

from cnnviz.errors import SpecError
from cnnviz.report.columns import known, number_column, word_column
from cnnviz.report.report import Column, Report
from cnnviz.report.result import Result
from cnnviz.report.shares import tenths
from cnnviz.report.training_curves import Curves, curves

if TYPE_CHECKING:
    import numpy as np

UNSURE = 0.005  # a difference of accuracies that is none, where the pictures are not counted
COUNTS = ("filters", "units", "depth_multiplier", "epochs", "groups")


@dataclass(frozen=True, eq=False, repr=False)
class Trial:
    """The run of one value.

    Attributes
    ----------
    value : str
        As it was given.
    params, macs : int
        Of the network with that value.
    seconds : float, optional
        What the run took.
    curves : Curves, optional
        How it went, as far as it came.
    error : str
        Why it failed; empty if it did not.
    """

    value: str
    params: int
    macs: int
    seconds: float | None = None
    curves: Curves | None = None
    error: str = ""

    @property
    def best(self) -> float | None:
        """The highest validation accuracy; None if there is none, or the run failed."""
        if self.error or self.curves is None or self.curves.best is None:
            return None
        return known(self.curves.validation.figures["accuracy"][self.curves.best])

    @property
    def last(self) -> float | None:
        """The training accuracy at the end; None if it is not known, or the run failed."""
        return None if self.error or self.curves is None else self.curves.train.last("accuracy")


@dataclass(eq=False, repr=False)
class Sweep(Result):
    """The runs of several values of one setting, in their order.

    Attributes
    ----------
    setting : str
        `conv1.filters`.
    model, data : str
    trials : tuple of Trial
    examples : int, optional
        Pictures of the validation, which tell by how much accuracies differ by chance.
    """

    figure: ClassVar[str] = "sweep"

    setting: str
    model: str
    data: str
    trials: tuple[Trial, ...]
    examples: int | None = None

    @property
    def name(self) -> str:
        """The setting without its node."""
        return self.setting.rpartition(".")[-1]

    @property
    def subject(self) -> str:
        """The network and its setting."""
        return f"{self.model}, {self.setting}"

    @property
    def figure_nbytes(self) -> int:
        """Nothing to speak of."""
        return 0

    @property
    def warnings(self) -> tuple[str, ...]:
        """Which runs failed, and why."""
        return tuple(f"{one.value} failed: {one.error}" for one in self.trials if one.error)

    @property
    def margin(self) -> float:
        """The difference of accuracies below which they count as equal.

        Two standard errors of the highest, over the pictures of the validation, with two right and
        two wrong ones added: else all right of a few would be beyond doubt. Agresti and Coull,
        "Approximate is better than 'exact' for interval estimation of binomial proportions" (1998).
        """
        if not self.examples:
            return UNSURE
        top = max((one.best for one in self.trials if one.best is not None), default=0.5)
        count = self.examples + 4
        share = (top * self.examples + 2) / count
        return 2 * sqrt(share * (1 - share) / count)

    @property
    def enough(self) -> Trial | None:
        """The cheapest run that is as good as the best; None where there is no validation."""
        scored = [(one, one.best) for one in self.trials if one.best is not None]
        if not scored:
            return None
        least = max(best for _, best in scored) - self.margin
        good = [(_cost(one), -best, one) for one, best in scored if best >= least]
        return min(good, key=lambda item: item[:2])[-1]

    def verdict(self, one: Trial) -> str:
        """Return what is to be said of a run: too few, enough, too many, failed, or nothing.

        What is enough is called the best where nothing that costs more was tried.
        """
        enough = self.enough
        if one.error:
            return "failed"
        if enough is None or one.best is None:
            return ""
        others = [other for other in self.trials if other.best is not None]
        if one is enough:
            return "best" if _cost(one) == max(map(_cost, others)) and len(others) > 1 else "enough"
        top = max(other.best or 0 for other in others)
        as_good = one.best >= top - self.margin
        if as_good and _cost(one) == _cost(enough):
            return "as good"
        less, more = ("few", "many") if self.name in COUNTS else ("small", "large")
        try:
            return f"too {less if float(one.value) < float(enough.value) else more}"
        except ValueError:  # values that are words have no order
            return "as good" if as_good else "worse"

    def headline(self) -> str:
        """Return in a sentence which value is enough."""
        enough = self.enough
        if enough is None or enough.best is None:
            failed = all(one.error for one in self.trials)
            return f"{self.setting}: " + ("every run failed" if failed else "no validation")
        scored = sum(one.best is not None for one in self.trials)
        what = "enough" if self.verdict(enough) == "enough" else f"the best of {scored}"
        said = f"{self.setting} {enough.value} is {what}: {tenths(enough.best)}"
        higher = [(one.best, one.value) for one in self.trials if (one.best or 0) > enough.best]
        if not higher:
            return said
        best, value = max(higher, key=lambda pair: pair[0] or 0)
        return f"{said}, {value} has {tenths(best or 0)}"

    def remark(self) -> str:
        """Return which differences count."""
        points = f"{100 * self.margin:.1f} points"
        if not self.examples:
            return f"Accuracies that differ by less than {points} count as equal."
        of = f"two standard errors over {self.examples:,} pictures"
        return f"Accuracies that differ by less than {points}, {of}, count as equal."

    def report(self) -> Report:
        """Return a row a value."""
        rows = tuple(self.to_dicts())
        head = {"model": self.model, "data": self.data, "setting": self.setting}
        notes = ("train: the accuracy at the end of training. gap: from there to validation.",)
        return Report(
            self.subject,
            head,
            rows,
            {},
            self.warnings,
            (Column(self.name, lambda row: str(row["value"]), right=True), *_FIGURES),
            notes=(*notes, self.remark()),
            key="values",
            about=self.headline(),
        )

    def lines(self, width: int = 80) -> Iterator[str]:
        """Yield the sentence, and a line a value."""
        yield f"{self.model} on {self.data}: {self.headline()}"
        yield from self.report().table.lines(width)
        yield from self.warnings

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return a row a value."""
        return [
            {
                "value": one.value,
                "params": one.params,
                "macs": one.macs,
                "seconds": one.seconds,
                "best_validation_accuracy": one.best,
                "last_train_accuracy": one.last,
                "gap": None if one.best is None or one.last is None else one.last - one.best,
                "verdict": self.verdict(one),
                "error": one.error or None,
            }
            for one in self.trials
        ]

    def arrays(self) -> list[tuple[str, np.ndarray]]:
        """Return nothing: all of it is in the rows."""
        return []


def _cost(one: Trial) -> tuple[int, int]:
    return one.macs, one.params


def trial(
    value: str,
    *,
    params: int,
    macs: int,
    seconds: float | None = None,
    columns: Mapping[str, Sequence[Any]] | None = None,
    error: str = "",
) -> Trial:
    """Return the run of one value, from the columns of its history (see `curves`).

    Parameters
    ----------
    value : str
    params, macs : int
        Of the network with that value.
    seconds : float, optional
        What the run took.
    columns : mapping, optional
        Those of its history.
    error : str
        Why it failed.
    """
    made = curves(columns, model=value, data="") if columns and columns["step"] else None
    return Trial(value, params, macs, known(seconds), made, error)


def sweep(
    setting: str,
    trials: Sequence[Trial],
    *,
    model: str,
    data: str,
    examples: int | None = None,
) -> Sweep:
    """Return the runs of several values of one setting.

    Parameters
    ----------
    setting : str
        Which it is, `NODE.SETTING`.
    trials : sequence of Trial
        In the order in which they are shown.
    model, data : str
        What was trained, on what.
    examples : int, optional
        Pictures of the validation.

    Raises
    ------
    SpecError
        If there is no run.

    >>> def run(value, right):
    ...     history = {"step": [9], "epoch": [1], "part": ["validation"], "loss": [1.0],
    ...                "accuracy": [right], "lr": [None], "examples_per_second": [None]}
    ...     return trial(value, params=int(value), macs=int(value), columns=history)
    >>> made = sweep("conv1.filters", [run("4", 0.4), run("16", 0.6), run("64", 0.601)],
    ...              model="m", data="d", examples=1000)
    >>> made.headline(), [made.verdict(one) for one in made.trials]
    ('conv1.filters 16 is enough: 60.0%, 64 has 60.1%', ['too few', 'enough', 'too many'])
    """
    if not trials:
        raise SpecError(f"no run to compare for {setting}")
    return Sweep(setting, model, data, tuple(trials), examples)


_FIGURES = (
    number_column("params", ","),
    number_column("macs", ",", heading="MACs", rank=1),
    number_column("seconds", ",.1f", rank=1),
    number_column("best_validation_accuracy", ".2%", heading="validation"),
    number_column("last_train_accuracy", ".2%", heading="train"),
    number_column("gap", ".2%", rank=2),
    word_column("verdict", heading=""),
)
