"""What a network gets right and wrong in pictures that come in batches."""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from cnnviz.errors import SpecError
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
        return float(np.trace(self.matrix) / self.count) if self.count else float("nan")

    @property
    def worst(self) -> list[Mistake]:
        """The mistakes of the highest losses, the worst first; of equal ones the lower number."""
        return [one for *_, one in sorted(self._heap, reverse=True)]
