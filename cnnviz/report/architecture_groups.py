"""Stages and blocks that repeat, as one: columns of the trunk, boxes of an unfolded block."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from cnnviz.contract import Unknown
from cnnviz.geometry import Shape
from cnnviz.report.architecture_stages import Block, Item, Stage, total, trunk
from cnnviz.report.architecture_words import besides, operation, ranged
from cnnviz.report.report import Row

MOST_BOXES = 60  # of an unfolded block: more do not fit a page
DEEPEST = 12  # blocks inside of blocks that are looked into
SMALL = 12  # boxes up to which equal layers behind each other stay apart


@dataclass(frozen=True, eq=False, repr=False)
class Group:
    """Stages or blocks of one kind behind each other.

    Attributes
    ----------
    members : tuple of Stage or of Block
    inputs : tuple of str
        In a block: the groups that it takes, or the source of the block.
    letter : str
        The kind of its blocks.
    """

    members: tuple[Item, ...]
    inputs: tuple[str, ...] = ()
    letter: str = ""

    @property
    def key(self) -> str:
        """What other groups know it by: its last stage."""
        last = self.members[-1]
        return last.stages[-1].name if isinstance(last, Block) else last.name

    @property
    def name(self) -> str:
        """The names of its first and last member."""
        first, last = self.members[0], self.members[-1]
        if isinstance(first, Block) and isinstance(last, Block) and " " in first.name:
            return ranged([first.stages[0].name, last.stages[-1].name])
        return ranged([member.name for member in self.members])

    @property
    def count(self) -> int:
        """How many members it has."""
        return len(self.members)

    @property
    def kind(self) -> str:
        """What its members are: see `Stage.kind`, or `block`."""
        return self.members[0].kind

    @property
    def shape(self) -> Shape:
        """What the last of them makes."""
        return self.members[-1].shape

    @property
    def rows(self) -> list[Row]:
        """The rows of the shape report of all of its layers."""
        return [row for member in self.members for row in member.rows]

    @property
    def operation(self) -> str:
        """What each of them does."""
        first = self.members[0]
        return f"block {self.letter}" if isinstance(first, Block) else operation(first)

    @property
    def besides(self) -> list[str]:
        """What else they do: each word once, in order."""
        stages = [member for member in self.members if isinstance(member, Stage)]
        return list(dict.fromkeys(word for stage in stages for word in besides(stage)))

    def total(self, figure: str) -> int | Unknown:
        """Return the sum of a figure of the shape report, unknown if a part of it is."""
        return total(self.rows, figure)

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        layers = [str(row["name"]) for row in self.rows]
        made = {
            "name": self.name,
            "kind": self.kind,
            "operation": self.operation,
            "besides": self.besides,
            "count": self.count,
            "output_shape": list(self.shape),
            "output_shapes": [list(member.shape) for member in self.members],
            "params": self.total("params"),
            "macs": self.total("macs"),
            "layers": layers,
        }
        return made | ({"block": self.letter} if self.kind == "block" else {})


def columns(items: Sequence[Item], letters: Mapping[Any, str]) -> tuple[Group, ...]:
    """Return a trunk as groups: blocks of one kind, and equal layers with outputs of one shape.

    Parameters
    ----------
    letters : mapping
        What kinds of blocks are called, by their signature.
    """
    groups: list[list[Item]] = []
    for item in items:
        if groups and _alike(groups[-1][-1], item):
            groups[-1].append(item)
        else:
            groups.append([item])
    return tuple(Group(tuple(g), letter=_letter(g[0], letters)) for g in groups)


def _letter(item: Item, letters: Mapping[Any, str]) -> str:
    return letters.get(item.signature, "") if isinstance(item, Block) else ""


def _alike(one: Item, other: Item) -> bool:
    if isinstance(one, Block) or isinstance(other, Block):
        both = isinstance(one, Block) and isinstance(other, Block)
        return both and one.signature == other.signature and one.shape[:-1] == other.shape[:-1]
    if one.kind in ("input", "dense") or one.shape != other.shape:
        return False
    return operation(one) == operation(other) and set(besides(one)) == set(besides(other))


def boxes(block: Block, letters: Mapping[Any, str]) -> tuple[Group, ...] | None:
    """Return the layers of a block, where blocks that repeat in it are one; None if too many."""
    parts = _unfolded(block.stages, block.source)
    if len(parts) > SMALL:
        parts = _joined(parts)
    if len(parts) > MOST_BOXES:
        return None
    homes = {block.source.name: block.source.name}
    for part in parts:
        for stage in _stages(part):
            homes[stage.name] = part.key
    return tuple(
        replace(
            part,
            inputs=tuple(homes[name] for name in _stages(part)[0].inputs)
            if not isinstance(part.members[0], Block)
            else (homes[part.members[0].source.name],),
            letter=_letter(part.members[0], letters),
        )
        for part in parts
    )


def repeated(block: Block) -> list[Block]:
    """Return the blocks inside of a block that repeat there."""
    parts = _unfolded(block.stages, block.source)
    return [member for part in parts for member in part.members if isinstance(member, Block)]


def _stages(group: Group) -> list[Stage]:
    return [s for m in group.members for s in (m.stages if isinstance(m, Block) else (m,))]


def _unfolded(stages: Sequence[Stage], source: Stage, depth: int = 0) -> list[Group]:
    """Return the stages of a block, in order; repeating blocks on one of its branches are one."""
    inner, merge = stages[:-1], stages[-1]
    found: list[Group] = []
    for branch in _branches(inner):
        own = {stage.name for stage in branch}
        if depth < DEEPEST and sum(name in own for name in set(merge.inputs)) == 1:
            found += _along(branch, source, depth + 1)
        else:
            found += [Group((stage,)) for stage in branch]
    return [*found, Group((merge,))]


def _along(branch: Sequence[Stage], source: Stage, depth: int) -> Iterator[Group]:
    """Yield the stages between a source and the one end of a branch."""
    for _, run in groupby(trunk([source, *branch])[1:], lambda item: item.signature):
        members = tuple(run)
        first = members[0]
        if isinstance(first, Block) and len(members) > 1:
            yield Group(members)
            continue
        for item in members:
            if isinstance(item, Block):
                yield from _unfolded(item.stages, item.source, depth)
            else:
                yield Group((item,))


def _branches(stages: Sequence[Stage]) -> list[list[Stage]]:
    """Return stages apart where no way leads from one to the other, each part in order."""
    leaders = {stage.name: stage.name for stage in stages}

    def leader(name: str) -> str:
        while leaders[name] != name:
            leaders[name] = leaders[leaders[name]]
            name = leaders[name]
        return name

    for stage in stages:
        for name in stage.inputs:
            if name in leaders:
                leaders[leader(name)] = leader(stage.name)
    parts: dict[str, list[Stage]] = {}
    for stage in stages:
        parts.setdefault(leader(stage.name), []).append(stage)
    return list(parts.values())


def _joined(groups: Sequence[Group]) -> list[Group]:
    """Return groups of which equal layers directly behind each other are one."""
    uses: dict[str, int] = {}
    for group in groups:
        for stage in _stages(group):
            for name in stage.inputs:
                uses[name] = uses.get(name, 0) + 1
    found: list[Group] = []
    for group in groups:
        last = found[-1] if found else None
        if last is not None and _continues(last, group, uses):
            found[-1] = Group((*last.members, *group.members))
        else:
            found.append(group)
    return found


def _continues(last: Group, group: Group, uses: Mapping[str, int]) -> bool:
    one, other = last.members[-1], group.members[0]
    if isinstance(one, Block) or isinstance(other, Block):
        return False
    return other.inputs == (one.name,) and uses[one.name] == 1 and _alike(one, other)
