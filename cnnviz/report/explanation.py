"""One or several output values, number by number: what `cnnviz explain` reports."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from cnnviz.geometry import Shape, times
from cnnviz.report import explanation_text
from cnnviz.report.explanation_text import MOST_CHANNELS
from cnnviz.report.result import Result
from cnnviz.report.terms import Arithmetic, Place, Terms
from cnnviz.report.words import hanging, opening

if TYPE_CHECKING:
    from cnnviz.report.origin import Origin

MOST_CELLS = 49  # up to which all products are printed
MOST_LISTED = 1 << 18  # values of an array up to which JSON has it: 12 million would take 8 GB


@dataclass(eq=False, repr=False)
class Explanation(Result):
    """Some values of one map, and the arithmetic that makes any of them.

    Attributes
    ----------
    image, name : str
        What is slid over, and the kernel, the pooling or the layer with its filter.
    picture : ndarray
        The image to show beside it: the source, as colours where it is a photo.
    channels : tuple of str
        The names of the channels that the window reads.
    act : str
        The activation by name, "" for none.
    chosen : str
        Why this place, where none was asked for.
    seen : str
        What `picture` is, if not the image.
    is_photo : bool
        Whether the image is a picture, whose values are pixels.
    origin : Origin, optional
        Then the image, and what of it a value sees.
    """

    figure: ClassVar[str] = "explanation"

    image: str
    name: str
    arithmetic: Arithmetic
    values: tuple[Terms, ...]
    channels: tuple[str, ...]
    picture: np.ndarray
    settings: tuple[str, ...] = ()
    act: str = ""
    chosen: str = ""
    seen: str = ""
    is_photo: bool = True
    origin: Origin | None = None
    notes: tuple[str, ...] = ()
    turned: bool = False

    @property
    def subject(self) -> str:
        """The image."""
        return self.image

    @property
    def image_shape(self) -> Shape:
        """The shape of the image, also where maps of it are shown."""
        return (self.picture if self.origin is None else self.origin.picture).shape

    @property
    def heading(self) -> str:
        """What is explained: a kernel, a pooling or a layer, with its settings."""
        return ", ".join((self.name, *self.settings))

    @property
    def is_long(self) -> bool:
        """Whether there are too many products to show each."""
        rows, columns = self.arithmetic.axes
        cells = rows.kernel_size * columns.kernel_size
        return cells > MOST_CELLS or len(self.channels) > MOST_CHANNELS

    @property
    def aside(self) -> frozenset[str]:
        """Of several arrays `.npy` is the map alone."""
        return frozenset(name for name, _ in self.arrays() if name != "map")

    @property
    def figure_nbytes(self) -> int:
        """Bytes that a figure needs beside them."""
        beside = 0 if self.origin is None else self.origin.picture.size
        return 9 * max(self.picture.size, self.arithmetic.output.size, beside)

    def arrays(self) -> list[tuple[str, np.ndarray]]:
        """Return the map, and patch and products of each place."""
        named = [("map", self.arithmetic.output)]
        for i, one in enumerate(self.values):
            end = f"-{i + 1}" if len(self.values) > 1 else ""
            named += [(f"patch{end}", one.patch), (f"products{end}", one.products)]
        if self.values[0].kernel is not None:
            named.append(("kernel", self.values[0].kernel))
        return named

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return a row for each value, with every term."""
        return [self._row(one) for one in self.values]

    def _row(self, one: Terms) -> dict[str, Any]:
        rows, columns = self.arithmetic.axes
        return {
            "image": self.image,
            "of": self.name,
            "at": list(one.at),
            "chosen": self.chosen or None,
            "map_shape": [rows.output, columns.output],
            "window": {
                "size": [rows.kernel_size, columns.kernel_size],
                "stride": [rows.stride, columns.stride],
                "dilation": [rows.dilation, columns.dilation],
                "start": [one.rows.start, one.columns.start],
                "rows": list(one.rows),
                "columns": list(one.columns),
            },
            "receptive_field": None if self.origin is None else self.origin.to_dict(one.at),
            "channels": list(self.channels),
            "inside": listed(one.inside),
            "patch": listed(one.patch),
            "kernel": None if one.kernel is None else listed(one.kernel),
            "products": listed(one.products),
            "left_out": left_out(one),
            "channel_sums": one.sums,
            "pooling": self.arithmetic.pooling or None,
            "divisor": one.divisor,
            "sum": one.total,
            "bias": self.arithmetic.bias,
            "before_activation": one.before,
            "activation": self.act or None,
            "value": one.value,
            "engine": one.engine,
            "difference": one.difference,
        }

    def lines(self, width: int = 80) -> Iterator[str]:
        """Yield the report in plain ASCII."""
        subject = self.image, self.image_shape
        yield from opening(
            "explain", subject, self.heading, self.arithmetic.axes, self.notes, width
        )
        for one in self.values:
            yield ""
            for line in explanation_text.lines(self, one, width):
                yield from [line] if line[:1] in ("", " ") else hanging(line, width)


def listed(values: np.ndarray) -> list[Any] | None:
    """Return an array as lists; None where it is too large for that."""
    return values.tolist() if values.size <= MOST_LISTED else None


def left_out(one: Terms) -> str | None:
    """Return where the arrays are that JSON has no room for."""
    count = one.patch.size
    return f"arrays of {count:,} values: -o FILE.npz has them" if count > MOST_LISTED else None


def explained(arithmetic: Arithmetic, at: Sequence[Place], **about: Any) -> Explanation:
    """Return the explanation of the values at some places, by default of the strongest one."""
    rows, columns = arithmetic.axes
    every = times((rows.output, columns.output))
    is_choice = not at and every != "1x1"
    chosen = f"{arithmetic.most} of {every}, as no --at was given" if is_choice else ""
    places = list(at) or [arithmetic.strongest()]
    values = tuple(arithmetic.terms(place) for place in places)
    return Explanation(arithmetic=arithmetic, values=values, chosen=chosen, **about)
