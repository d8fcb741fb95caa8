"""The trained filters of a layer, and the layers of a file: what `cnnviz kernels FILE` reports."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from cnnviz.arrays.contents import shown
from cnnviz.errors import SpecError
from cnnviz.files import stem_of
from cnnviz.geometry import times
from cnnviz.report.report import Column, Report
from cnnviz.report.result import Inspection
from cnnviz.report.sample import sample
from cnnviz.trained.about import About

if TYPE_CHECKING:
    from cnnviz.kernels import Stored, WeightFile

PAGE = 64  # filters in a picture


@dataclass(eq=False, repr=False)
class FilterSet(Inspection):
    """The filters of one layer, and what of them a picture shows.

    Attributes
    ----------
    path : str
    stored : Stored
        The array that they are from.
    values : ndarray, (kh, kw, C, filters)
    channel : int, optional
        The input channel to show, instead of colours or an average.
    page : int, optional
        From 1; instead of an even sample of all.
    listing : Report, optional
        All kernels of the file, where it was not asked for one.
    about : About
        What the file says of itself.
    """

    figure: ClassVar[str] = "filters"

    path: str
    stored: Stored
    values: np.ndarray
    channel: int | None = None
    page: int | None = None
    listing: Report | None = None
    about: About = field(default_factory=About)

    @property
    def name(self) -> str:
        """What the file calls them, or the file's name without a suffix."""
        return self.stored.name or stem_of(self.path)

    @property
    def subject(self) -> str:
        """The file."""
        return self.path

    @property
    def sources(self) -> list[str]:
        """The file."""
        return [self.path]

    @property
    def title(self) -> str:
        """File and layer."""
        return (
            f"{stem_of(self.path)}-{self.stored.name}" if self.stored.name else stem_of(self.path)
        )

    @property
    def in_colour(self) -> bool:
        """Whether the input channels are shown as red, green and blue."""
        return self.values.shape[2] == 3 and self.channel is None

    @property
    def is_matrix(self) -> bool:
        """Whether 1x1 kernels are shown as what they are, a matrix of filters by channels."""
        kh, kw, channels, _ = self.values.shape
        return kh == kw == 1 and channels > 1 and not self.in_colour and self.channel is None

    @property
    def is_average(self) -> bool:
        """Whether each filter is shown as the mean over its input channels."""
        deep = self.values.shape[2] > 1 and self.channel is None
        return deep and not self.in_colour and not self.is_matrix

    @cached_property
    def shown(self) -> tuple[int, ...]:
        """The numbers of the filters in the picture."""
        count = self.values.shape[3]
        if self.page is not None:
            return tuple(range((self.page - 1) * PAGE, min(count, self.page * PAGE)))
        return sample(range(count), count if self.is_matrix else PAGE)

    @cached_property
    def view(self) -> np.ndarray:
        """What is shown of each filter: `(kh, kw, filters)`, or `(kh, kw, 3, filters)`.

        Of a matrix `(1, channels, filters)`.
        """
        if self.is_matrix:
            return self.values[:, 0]
        if self.in_colour:
            return self.values
        if self.channel is not None:
            return self.values[:, :, self.channel]
        average: np.ndarray = self.values.mean(axis=2)
        return average

    def view_words(self) -> str:
        """Return what is shown of each filter, in words."""
        channels = self.values.shape[2]
        if self.in_colour:
            return "input channels as red, green and blue; gray is zero"
        if self.is_matrix:
            return "1x1 kernels as a matrix: a row a filter, a column an input channel"
        if self.channel is not None:
            return f"input channel {self.channel} of {channels}"
        return f"average over {channels} input channels" if self.is_average else "one input channel"

    def page_words(self) -> str:
        """Return which filters are shown, in words; empty if all are."""
        count, pages = self.values.shape[3], -(-self.values.shape[3] // PAGE)
        if self.page is not None:
            first, last = self.shown[0], self.shown[-1]
            return f"filters {first} to {last} of {count}, page {self.page} of {pages}"
        if len(self.shown) == count:
            return ""
        return f"{len(self.shown)} of {count} filters, evenly sampled"

    def layout_words(self) -> str:
        """Return how they are stored, in words."""
        layout = self.stored.layout
        assert layout is not None  # or they could not have been read
        return f"stored as {times(self.stored.shape)}, {layout.axes.upper()} ({layout.why})"

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as plain data, but for the values."""
        filters = [
            {"index": i, "min": float(f.min()), "max": float(f.max()), "mean": float(f.mean())}
            for i, f in enumerate(np.moveaxis(self.values, 3, 0))
        ]
        data = {"file": self.path, **_row(self.stored, self.values)}
        data |= {"shown": list(self.shown), "view": self.view_words(), "per_filter": filters}
        data["about"] = self.about.to_dict()
        return data | (self.listing.to_dict() if self.listing else {})

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return the one row of plain data."""
        return [self.to_dict()]

    def arrays(self) -> list[tuple[str, np.ndarray]]:
        """Return the weights as `(kh, kw, C, filters)`, by their name."""
        return [(self.name, self.values)]

    def lines(self, width: int = 80) -> Iterator[str]:
        """Yield what there is to say, in plain ASCII."""
        kh, kw, channels, filters = self.values.shape
        yield f"filters  {self.name}  {filters} of {kh}x{kw}x{channels}"
        if words := str(self.about):
            yield f"trained  on {words}"
        if self.about.command:
            yield f"by       {self.about.command}"
        yield f"layout   {self.layout_words()}"
        if self.about.is_turned:
            yield "order    for true convolution: turned by 180 degrees, and shown so"
        values = self.values
        yield f"values   min {values.min():.6g}  max {values.max():.6g}  mean {values.mean():.6g}"
        hint = "; --slice N shows one" if self.is_average else ""
        yield f"picture  {self.view_words()}{hint}"
        if words := self.page_words():
            yield f"page     {words}" + ("" if self.page else "; --page N shows all in turn")


def look_inside(
    path: str,
    layer: str | None,
    *,
    layout: str | None = None,
    channel: int | None = None,
    page: int | None = None,
) -> FilterSet | None:
    """Return the filters of a layer of a file; None where it holds matrices, kernels each.

    Without a layer, those of the first convolution, with all kernels as `listing`.

    Raises
    ------
    InputError, RefusedError
        If the file is corrupt, over a limit, holds no kernels or values that are not finite.
    SpecError
        If the layer, its layout, the channel or the page is not there.
    """
    from cnnviz.kernels import open_weights

    with open_weights(path, layout) as file:
        several = layer is None and len(file.stored) > 1
        if several and file.holds_matrices:
            return None
        stored = file.first() if several else file.choose(layer)
        if len(stored.shape) == 2:
            return None
        values = file.read(stored)
        listing = _listing(file) if several else None
        path, about = file.path, file.about
    channels, pages = values.shape[2], -(-values.shape[3] // PAGE)
    if channel is not None and channel >= channels:
        raise SpecError(f"slice {channel} is not one of 0 to {channels - 1}, its input channels")
    if page is not None and page > pages:
        raise SpecError(f"page {page} is not one of 1 to {pages}")
    return FilterSet(path, stored, values, channel, page, listing, about)


def _listing(file: WeightFile) -> Report:
    rows = tuple(_row(one, file.raw(one)) for one in file.stored)
    notes = (f"Other arrays: {', '.join(map(shown, file.others))}.",) if file.others else ()
    head = {"others": list(file.others)}
    return Report(file.path, head, rows, {}, (), COLUMNS, notes, key="tensors")


def _row(stored: Stored, values: np.ndarray) -> dict[str, Any]:
    sizes = stored.as_read
    finite = bool(np.isfinite(values).all())
    return {
        "name": stored.name,
        "shape": list(stored.shape),
        "layout": stored.axes or None,
        "filters": sizes[3] if sizes else None,
        "channels": sizes[2] if sizes else None,
        "kernel_size": list(sizes[:2]) if sizes else None,
        "min": float(values.min()) if finite else None,
        "max": float(values.max()) if finite else None,
        "mean": float(values.mean(dtype=np.float64)) if finite else None,
    }


def _number(value: float | None) -> str:
    return "not finite" if value is None else f"{value:.4g}"


def _size(sides: Sequence[int] | None) -> str:
    return times(sides) if sides else "?"


def _count(value: int | None) -> str:
    return "?" if value is None else str(value)


COLUMNS = (
    Column("kernels", lambda row: shown(row["name"])),
    Column("shape", lambda row: times(row["shape"]), right=True),
    Column("layout", lambda row: (row["layout"] or "?").upper(), rank=2),
    Column("filters", lambda row: _count(row["filters"]), right=True, rank=3),
    Column("channels", lambda row: _count(row["channels"]), right=True, rank=3),
    Column("kernel", lambda row: _size(row["kernel_size"]), right=True, rank=3),
    Column("min", lambda row: _number(row["min"]), right=True, rank=1),
    Column("max", lambda row: _number(row["max"]), right=True, rank=1),
    Column("mean", lambda row: _number(row["mean"]), right=True, rank=4),
)
