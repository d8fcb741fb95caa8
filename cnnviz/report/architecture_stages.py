"""A network as stages, and as a trunk: what all data passes, with blocks of branches between.

A stage is a layer with the layers that only work on its output place by place: a convolution, its
batch normalisation and its ReLU are one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from cnnviz.contract import UNKNOWN, Layer, Unknown
from cnnviz.geometry import Shape
from cnnviz.graph import INPUT, Graph, Node
from cnnviz.report.cost import kind_of
from cnnviz.report.report import Report, Row


@dataclass(frozen=True, eq=False, repr=False)
class Stage:
    """A layer, and those behind it that change each value by itself; or the input, without any.

    Attributes
    ----------
    nodes : tuple of Node
    rows : tuple of mapping
        Those of the shape report.
    taken : tuple of shape
        What the first node takes.
    shape : tuple of int
        What it makes.
    inputs : tuple of str
        The stages that it takes.
    """

    nodes: tuple[Node, ...]
    rows: tuple[Row, ...]
    taken: tuple[Shape, ...]
    shape: Shape
    inputs: tuple[str, ...]

    @property
    def name(self) -> str:
        """The name of its layer."""
        return self.nodes[0].name if self.nodes and self.taken else INPUT

    @property
    def layer(self) -> Layer | None:
        """Its layer; None for the input."""
        return self.nodes[0].layer if self.taken else None

    @property
    def kind(self) -> str:
        """What it is for the picture.

        `input`, `convolution`, `local`, `dense`, `pooling`, `merge`, `shape` or `other`.
        """
        if self.layer is None:
            return "input"
        kind = kind_of(self.rows[0])
        if kind != "other":
            return kind
        if "Pooling" in type(self.layer).__name__:
            return "pooling"
        if len(self.inputs) > 1:
            return "merge"
        return "other" if self.taken[0] == self.shape and not self.layer.is_view else "shape"

    @property
    def signature(self) -> tuple[Any, ...]:
        """What two stages of equal kernels and settings have in common, whatever their widths."""
        layer = self.layer
        window = None if layer is None else layer.window(self.taken[0])
        window = getattr(window, "window", window)
        size = getattr(window, "kernel_size", None) if self.kind != "shape" else None
        whole = layer is not None and type(layer).__name__.startswith("Global")
        return (None if whole else size, *(type(node.layer).__name__ for node in self.nodes))


@dataclass(frozen=True, eq=False, repr=False)
class Block:
    """Branches between two stages that all data passes; the last stage is where they merge.

    Or a chain of stages that repeats.

    Attributes
    ----------
    source : Stage
        The one that all of them begin with, which is no part of the block.
    stages : tuple of Stage
    """

    source: Stage
    stages: tuple[Stage, ...]

    @property
    def name(self) -> str:
        """What the names of its layers begin with, or its first and its last layer."""
        names = [node.name for stage in self.stages for node in stage.nodes]
        common = re.sub(r"[^/._]*$", "", beginning(names)).rstrip("/._")
        if self.is_chain and not re.search(r"\d", common):
            common = ""  # layers of all chains begin so: conv_dw_3, conv_pw_3
        return common or f"{names[0]} … {self.stages[-1].name}"

    @property
    def is_chain(self) -> bool:
        """Whether its layers stand behind each other, without branches."""
        before = (self.source, *self.stages)
        return all(
            stage.inputs == (last.name,) for last, stage in zip(before, self.stages, strict=False)
        )

    @property
    def prefix(self) -> str:
        """What the names of its layers need not repeat."""
        common = f"{self.name}/"
        names = (stage.name for stage in self.stages)
        return common if all(name.startswith(common) for name in names) else ""

    @property
    def shape(self) -> Shape:
        """What it makes."""
        return self.stages[-1].shape

    @property
    def kind(self) -> str:
        """Always `block`."""
        return "block"

    @property
    def rows(self) -> tuple[Row, ...]:
        """The rows of all of its layers."""
        return tuple(row for stage in self.stages for row in stage.rows)

    @property
    def signature(self) -> tuple[Any, ...]:
        """What blocks of the same branches have in common, whatever their widths and strides."""
        places = {self.source.name: -1} | {stage.name: i for i, stage in enumerate(self.stages)}
        return tuple(
            (*stage.signature, tuple(sorted(places[name] for name in stage.inputs)))
            for stage in self.stages
        )


Item = Stage | Block


def stages_of(graph: Graph, report: Report) -> list[Stage]:
    """Return the stages on the ways from the input to the output; the input comes first.

    Parameters
    ----------
    report : Report
        The shape report of the graph.
    """
    shapes, rows = graph.shapes(), {row["name"]: row for row in report.rows}
    needed = graph.above([graph.nodes[-1].name])
    uses: dict[str, int] = {}
    for node in needed:
        for name in node.inputs:
            uses[name] = uses.get(name, 0) + 1
    home = {INPUT: INPUT}  # of a node: the stage that it belongs to
    members: dict[str, list[Node]] = {INPUT: []}
    for node in needed:
        taken = [shapes[name] for name in node.inputs]
        alone = len(node.inputs) == 1 and uses[node.inputs[0]] == 1
        joins = alone and is_local(node.layer, taken[0]) and shapes[node.name] == taken[0]
        if home[node.inputs[0]] == INPUT and rows[node.name]["params"]:
            joins = False  # what is trained is no part of the input
        home[node.name] = home[node.inputs[0]] if joins else node.name
        members.setdefault(home[node.name], []).append(node)
    found = []
    for name, nodes in members.items():
        inputs = () if name == INPUT else nodes[0].inputs
        found.append(
            Stage(
                tuple(nodes),
                tuple(rows[node.name] for node in nodes),
                tuple(shapes[taken] for taken in inputs),
                shapes[nodes[-1].name] if nodes else shapes[INPUT],
                tuple(home[taken] for taken in inputs),
            )
        )
    return found


def is_local(layer: Layer, shape: Shape) -> bool:
    """Tell whether a layer changes values where they are: no window, no products, no new shape."""
    return layer.window(shape) is None and layer.macs(shape) == 0


def trunk(stages: Sequence[Stage]) -> list[Item]:
    """Return the stages that all data passes, with the blocks between them.

    Parameters
    ----------
    stages : sequence of Stage
        Each behind what it takes, on a way from the first to the last.
    """
    places = {stage.name: place for place, stage in enumerate(stages)}
    last = list(range(len(stages)))  # of a stage: the last that takes it
    for place, stage in enumerate(stages):
        for name in stage.inputs:
            if name in places:
                last[places[name]] = place
    items: list[Item] = [stages[0]]
    begin, far = 0, last[0]
    for place in range(1, len(stages)):
        if far <= place:  # no branch passes it by
            between = tuple(stages[begin + 1 : place + 1])
            single = len(between) == 1
            items.append(between[0] if single else Block(stages[begin], between))
            begin = place
        far = max(far, last[place])
    return items


def beginning(names: Sequence[str]) -> str:
    """Return the characters that all names begin with.

    >>> beginning(["conv3_1", "conv3_2"])
    'conv3_'
    """
    least, most = min(names), max(names)
    same = 0
    while same < len(least) and least[same] == most[same]:
        same += 1
    return least[:same]


def total(rows: Iterable[Row], figure: str) -> int | Unknown:
    """Return the sum of a figure of the shape report, unknown if a part of it is."""
    values = [row[figure] for row in rows]
    return UNKNOWN if UNKNOWN in values else sum(values)
