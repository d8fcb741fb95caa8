"""Which classes a network takes for which: the confusion matrix."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from cnnviz.errors import SpecError
from cnnviz.report.columns import known
from cnnviz.report.result import Result
from cnnviz.report.shares import tenths

MOST_LINES = 10  # confusions that are printed
NAME = 12  # characters of a class's name before its row
LEAST_COLUMN = 3  # characters of a number
LEAST_NAME = 8  # characters of the name of what is confused, however narrow it is


@dataclass(frozen=True)
class Confused:
    """How often pictures of one class are taken for another; `share` is of the class's."""

    label: int
    predicted: int
    count: int
    share: float


@dataclass(eq=False, repr=False)
class Confusion(Result):
    """A confusion matrix: rows are the right classes, columns what they are taken for.

    Attributes
    ----------
    model, data : str
        The network, and which pictures it was shown.
    matrix : ndarray of int64, (K, K)
    labels : tuple of str
        A name a class.
    """

    figure: ClassVar[str] = "confusion"

    model: str
    data: str
    matrix: np.ndarray
    labels: tuple[str, ...]

    @property
    def subject(self) -> str:
        """The network, and what it was shown."""
        return f"{self.model} on {self.data}"

    @property
    def heading(self) -> str:
        """What it shows."""
        return f"What is taken for what: {self.headline()}"

    @property
    def count(self) -> int:
        """How many pictures there are."""
        return int(self.matrix.sum())

    @property
    def right(self) -> int:
        """How many of them are taken for what they are."""
        return int(np.trace(self.matrix))

    @property
    def shares(self) -> np.ndarray:
        """The matrix as shares of its rows, float64; NaN in the row of a class without pictures."""
        return _divided(self.matrix, self.matrix.sum(axis=1, keepdims=True))

    @property
    def recall(self) -> np.ndarray:
        """Of each class the share that was found, `(K,)`; NaN of a class without pictures."""
        return np.diagonal(self.shares)

    @property
    def precision(self) -> np.ndarray:
        """Of what was taken for each class the share that is it, `(K,)`; NaN where nothing was."""
        return _divided(np.diagonal(self.matrix), self.matrix.sum(axis=0))

    def worst(self, most: int) -> list[Confused]:
        """Return the confusions of the largest shares; of equal ones the more frequent, the first.

        >>> found = confusion([[8, 2], [1, 1]], labels=["a", "b"], model="m", data="d")
        >>> [(one.label, one.predicted, one.share) for one in found.worst(1)]
        [(1, 0, 0.5)]
        """
        wrong = self._wrong()
        shares = np.nan_to_num(self.shares)
        rows, columns = np.nonzero(wrong)
        order = np.lexsort((-wrong[rows, columns], -shares[rows, columns]))[:most]
        pairs = zip(rows[order].tolist(), columns[order].tolist(), strict=True)
        return [Confused(i, j, int(wrong[i, j]), float(shares[i, j])) for i, j in pairs]

    def _wrong(self) -> np.ndarray:
        """Return the counts off the diagonal."""
        return np.where(np.eye(len(self.matrix), dtype=bool), 0, self.matrix)

    def headline(self) -> str:
        """Return in a sentence how much is right.

        >>> confusion([[8, 2], [1, 1]], labels=["a", "b"], model="m", data="d").headline()
        '75.0% right, 9 of 12'
        """
        if not self.count:
            return "no pictures"
        return f"{tenths(self.right / self.count)} right, {self.right:,} of {self.count:,}"

    def lines(self, width: int = 80) -> Iterator[str]:
        """Yield the matrix, as far as it fits, and the worst confusions."""
        yield f"{self.subject}: {self.headline()}"
        yield from self._table(width)
        for one in self.worst(MOST_LINES):
            names = f"{self.labels[one.label]} taken for {self.labels[one.predicted]}"
            yield f"{tenths(one.share):>7}  {one.count:>7,}  {names}"

    def _table(self, width: int) -> Iterator[str]:
        """Yield a line a class, each column headed by a class's number; nothing if too wide."""
        column = max(LEAST_COLUMN, len(str(self.matrix.max(initial=0)))) + 1
        number = len(str(len(self.matrix) - 1))
        if number + 2 + NAME + column * len(self.matrix) + 8 > width:
            return
        heads = "".join(f"{j:>{column}}" for j in range(len(self.matrix)))
        yield f"{'':{number + 2 + NAME}}{heads}   right"
        recall = self.recall
        for i, (name, row) in enumerate(zip(self.labels, self.matrix.tolist(), strict=True)):
            short = name if len(name) <= NAME else f"{name[: NAME - 1]}~"
            cells = "".join(f"{value or '.':>{column}}" for value in row)
            share = "" if np.isnan(recall[i]) else tenths(float(recall[i]))
            yield f"{i:>{number}}  {short:<{NAME}}{cells}  {share:>6}".rstrip()

    def classes(self) -> list[dict[str, Any]]:
        """Return a row a class: its pictures, recall, precision, and what it is taken for most."""
        wrong = self._wrong()
        figures = zip(self.recall.tolist(), self.precision.tolist(), strict=True)
        return [
            {
                "class": name,
                "examples": int(self.matrix[i].sum()),
                "recall": known(recall),
                "precision": known(precision),
                "most_taken_for": self.labels[int(wrong[i].argmax())] if wrong[i].any() else None,
                "as_often": int(wrong[i].max()),
            }
            for i, (name, (recall, precision)) in enumerate(zip(self.labels, figures, strict=True))
        ]

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return the rows of `classes`, with how often each is taken for each."""
        pairs = zip(self.classes(), self.matrix.tolist(), strict=True)
        return [row | {"taken_for": counts} for row, counts in pairs]

    def arrays(self) -> list[tuple[str, np.ndarray]]:
        """Return the counts."""
        return [("confusion", self.matrix)]


def confusion(matrix: Any, *, labels: Sequence[str] = (), model: str, data: str) -> Confusion:
    """Return a confusion matrix with the names of its classes.

    Parameters
    ----------
    matrix : array_like of int, (K, K)
        How often each class (a row) was taken for each (a column).
    labels : sequence of str, optional
        A name a class; their numbers unless given.
    model, data : str
        Which network was shown what.

    Raises
    ------
    SpecError
        If it is no square matrix of counts, or the labels are of another number.
    """
    counts = np.asarray(matrix)
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1] or not counts.size:
        raise SpecError(f"a confusion matrix of shape {counts.shape} is not (classes, classes)")
    if counts.dtype.kind not in "iu" or int(counts.min()) < 0:
        raise SpecError("a confusion matrix holds counts, whole numbers from 0 on")
    names = tuple(labels) or tuple(map(str, range(len(counts))))
    if len(names) != len(counts):
        raise SpecError(f"{len(names)} labels for {len(counts)} classes")
    return Confusion(model, data, counts.astype(np.int64), names)


def _divided(counts: np.ndarray, totals: np.ndarray) -> np.ndarray:
    """Return counts as shares of totals, float64; NaN of a total of 0."""
    shares = np.full(counts.shape, np.nan)
    np.divide(counts, totals, out=shares, where=totals > 0)
    return shares


def taken(label: str, predicted: str, room: int) -> str:
    """Return which class is taken for which; names that are too long are cut in their middle.

    >>> taken("cat", "a small dog with long ears", 30)
    'cat taken for a small...g ears'
    """
    words = " taken for "
    both = room - len(words)
    half = max(both // 2, LEAST_NAME)
    own = max(half, both - len(predicted)), max(half, both - len(label))
    return words.join(map(_cut, (label, predicted), own))


def _cut(name: str, room: int) -> str:
    if len(name) <= room:
        return name
    end = (room - 3) // 2
    return f"{name[: room - 3 - end]}...{name[len(name) - end :]}"
