"""The architecture of a network: its columns, what repeats, its two parts, its scales."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from cnnviz.geometry import times
from cnnviz.graph import Graph
from cnnviz.report.architecture_chains import with_chains
from cnnviz.report.architecture_groups import Group, boxes, columns, repeated
from cnnviz.report.architecture_parts import Part, parts_of, sentence, truths
from cnnviz.report.architecture_scales import STEPS, Scale, scales_of
from cnnviz.report.architecture_stages import Block, Item, stages_of, trunk
from cnnviz.report.architecture_words import SHORT, besides, nature
from cnnviz.report.report import Report
from cnnviz.report.result import Result
from cnnviz.report.shapes import shapes

if TYPE_CHECKING:
    import numpy as np

MOST_COLUMNS = 60  # that are drawn: of more, the ones in the middle are left out
MOST_KINDS = 6  # of blocks that are unfolded


@dataclass(frozen=True, eq=False, repr=False)
class Kind:
    """Blocks of the same layers, the first of them unfolded.

    Attributes
    ----------
    letter : str
        What columns call it.
    nature : str
        What it is.
    blocks : tuple of Block
    boxes : tuple of Group, optional
        The layers of the first; None where they are too many to be drawn.
    differ : tuple of str
        Settings that are not the same in all of its blocks.
    """

    letter: str
    nature: str
    blocks: tuple[Block, ...]
    boxes: tuple[Group, ...] | None
    differ: tuple[str, ...]

    def headline(self) -> str:
        """Return what it is, how often it is there, and which one is unfolded."""
        count, first = len(self.blocks), Group(self.blocks[:1]).name
        if count == 1:
            return f"{self.nature}: {first}"
        return f"{self.nature}, {count} times; unfolded: {first}"

    def remark(self) -> str:
        """Return what the others have of their own."""
        count = len(self.blocks) - 1
        if not count:
            return ""
        others = "the other one" if count == 1 else f"the other {count}"
        if not self.differ:
            return f"{others} {'is' if count == 1 else 'are'} equal"
        return f"{others} differ{'s' * (count == 1)} in {', '.join(self.differ)}"

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        drawn = self.boxes and [
            {**box.to_dict(), "key": box.key, "inputs": list(box.inputs)} for box in self.boxes
        ]
        return {
            "block": self.letter,
            "nature": self.nature,
            "names": [block.name for block in self.blocks],
            "differ": list(self.differ),
            "source": self.blocks[0].source.name,
            "unfolded": drawn,
        }


@dataclass(eq=False, repr=False)
class Architecture(Result):
    """What a picture of a network shows.

    Attributes
    ----------
    report : Report
        Its shape report.
    columns : tuple of Group
        What all data passes, in order: the input, layers, blocks.
    kinds : tuple of Kind
        The blocks, unfolded.
    left_out : tuple of str
        Layers that do not lead to the output, which are not drawn.
    """

    figure: ClassVar[str] = "architecture"

    report: Report
    columns: tuple[Group, ...]
    kinds: tuple[Kind, ...]
    left_out: tuple[str, ...]

    @property
    def subject(self) -> str:
        """The network."""
        return self.report.name

    @property
    def figure_nbytes(self) -> int:
        """Nothing: there are no arrays."""
        return 0

    @cached_property
    def divisions(self) -> tuple[Part, ...]:
        """Feature extraction and classification, or nothing."""
        return parts_of(self.columns, self.report)

    @cached_property
    def scales(self) -> dict[str, Scale]:
        """Those of sides, channels and units."""
        return scales_of([member.shape for column in self.columns for member in column.members])

    @property
    def hidden(self) -> range:
        """The places of the columns that are not drawn, in the middle of very many."""
        over = len(self.columns) - MOST_COLUMNS
        return range(MOST_COLUMNS // 2, MOST_COLUMNS // 2 + over) if over > 0 else range(0)

    def headline(self) -> str:
        """Return what extracts features and what classifies, in a sentence."""
        return sentence(self.columns, self.divisions)

    def truths(self) -> list[str]:
        """Return where what is usually said of the two parts holds here, and where not."""
        return list(truths(self.columns, self.divisions))

    def notes(self) -> Iterator[str]:
        """Yield the scales of a picture, what words are short for, and how much of it is cut."""
        scales = self.scales.values()
        named = (("heights and widths", "channels", "vectors"), STEPS)
        told = [
            f"{name} {named[1][scale.how]}"
            for name, scale in zip(named[0], scales, strict=True)
            if scale.largest > 1
        ]
        if told:
            yield f"Scales: {', '.join(told)}."
        words = {word for column in self.columns for word in _all_besides(column)}
        short = [f"{word}: {meaning}" for word, meaning in SHORT.items() if word in words]
        if short:
            yield f"{'; '.join(short)}."
        if self.hidden:
            yield f"{len(self.hidden)} columns in the middle are not drawn."

    def missing(self) -> Iterator[str]:
        """Yield what is neither in the columns nor unfolded."""
        if self.left_out:
            names = ", ".join(self.left_out[:4]) + ", ..." * (len(self.left_out) > 4)
            count = len(self.left_out)
            verb = "layer does" if count == 1 else "layers do"
            yield f"{count} {verb} not lead to the output and {_is(count)} not drawn: {names}."
        for kind in self.kinds[:MOST_KINDS]:
            if kind.boxes is None:
                count = len(kind.blocks[0].rows)
                yield f"Block {kind.letter} has {count} layers, too many to be unfolded."
        if len(self.kinds) > MOST_KINDS:
            yield f"{len(self.kinds) - MOST_KINDS} more kinds of blocks are not unfolded."

    def lines(self, width: int = 80) -> Iterator[str]:
        """Yield the sentence, a line for each column, and what else is to be said."""
        yield f"{self.subject}: {self.headline()}"
        for column in self.columns:
            yield f"  {column.name}: {column.operation}, {times(column.shape)}"
        yield from (*self.truths(), *self.notes(), *self.missing())

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return a row for each column."""
        return [column.to_dict() for column in self.columns]

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as one object of plain data."""
        wanted = ("name", "type", "settings", "inputs", "output_shape", "params", "macs")
        bracket = {part.name.replace(" ", "_"): part.to_dict() for part in self.divisions}
        totals = ("params", "macs")
        return {
            "model": self.report.name,
            "input_shape": self.report.head["input_shape"],
            "nodes": [{key: row[key] for key in wanted} for row in self.report.rows],
            "columns": self.to_dicts(),
            "blocks": [kind.to_dict() for kind in self.kinds],
            "bracket": bracket or None,
            "sentence": self.headline(),
            "scales": {name: scale.to_dict() for name, scale in self.scales.items()},
            "totals": {figure: self.report.totals[figure] for figure in totals},
            "truths": self.truths(),
            "notes": [*self.notes(), *self.missing()],
        }

    def arrays(self) -> list[tuple[str, np.ndarray]]:
        """Return nothing: there are only shapes."""
        return []


def architecture(graph: Graph) -> Architecture:
    """Return the architecture of a network.

    Parameters
    ----------
    graph : Graph

    Returns
    -------
    Architecture
        Layers in its columns, equal ones together; what lies between branching and merging is a
        block, and so is a chain of layers that repeats; equal blocks are one kind, of which the
        first is unfolded.

    >>> from cnnviz.model.load import load_graph
    >>> found = architecture(load_graph("googlenet"))
    >>> [column.name for column in found.columns if column.kind == "block"]
    ['inception_3a–b', 'inception_4a–e', 'inception_5a–b']
    >>> found.kinds[0].headline()
    'inception block, 9 times; unfolded: inception_3a'
    """
    report = shapes(graph)
    stages = stages_of(graph, report)
    items = with_chains(trunk(stages))
    kinds: dict[Any, list[Block]] = {}
    waiting: list[Item] = list(items)
    while waiting:
        item = waiting.pop(0)
        if isinstance(item, Block):
            known = kinds.setdefault(item.signature, [])
            known.append(item)
            if len(known) == 1:
                waiting += repeated(item)
    letters = {signature: _letter(place) for place, signature in enumerate(kinds)}
    used = {node.name for stage in stages for node in stage.nodes}
    return Architecture(
        report,
        columns(items, letters),
        tuple(
            Kind(
                letters[signature],
                nature(blocks[0]),
                tuple(blocks),
                boxes(blocks[0], letters) if place < MOST_KINDS else None,
                _differing(blocks),
            )
            for place, (signature, blocks) in enumerate(kinds.items())
        ),
        tuple(node.name for node in graph.nodes if node.name not in used),
    )


def _letter(place: int) -> str:
    return chr(ord("A") + place) if place < 26 else str(place + 1)


def _differing(blocks: Sequence[Block]) -> tuple[str, ...]:
    """Return the settings in which layers at the same place of these blocks differ."""
    found: dict[str, None] = {}
    for place in zip(*(block.stages for block in blocks), strict=True):
        for nodes in zip(*(stage.nodes for stage in place), strict=True):
            for field in fields(nodes[0].layer):
                if len({getattr(node.layer, field.name) for node in nodes}) > 1:
                    found[field.name] = None
    return tuple(found)


def _all_besides(column: Group) -> list[str]:
    stages = [
        stage
        for member in column.members
        for stage in (member.stages if isinstance(member, Block) else (member,))
    ]
    return [word for stage in stages for word in besides(stage)]


def _is(count: int) -> str:
    return "is" if count == 1 else "are"
