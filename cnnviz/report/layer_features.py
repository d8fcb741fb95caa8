"""What one layer of a network makes of one image, and what all layers of a run share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from cnnviz.contract import UNKNOWN
from cnnviz.geometry import times
from cnnviz.report.feature_stats import Limits, MapStats
from cnnviz.report.maps import Ranged
from cnnviz.report.report import Row
from cnnviz.report.result import Result
from cnnviz.report.sample import sample
from cnnviz.report.shares import tenths

PAGE = 64  # maps in a picture


@dataclass(eq=False, repr=False)
class Seen:
    """What all layers of one run share.

    Attributes
    ----------
    image, model : str
        Their names.
    pixels : ndarray, (H, W, C)
        The image as the network takes it, preprocessed.
    picture : ndarray, optional
        The same part of the image on the 0-255 scale and in RGB, to be looked at.
    preprocess : tuple of str
        What was done to it, a line a step.
    weights : str
        Where they are from.
    is_random : bool
        Whether they are not trained.
    labels : tuple of str
        The names of the last layer's outputs.
    nbytes : int
        Bytes that all kept outputs take.
    """

    image: str
    model: str
    pixels: np.ndarray
    picture: np.ndarray | None = None
    preprocess: tuple[str, ...] = ()
    weights: str = ""
    is_random: bool = True
    labels: tuple[str, ...] = ()
    nbytes: int = 0

    @property
    def stamp(self) -> str:
        """What stands on every picture of random weights."""
        return f"random weights: {self.weights}" if self.weights else "random weights"

    def head(self, *, weights: bool = True) -> Iterator[str]:
        """Yield lines on the image and what was done to it, and on trained weights."""
        yield f"input    {self.image}, seen as {times(self.pixels.shape)}"
        for step in self.preprocess:
            yield f"applied  {step}"
        if weights and self.weights and not self.is_random:
            yield f"weights  {self.weights}"


@dataclass(eq=False, repr=False)
class LayerFeatures(Ranged, Result):
    """The output of one layer for one image.

    Attributes
    ----------
    seen : Seen
    number : int
        The layer's place in the network, from 1.
    row : mapping
        Its row of the shape report.
    values : ndarray, (H, W, K), (L, K) or (K,)
    limits : (float or None, float or None)
        What its activation cannot pass.
    is_last : bool
        Whether it ends the network.
    names : tuple of str
        The kernels that its maps are of, where they have names.
    page : int, optional
        Which 64 maps a picture shows, from 1; without, an even sample.
    sort : {"index", "mean", "max"}
        The order of the maps in a picture.
    """

    figure: ClassVar[str] = "features"

    seen: Seen
    number: int
    row: Row
    values: np.ndarray
    limits: Limits = (None, None)
    is_last: bool = False
    names: tuple[str, ...] = ()
    page: int | None = None
    sort: str = "index"

    @property
    def name(self) -> str:
        """The node's name."""
        return str(self.row["name"])

    @property
    def subject(self) -> str:
        """Layer and image."""
        return f"{self.name} of {self.seen.image}"

    @property
    def heading(self) -> str:
        """Name and shape."""
        return f"{self.name}: {times(self.shape)}"

    @cached_property
    def stats(self) -> MapStats:
        """The measures of each map."""
        return MapStats.of(self.values, self.limits)

    @property
    def is_vector(self) -> bool:
        """Whether each map is a single value, as after a dense layer."""
        return self.stats.size == 1

    @property
    def pages(self) -> int:
        """How many pages its maps take."""
        return -(-self.stats.count // PAGE)

    @cached_property
    def shown(self) -> tuple[int, ...]:
        """The numbers of the maps in a picture."""
        order = self.stats.order(self.sort).tolist()
        if self.page is not None:
            start = (min(self.page, self.pages) - 1) * PAGE
            return tuple(order[start : start + PAGE])
        return sample(order, PAGE) if self.sort == "index" else tuple(order[:PAGE])

    def page_words(self) -> str:
        """Return which maps are shown, in words; empty if all are, in order."""
        count, pages = self.stats.count, self.pages
        order = "" if self.sort == "index" else f", largest {self.sort} first"
        if self.page is not None:
            return f"page {min(self.page, pages)} of {pages} of {count} maps{order}"
        if count > PAGE:
            even = self.sort == "index"
            chosen = "evenly sampled" if even else f"those of largest {self.sort}"
            return f"{PAGE} of {count} maps shown, {chosen}"
        return f"{count} maps{order}" if order else ""

    def field_words(self) -> str:
        """Return how much of the input one value sees, `11x11 of the input, a step of 4`."""
        field = self.row["receptive_field"]
        if field == UNKNOWN or not field["size"]:
            return ""
        if self.values.ndim < self.seen.pixels.ndim or not all(field["stride"]):
            return f"{times(field['size'])} of the input"
        steps = dict.fromkeys(map(str, field["stride"]))
        return f"{times(field['size'])} of the input, a step of {'x'.join(steps)}"

    def lines(self, width: int = 80) -> Iterator[str]:
        """Yield what a person who cannot see the picture is told of it."""
        stats = self.stats
        yield f"{self.name}: {times(self.shape)} of {self.seen.image} in {self.seen.model}"
        yield f"{self.row['type']}({self.row['settings']})"
        yield f"min {self.min:.6g}, max {self.max:.6g}, mean {self.mean:.6g}"
        yield f"{tenths(stats.sparsity)} zeros, {stats.dead.sum()} of {stats.count} maps dead"
        if self.seen.is_random:
            yield self.seen.stamp

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return its row of plain data."""
        stats = self.stats
        return [
            {
                "image": self.seen.image,
                "layer": self.name,
                "type": self.row["type"],
                "shape": list(self.shape),
                "min": self.min,
                "max": self.max,
                "mean": self.mean,
                "count": stats.count,
                "dead": int(stats.dead.sum()),
                "constant": int(stats.constant.sum()),
                "zeros": stats.sparsity,
                "saturated": stats.saturation,
                "strongest": {"mean": stats.strongest("mean"), "max": stats.strongest("max")},
            }
        ]

    def arrays(self) -> list[tuple[str, np.ndarray]]:
        """Return its output."""
        return [(self.name, self.values)]

    @property
    def nbytes(self) -> int:
        """Bytes of all that the run holds."""
        return self.seen.nbytes
