"""What a network gets right and wrong, class by class: figures as rows of plain data."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, isfinite

import numpy as np
from numpy.typing import ArrayLike

from cnnviz.arrays import unique
from cnnviz.errors import SpecError
from cnnviz.ops.checks import Array
from cnnviz.report.columns import number_column, word_column
from cnnviz.report.report import Column, Report
from cnnviz.training.loss import cross_entropy


@dataclass(frozen=True, order=True)
class Mistake:
    """A picture that the network takes for another class, by its number in the data set.

    `loss` is that of the right class without smoothing, its probability is `exp(-loss)`;
    `confidence` is the probability of the predicted class.
    """

    number: int
    label: int
    predicted: int
    loss: float
    confidence: float


class Evaluation:
    """Figures over a data set that comes in batches; only the worst mistakes are kept.

    Parameters
    ----------
    classes : int
    most : int
        How many mistakes to keep.

    Attributes
    ----------
    matrix : ndarray of int64, (classes, classes)
        The confusion matrix: rows are the right classes, columns the predicted ones.

    Examples
    --------
    >>> found = Evaluation(2)
    >>> found.add([[4.0, 0.0], [1.0, 3.0], [2.0, 0.0]], [0, 0, 0], [10, 11, 12])
    >>> found.matrix.tolist(), round(found.accuracy, 3), found.worst[0].number
    ([[2, 1], [0, 0]], 0.667, 11)
    """

    def __init__(self, classes: int, most: int = 16) -> None:
        self.matrix = np.zeros((classes, classes), np.int64)
        self._most, self._total = most, 0.0
        # The one that would go first is the first: the least loss, then the highest number.
        self._heap: list[tuple[float, int, Mistake]] = []

    def add(self, logits: ArrayLike, labels: ArrayLike, numbers: ArrayLike) -> None:
        """Count a batch.

        Parameters
        ----------
        logits : array_like, (N, classes)
            A row that is not finite has an infinite loss.
        labels, numbers : array_like of int, (N,)
            The right classes, and the places of the pictures in the data set.

        Raises
        ------
        SpecError, InputError
            As `cross_entropy` does.
        """
        z, right, places = np.asarray(logits), np.asarray(labels), np.asarray(numbers)
        if z.shape[1:] != self.matrix.shape[:1] or places.shape != right.shape:
            wanted = f"(N, {len(self.matrix)})"
            raise SpecError(f"logits {z.shape} and numbers {places.shape} are not {wanted}, (N,)")
        losses, gradient = cross_entropy(z, right)
        losses = losses.astype(np.float64)
        losses[np.isnan(losses)] = np.inf
        predicted = z.argmax(axis=1)
        np.add.at(self.matrix, (right, predicted), 1)
        self._total += float(losses.sum())
        for i in np.flatnonzero(predicted != right).tolist():
            taken = int(predicted[i])
            confidence = float(gradient[i, taken]) * len(z)  # softmax(z) / N, off the right class
            one = Mistake(int(places[i]), int(right[i]), taken, float(losses[i]), confidence)
            heapq.heappush(self._heap, (one.loss, -one.number, one))
            if len(self._heap) > self._most:
                heapq.heappop(self._heap)

    @property
    def count(self) -> int:
        """How many pictures there were."""
        return int(self.matrix.sum())

    @property
    def loss(self) -> float:
        """The mean loss of a picture; NaN of none."""
        return self._total / self.count if self.count else float("nan")

    @property
    def accuracy(self) -> float:
        """The share of pictures whose largest output is that of their class; NaN of none."""
        return accuracy(self.matrix)

    @property
    def worst(self) -> list[Mistake]:
        """The mistakes of the highest losses, the worst first; of equal ones the lower number."""
        return [one for *_, one in sorted(self._heap, reverse=True)]


def confusion_matrix(labels: ArrayLike, predicted: ArrayLike, classes: int) -> Array:
    """Return how often each class (a row) was taken for each (a column), int64.

    Raises
    ------
    SpecError
        If the two differ in shape or hold what is no class.

    >>> confusion_matrix([0, 0, 1, 2], [0, 1, 1, 1], 3).tolist()
    [[1, 1, 0], [0, 1, 0], [0, 1, 0]]
    """
    right, taken = np.asarray(labels), np.asarray(predicted)
    both = np.concatenate([right.reshape(-1), taken.reshape(-1)])
    if right.shape != taken.shape or right.ndim != 1 or both.dtype.kind not in "iu":
        raise SpecError(f"labels {right.shape} and predictions {taken.shape} are not pairs of ints")
    if both.size and not 0 <= both.min() <= both.max() < classes:
        raise SpecError(f"labels {both.min()} to {both.max()} are not 0 to {classes - 1}")
    matrix = np.zeros((classes, classes), np.int64)
    np.add.at(matrix, (right, taken), 1)
    return matrix


def accuracy(matrix: Array) -> float:
    """Return the share of a confusion matrix on its diagonal; NaN of an empty one.

    >>> accuracy(np.array([[3, 1], [0, 4]]))
    0.875
    """
    return float(np.trace(matrix) / matrix.sum()) if matrix.any() else float("nan")


def recall(matrix: Array) -> Array:
    """Return of each class the share that was found, float64; NaN of a class that did not occur.

    >>> recall(np.array([[3, 1], [0, 4]])).tolist()
    [0.75, 1.0]
    """
    return _shares(matrix, matrix.sum(axis=1))


def precision(matrix: Array) -> Array:
    """Return of each class the share that is right where it was predicted; NaN where it never was.

    >>> precision(np.array([[3, 1], [0, 4]])).tolist()
    [1.0, 0.8]
    """
    return _shares(matrix, matrix.sum(axis=0))


def _shares(matrix: Array, totals: Array) -> Array:
    shares = np.full(len(matrix), np.nan)
    np.divide(np.diagonal(matrix), totals, out=shares, where=totals > 0)
    return shares


def classes_report(matrix: Array, name: str, labels: Sequence[str] = ()) -> Report:
    """Return a row a class: how many there are, recall, precision and what it is taken for most.

    Parameters
    ----------
    matrix : ndarray, (classes, classes)
        A confusion matrix.
    name : str
        The model's.
    labels : sequence of str
        The classes' names; their numbers unless given.
    """
    words = _words(labels, len(matrix))
    wrong = matrix * (1 - np.eye(len(matrix), dtype=np.int64))
    columns = zip(words, matrix.sum(1).tolist(), recall(matrix), precision(matrix), strict=True)
    rows = tuple(
        {
            "class": word,
            "examples": examples,
            "recall": _known(found),
            "precision": _known(right),
            "most_taken_for": words[int(wrong[i].argmax())] if wrong[i].any() else None,
            "as_often": int(wrong[i].max()),
        }
        for i, (word, examples, found, right) in enumerate(columns)
    )
    total = {"class": "total", "examples": int(matrix.sum()), "accuracy": _known(accuracy(matrix))}
    return Report(name, {"model": name}, rows, total, (), _CLASS, key="classes", about="classes")


def confusion_report(matrix: Array, name: str, labels: Sequence[str] = ()) -> Report:
    """Return the confusion matrix as a row a class, with a count for each that it was taken for."""
    words = _words(labels, len(matrix))
    counted = [dict(zip(words, row, strict=True)) for row in matrix.tolist()]
    rows = tuple({"class": w, "predicted": r} for w, r in zip(words, counted, strict=True))
    columns = [Column("class", lambda row: str(row["class"]))]
    columns += [_counted(word) for word in words]
    head = {"model": name, "accuracy": _known(accuracy(matrix))}
    return Report(name, head, rows, {}, (), tuple(columns), key="confusion", about="confusion")


def mistakes_report(worst: Sequence[Mistake], name: str, labels: Sequence[str] = ()) -> Report:
    """Return a row a mistake, with the probabilities of the predicted and of the right class."""
    most = max((max(one.label, one.predicted) for one in worst), default=-1)
    words = _words(labels, max(len(labels), most + 1))
    rows = tuple(
        {
            "number": one.number,
            "class": words[one.label],
            "predicted": words[one.predicted],
            "confidence": _known(one.confidence),
            "loss": _known(one.loss),
            "probability": exp(-one.loss),
        }
        for one in worst
    )
    return Report(name, {"model": name}, rows, {}, (), _MISTAKE, key="mistakes", about="mistakes")


def _words(labels: Sequence[str], classes: int) -> list[str]:
    """Return a name a class; of equal ones (ImageNet has two cranes) the later get an index."""
    if labels and len(labels) != classes:
        raise SpecError(f"{len(labels)} labels for {classes} classes")
    return unique(list(labels)) if labels else [str(i) for i in range(classes)]


def _known(value: float) -> float | None:
    return float(value) if isfinite(value) else None


def _counted(word: str) -> Column:
    return Column(word, lambda row: str(row["predicted"][word]), right=True, rank=1)


_CLASS = (
    word_column("class"),
    number_column("examples", ","),
    number_column("recall", ".1%"),
    number_column("precision", ".1%"),
    word_column("most_taken_for"),
    number_column("as_often", ","),
)
_MISTAKE = (
    number_column("number"),
    word_column("class"),
    word_column("predicted"),
    number_column("confidence", ".2%"),
    number_column("loss", ".3f"),
    number_column("probability", ".2g"),
)
