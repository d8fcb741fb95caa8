"""What a network takes an image for: its likeliest classes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from cnnviz.report.report import Column, Report
from cnnviz.report.result import Result

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class Guess:
    """A class and how likely it is; without labels, its label is its index."""

    index: int
    label: str
    probability: float


@dataclass(frozen=True, eq=False)
class Prediction(Result):
    """The likeliest classes of one image, and the image as the network sees it.

    Parameters
    ----------
    image : str
        The source, as it was given.
    title : str
        Its name, for the figure.
    model : str
    classes : int
        How many there are.
    top : tuple of Guess
        The likeliest first.
    seen : ndarray, (H, W, C)
        After resizing and cropping, 0-255.
    preprocess : tuple of str
        What was done to it, a text a step.
    """

    figure: ClassVar[str] = "prediction"

    image: str
    title: str
    model: str
    classes: int
    top: tuple[Guess, ...]
    seen: np.ndarray
    preprocess: tuple[str, ...]

    @property
    def subject(self) -> str:
        """The image's name."""
        return self.title

    def lines(self, width: int = 80) -> Iterator[str]:
        """Yield a line a class."""
        for guess in self.top:
            yield f"{percent(guess.probability):>8}  {guess.label}"

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return the classes as one row of plain data."""
        top = [asdict(guess) for guess in self.top]
        return [{"image": self.image, "top": top, "preprocess": list(self.preprocess)}]

    def arrays(self) -> list[tuple[str, np.ndarray]]:
        """Return the image as the network sees it."""
        return [("seen", self.seen)]


def prediction(
    probabilities: np.ndarray,
    seen: np.ndarray,
    *,
    image: str,
    title: str,
    model: str,
    labels: Sequence[str] = (),
    top: int = 5,
    preprocess: Sequence[str] = (),
) -> Prediction:
    """Return the `top` likeliest classes of an image; of equal ones the first comes first.

    >>> import numpy as np
    >>> made = prediction(np.array([0.1, 0.7, 0.2]), np.zeros((2, 2, 1)), image="cat.png",
    ...                   title="cat.png", model="m", labels=["dog", "cat", "cow"], top=2)
    >>> [(guess.label, guess.probability) for guess in made.top]
    [('cat', 0.7), ('cow', 0.2)]
    """
    order = (-probabilities).argsort(kind="stable")[:top].tolist()
    guesses = tuple(
        Guess(i, labels[i] if labels else str(i), float(probabilities[i])) for i in order
    )
    count = len(probabilities)
    return Prediction(image, title, model, count, guesses, seen, tuple(preprocess))


def table(
    found: Sequence[Prediction], notes: Sequence[str] = (), *, grouped: bool = False
) -> Report:
    """Return the predictions of images as one table, a row a class.

    `grouped` leaves the image to a heading above its rows.
    """
    rows = tuple(
        {"image": one.image, "rank": rank, **asdict(guess)}
        for one in found
        for rank, guess in enumerate(one.top, 1)
    )
    columns = [
        Column("class", lambda row: str(row["label"])),
        Column(
            "probability",
            lambda row: percent(row["probability"]),
            right=True,
            share=lambda row: float(row["probability"]),
        ),
    ]
    if any(row["label"] != str(row["index"]) for row in rows):
        columns.insert(1, Column("index", lambda row: str(row["index"]), right=True, rank=1))
    if len(found) > 1 and not grouped:
        columns.insert(0, Column("image", lambda row: str(row["image"]), rank=2))
    model = found[0].model if found else ""
    return Report(
        name=model,
        head={"model": model},
        rows=rows,
        totals={},
        warnings=(),
        columns=tuple(columns),
        notes=(*_notes(found), *notes),
        key="predictions",
    )


def _notes(found: Sequence[Prediction]) -> Iterator[str]:
    """Yield what was done to the images, once where it was the same."""
    steps = {one.image: "; ".join(one.preprocess) for one in found}
    different = len(set(steps.values())) > 1
    for image, text in steps.items():
        yield f"{image}: {text}" if different else f"image: {text}"
        if not different:
            return


def percent(share: float) -> str:
    """Return a probability for people, never 100% or 0% of what is neither.

    >>> percent(0.98765), percent(0.99999999), percent(3e-9), percent(1.0)
    ('98.77%', '>99.99%', '<0.01%', '100.00%')
    """
    if 0.9999 < share < 1:
        return ">99.99%"
    return "<0.01%" if 0 < share < 0.0001 else f"{100 * share:.2f}%"
