"""What the commands report: of one image, or of kernels that are looked at without one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, BinaryIO, ClassVar

if TYPE_CHECKING:
    import numpy as np

    from cnnviz.report.report import Report

Writer = Callable[["BinaryIO"], None]  # writes the content of a file


class Result(ABC):
    """Plain data that knows its own texts, rows and arrays, and by name the figure that shows it.

    Attributes
    ----------
    figure : str
        The module of `render/figures/` whose `draw(result, look)` returns the Scene; it may have
        `tiles(result, look)`, the pictures of `--show` (else the arrays are shown).
    """

    figure: ClassVar[str]

    @property
    @abstractmethod
    def subject(self) -> str:
        """What it is about, for messages: an image, a kernel, a file."""

    @abstractmethod
    def lines(self, width: int = 80) -> Iterator[str]:
        """Yield the report in plain ASCII; only prose is wrapped to `width`."""

    @abstractmethod
    def to_dicts(self) -> list[dict[str, Any]]:
        """Return the rows of plain data for JSON."""

    @abstractmethod
    def arrays(self) -> list[tuple[str, np.ndarray]]:
        """Return the raw values by name, `(H, W)` or `(H, W, C)` each."""

    def writer(self, format: str, key: Callable[[str], str]) -> Writer | None:
        """Return what writes the arrays to a file as they are made; None if all are there.

        `key` makes of a name what it is called in the file. What can be wrong with them is told
        here, before anything is written.
        """
        return None

    @property
    def heading(self) -> str:
        """What it shows, in a few words."""
        return self.subject

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is not to be overlooked."""
        return ()

    def head(self) -> Iterator[str]:
        """Yield those of its lines that say what it is of, to stand above its parts."""
        return self.lines()

    def parts(self) -> list[tuple[str, Result]]:
        """Return the results that this one consists of by name, where each has its own figure."""
        return []

    @property
    def aside(self) -> frozenset[str]:
        """Names of arrays that only `.npz` has room for; `.npy` is the others, stacked."""
        return frozenset()

    def tables(self) -> dict[str, list[dict[str, Any]]]:
        """Return further lists of rows for JSON, by their key."""
        return {}

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays that it holds."""
        return sum(values.nbytes for _, values in self.arrays())

    @property
    def figure_nbytes(self) -> int:
        """Bytes that a figure needs beside them: one array at a time as floats and as colours."""
        return 9 * max(values.size for _, values in self.arrays())


class Inspection(Result):
    """What kernels are, by themselves.

    Attributes
    ----------
    listing : Report, optional
        A table of what else there is, to stand above the lines.
    """

    listing: Report | None = None

    @property
    @abstractmethod
    def title(self) -> str:
        """What its files are called."""

    @property
    @abstractmethod
    def sources(self) -> list[str]:
        """Files that were read, which are never written (and texts that name none)."""

    @abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """Return all of it as one object of plain data."""
