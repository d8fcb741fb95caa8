"""Layers gathered by their names into as few blocks as a figure has room for."""

from __future__ import annotations

import re
from collections.abc import Sequence

Block = tuple[str, list[int]]


def grouped(names: Sequence[str], most: int) -> list[Block]:
    """Return blocks of names, each with the places of its own, in order of their first.

    Up to `most` names stand for themselves. More are gathered by what they begin with, as finely as
    there is room: the parts of a name end at `/` or `.`, or else also at `_`. Names without such
    parts are gathered into runs of equal length.

    >>> grouped(["conv1", "a/1x1", "a/3x3", "b/1x1"], 3)
    [('conv1', [0]), ('a', [1, 2]), ('b', [3])]
    >>> [name for name, _ in grouped([f"conv{i}" for i in range(6)], 3)]
    ['conv0 … conv1', 'conv2 … conv3', 'conv4 … conv5']
    """
    if len(names) <= most:
        return [(name, [place]) for place, name in enumerate(names)]
    for signs in ("[/.]", "[/._]"):
        cuts = [[found.start() for found in re.finditer(signs, name)] for name in names]
        for depth in range(max(map(len, cuts)), 0, -1):
            blocks = _by_beginning(names, cuts, depth)
            if len(blocks) <= most:
                return blocks
    length = -(-len(names) // most)
    runs = [list(range(len(names)))[i : i + length] for i in range(0, len(names), length)]
    return [(_span(names[run[0]], names[run[-1]]), run) for run in runs]


def _by_beginning(names: Sequence[str], cuts: Sequence[list[int]], depth: int) -> list[Block]:
    blocks: dict[str, list[int]] = {}
    for place, (name, own) in enumerate(zip(names, cuts, strict=True)):
        cut = own[min(depth, len(own)) - 1] if own else len(name)
        blocks.setdefault(name[:cut] or name, []).append(place)
    return list(blocks.items())


def _span(first: str, last: str) -> str:
    return first if first == last else f"{first} … {last}"
