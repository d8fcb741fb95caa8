"""What each layer of a network makes of one image: what `cnnviz features` reports."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from cnnviz.contract import UNKNOWN
from cnnviz.errors import SpecError
from cnnviz.geometry import times
from cnnviz.graph import Graph
from cnnviz.report.feature_stats import Limits, MapStats, limits_of
from cnnviz.report.maps import Ranged
from cnnviz.report.report import Report, Row
from cnnviz.report.result import Result
from cnnviz.report.sample import sample

if TYPE_CHECKING:
    from cnnviz.contract import Array

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
        yield f"{stats.sparsity:.1%} zeros, {stats.dead.sum()} of {stats.count} maps dead"
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


@dataclass(eq=False, repr=False)
class FeatureSet(Result):
    """The outputs of the chosen layers for one image.

    Attributes
    ----------
    seen : Seen
    layers : tuple of LayerFeatures
    unchanged : tuple of str
        Layers that were left out, since what they make is what they take.
    """

    figure: ClassVar[str] = "features_index"

    seen: Seen
    layers: tuple[LayerFeatures, ...]
    unchanged: tuple[str, ...] = ()

    @property
    def subject(self) -> str:
        """The image."""
        return self.seen.image

    @property
    def heading(self) -> str:
        """Network and image."""
        noun = "layer" if len(self.layers) == 1 else "layers"
        return f"{self.seen.model}: what {len(self.layers)} {noun} make of {self.seen.image}"

    @property
    def warnings(self) -> tuple[str, ...]:
        """Whether the weights are random."""
        return (self.seen.stamp,) if self.seen.is_random else ()

    def parts(self) -> list[tuple[str, Result]]:
        """Return the layers by name."""
        return [(layer.name, layer) for layer in self.layers]

    def head(self) -> Iterator[str]:
        """Yield what the network sees, and what was done to the image for it."""
        yield f"input    {self.seen.image}, seen as {times(self.seen.pixels.shape)}"
        for step in self.seen.preprocess:
            yield f"applied  {step}"

    def lines(self, width: int = 80) -> Iterator[str]:
        """Yield image, network and a line a layer."""
        yield from self.head()
        for layer in self.layers:
            yield f"layer    {layer.name}  {times(layer.shape)}  {layer.row['type']}"

    def report(self) -> Report:
        """Return the table of the layers."""
        from cnnviz.report.feature_table import report

        return report(self)

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return a row of plain data for each layer."""
        return [row for layer in self.layers for row in layer.to_dicts()]

    def tables(self) -> dict[str, list[dict[str, Any]]]:
        """Return what was done to the image."""
        steps = list(self.seen.preprocess)
        return {"preprocess": [{"image": self.seen.image, "steps": steps}]}

    def arrays(self) -> list[tuple[str, np.ndarray]]:
        """Return the output of each layer by its name."""
        return [(layer.name, layer.values) for layer in self.layers]

    @property
    def nbytes(self) -> int:
        """Bytes of all that the run holds."""
        return self.seen.nbytes


def check_page(graph: Graph, names: Collection[str], page: int | None) -> None:
    """Refuse a page that no layer has."""
    shapes = graph.shapes()
    counts = [shapes[name][-1] for name in names if prod(shapes[name][:-1]) > 1]
    most = -(-max(counts, default=1) // PAGE)
    if page is not None and page > most:
        raise SpecError(f"page {page} of {most}: no layer has so many maps")


def features(
    graph: Graph,
    rows: Sequence[Row],
    trace: Mapping[str, Array],
    names: Sequence[str],
    *,
    seen: Seen,
    leave_out: bool = True,
    page: int | None = None,
    sort: str = "index",
) -> FeatureSet:
    """Return what the layers `names` made of an image.

    Parameters
    ----------
    graph : Graph
    rows : sequence of mapping
        The rows of its shape report.
    trace : mapping
        Outputs by name, without a batch axis.
    leave_out : bool
        Leave out layers that change nothing, as dropout does outside of training.

    Raises
    ------
    SpecError
        If nothing is left.
    """
    places = {row["name"]: row for row in rows}
    made, unchanged = [], []
    for number, node in enumerate(graph.nodes, 1):
        if node.name not in names:
            continue
        values = trace[node.name]
        if leave_out and len(node.inputs) == 1 and _same(values, trace.get(node.inputs[0])):
            unchanged.append(node.name)
            continue
        made.append(
            LayerFeatures(
                seen,
                number,
                places[node.name],
                values,
                limits=limits_of(node.layer),
                is_last=number == len(graph.nodes),
                names=tuple(getattr(node.layer, "kernels", None) or ()),
                page=page,
                sort=sort,
            )
        )
    if not made:
        raise SpecError(f"no layer of {graph.name} changes its input", hint="name one with --layer")
    return FeatureSet(seen, tuple(made), tuple(unchanged))


def _same(values: Array, taken: Array | None) -> bool:
    """Tell whether two outputs are the same values in the same order, in whatever shape."""
    if taken is None or values.size != taken.size:
        return False
    return bool(np.array_equal(values.ravel(), taken.ravel()))
