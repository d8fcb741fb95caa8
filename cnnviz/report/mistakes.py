"""The worst mistakes of a network: pictures, what they are and what they were taken for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import exp, isfinite
from typing import Any, ClassVar, Protocol

import numpy as np

from cnnviz.errors import SpecError
from cnnviz.report.columns import known
from cnnviz.report.result import Result
from cnnviz.report.shares import tenths

MOST = 25  # that are shown


class Wrong(Protocol):
    """What is known of a mistake: classes by number, and the loss of the right one."""

    @property
    def number(self) -> int: ...
    @property
    def label(self) -> int: ...
    @property
    def predicted(self) -> int: ...
    @property
    def loss(self) -> float: ...
    @property
    def confidence(self) -> float: ...


@dataclass(frozen=True, eq=False, repr=False)
class Shown:
    """A picture `(H, W, C)`, 0-255, of the class `label` that was taken for `predicted`.

    `confidence` is the probability of the predicted class, `probability` that of the right one;
    None where the network's output was not finite.
    """

    picture: np.ndarray
    number: int
    name: str
    label: str
    predicted: str
    confidence: float | None
    probability: float | None


@dataclass(eq=False, repr=False)
class Mistakes(Result):
    """The worst mistakes, the worst first.

    Attributes
    ----------
    model, data : str
        The network, and which pictures it was shown.
    shown : tuple of Shown
        Up to `MOST`.
    wrong, count : int
        How many mistakes there are, in how many pictures.
    """

    figure: ClassVar[str] = "mistakes"

    model: str
    data: str
    shown: tuple[Shown, ...]
    wrong: int
    count: int

    @property
    def subject(self) -> str:
        """The network, and what it was shown."""
        return f"{self.model} on {self.data}"

    @property
    def heading(self) -> str:
        """What it shows."""
        return f"The worst mistakes: {self.headline()}"

    @property
    def figure_nbytes(self) -> int:
        """Bytes that a figure needs: one picture at a time as floats and as colours."""
        return 9 * max((one.picture.size for one in self.shown), default=0)

    def headline(self) -> str:
        """Return in a sentence how many there are."""
        if not self.wrong:
            return f"no mistake in {self.count:,} picture{'s' * (self.count != 1)}"
        of = f"{self.wrong:,} of {self.count:,} wrong"
        if len(self.shown) == self.wrong:
            return of
        return f"{of}, the worst {len(self.shown)}" if len(self.shown) > 1 else f"{of}, the worst"

    def lines(self, width: int = 80) -> Iterator[str]:
        """Yield a line a mistake."""
        yield f"{self.subject}: {self.headline()}"
        for one in self.shown:
            sure = "" if one.confidence is None else tenths(one.confidence)
            yield f"{sure:>7}  {one.label} taken for {one.predicted}  ({one.name})"

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return a row a mistake."""
        return [
            {
                "number": one.number,
                "name": one.name,
                "class": one.label,
                "predicted": one.predicted,
                "confidence": one.confidence,
                "probability": one.probability,
            }
            for one in self.shown
        ]

    def arrays(self) -> list[tuple[str, np.ndarray]]:
        """Return the pictures."""
        return [(f"mistake{i}", one.picture) for i, one in enumerate(self.shown, 1)]


def mistakes(
    found: Sequence[Wrong],
    pictures: Sequence[np.ndarray],
    *,
    labels: Sequence[str],
    wrong: int,
    count: int,
    model: str,
    data: str,
    names: Sequence[str] = (),
) -> Mistakes:
    """Return the worst mistakes with their pictures.

    Parameters
    ----------
    found : sequence of Wrong
        The worst first, as `Evaluation.worst` has them.
    pictures : sequence of ndarray, (H, W, C)
        One for each, 0-255.
    labels : sequence of str
        A name a class.
    wrong, count : int
        How many mistakes there are, in how many pictures.
    model, data : str
        Which network was shown what.
    names : sequence of str, optional
        Where each comes from; its number unless given.

    Raises
    ------
    SpecError
        If there are not as many pictures, or names, as mistakes.

    >>> mistakes([], [], labels=["a", "b"], wrong=0, count=9, model="m", data="d").headline()
    'no mistake in 9 pictures'
    """
    names = names or [str(one.number) for one in found]
    if not len(found) == len(pictures) == len(names):
        raise SpecError(f"{len(pictures)} pictures, {len(names)} names of {len(found)} mistakes")
    triples = list(zip(found, pictures, names, strict=True))[:MOST]
    shown = tuple(
        Shown(
            np.asarray(picture, np.float32),
            one.number,
            name,
            labels[one.label],
            labels[one.predicted],
            known(one.confidence),
            exp(-one.loss) if isfinite(one.loss) else None,
        )
        for one, picture, name in triples
    )
    return Mistakes(model, data, shown, wrong, count)
