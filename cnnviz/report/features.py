"""What each layer of a network makes of one image: what `cnnviz features` reports."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from cnnviz.errors import SpecError
from cnnviz.geometry import times
from cnnviz.graph import Graph
from cnnviz.report.feature_stats import limits_of
from cnnviz.report.layer_features import PAGE, LayerFeatures, Seen
from cnnviz.report.report import Report, Row
from cnnviz.report.result import Result

if TYPE_CHECKING:
    from cnnviz.contract import Array


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
        yield from self.seen.head()

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
