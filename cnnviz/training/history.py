"""How a training run went: its figures at each moment, as rows of plain data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from cnnviz.errors import SpecError
from cnnviz.report.columns import known, number_column, word_column
from cnnviz.report.report import Report, Row


@dataclass(frozen=True, kw_only=True)
class Moment:
    """Figures of one moment of a training run: over the batches since the last, or a validation.

    Parameters
    ----------
    step, epoch : int
        How many steps have been taken, and in which epoch, from 1 on.
    part : {"train", "validation"}
    loss, accuracy : float
        Means over the pictures of that part. What is not finite becomes None.
    examples : int, optional
        Of how many pictures: a last batch has fewer than the others.
    lr : float, optional
        The learning rate of the last step; None of a validation.
    examples_per_second : float, optional
        The one figure that another run does not repeat.
    """

    step: int
    epoch: int
    part: str = "train"
    loss: float | None
    accuracy: float | None
    examples: int | None = None
    lr: float | None = None
    examples_per_second: float | None = None

    def __post_init__(self) -> None:
        for each in fields(self):
            value = getattr(self, each.name)
            if isinstance(value, float):
                object.__setattr__(self, each.name, known(value))


# What a figure may be in a file that is not trusted; pictures and sums are made of it.
_WHOLE, _MOST = ("step", "epoch"), 2.0**53
_RANGES = {
    "accuracy": (0.0, 1.0),
    "loss": (0.0, 1e300),
    "lr": (0.0, 1e300),
    "examples_per_second": (1e-9, 1e12),
}


@dataclass
class History:
    """The moments of a run, in order.

    >>> history = History()
    >>> history.add(Moment(step=100, epoch=1, loss=0.5, accuracy=0.9, examples=640, lr=0.01))
    >>> print(history.report("lenet5").to_csv())
    step,epoch,part,loss,accuracy,examples,lr,examples_per_second
    100,1,train,0.5,0.9,640,0.01,
    <BLANKLINE>
    """

    moments: list[Moment] = field(default_factory=list)

    def add(self, moment: Moment) -> None:
        """Take one more."""
        self.moments.append(moment)

    def of(self, part: str) -> Iterator[Moment]:
        """Yield the moments of a part, `train` or `validation`."""
        return (moment for moment in self.moments if moment.part == part)

    @property
    def seconds(self) -> float:
        """What the steps took, by the pace that is noted at each moment.

        Also of a run that was stopped for a while.

        >>> figures = {"loss": 1.0, "accuracy": 0.0, "examples": 640, "examples_per_second": 32.0}
        >>> History([Moment(step=10, epoch=1, **figures)]).seconds
        20.0
        """
        return sum(
            one.examples / one.examples_per_second
            for one in self.moments
            if one.examples and one.examples_per_second
        )

    def to_columns(self) -> dict[str, list[Any]]:
        """Return the figures as plain data, a list for each of a moment's fields."""
        return {each.name: [getattr(m, each.name) for m in self.moments] for each in fields(Moment)}

    @classmethod
    def from_columns(cls, columns: Mapping[str, Sequence[Any]]) -> History:
        """Return the history of which `to_columns` made that; raise `SpecError` if none did."""
        names = [each.name for each in fields(Moment)]
        if sorted(columns) != sorted(names) or len({len(columns[name]) for name in names}) > 1:
            raise SpecError(f"a history has equally many values of {', '.join(names)}")
        for name in names:
            if not all(_is_figure(name, value) for value in columns[name]):
                raise SpecError(f"a history's {name} is not what it can be")
        lines = zip(*(columns[name] for name in names), strict=True)
        return cls([Moment(**dict(zip(names, line, strict=True))) for line in lines])

    def report(self, name: str, head: Row | None = None) -> Report:
        """Return a row a moment, for CSV, JSON and tables."""
        rows = tuple(asdict(moment) for moment in self.moments)
        about = {"model": name, **(head or {})}
        return Report(name, about, rows, {}, (), _MOMENT, key="history", about="training")


def _is_figure(name: str, value: object) -> bool:
    if name == "part":
        return value in ("train", "validation")
    if value is None:
        return name not in _WHOLE
    least, most = _RANGES.get(name, (0.0, _MOST))
    kinds = (int,) if name in _WHOLE else (int, float)
    return isinstance(value, kinds) and not isinstance(value, bool) and least <= value <= most


def mean(moments: Sequence[Moment], name: str) -> float | None:
    """Return the mean of a figure over all pictures of some moments; None if none has it.

    >>> most = Moment(step=1, epoch=1, loss=1.0, accuracy=0.5, examples=30)
    >>> last = Moment(step=2, epoch=1, loss=5.0, accuracy=0.5, examples=10)
    >>> mean([most, last], "loss")
    2.0
    """
    found = [(getattr(one, name), one.examples or 1) for one in moments]
    pairs = [(value, count) for value, count in found if value is not None]
    total = sum(count for _, count in pairs)
    return sum(value * count for value, count in pairs) / total if pairs else None


_MOMENT = (
    number_column("step", ","),
    number_column("epoch"),
    word_column("part"),
    number_column("loss", ".4f"),
    number_column("accuracy", ".2%"),
    number_column("examples", ",", rank=1),
    number_column("lr", ".3g"),
    number_column("examples_per_second", ",.0f"),
)
