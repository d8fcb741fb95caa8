"""What every command that takes images reports of one of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

if TYPE_CHECKING:
    import numpy as np


class Result(Protocol):
    """Plain data that knows its own texts, rows and arrays, and by name the figure that shows it.

    Attributes
    ----------
    figure : str
        The module of `render/figures/` whose `draw(result, look)` returns the Scene; it may have
        `tiles(result, look)`, the pictures of `--show` (else the arrays are shown).

    Notes
    -----
    A result may also have `tables()`, further lists of rows for JSON by their key, and `aside`, the
    names of arrays that only `.npz` has room for (`.npy` is then the others stacked).
    """

    figure: ClassVar[str]

    def lines(self) -> Iterator[str]:
        """Yield the report in plain ASCII."""

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return the rows of plain data for JSON."""

    def arrays(self) -> list[tuple[str, np.ndarray]]:
        """Return the raw values by name, `(H, W)` or `(H, W, C)` each."""
