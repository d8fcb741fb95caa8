"""Layers that repeat behind each other, such as pairs of depthwise and 1x1 convolutions, as blocks.

Only what stays at one size is found, at least `LEAST` times: convolutions and poolings that make
the maps smaller in turns are the picture that everyone knows, and stay apart. What has been found
is then a block wherever it stands.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cnnviz.report.architecture_stages import Block, Item, Stage

LEAST = 3  # repetitions that make a block of it
LONGEST = 8  # layers of a chain that is looked for

Chain = tuple[Any, ...]  # the signatures of its stages


def with_chains(items: Sequence[Item]) -> list[Item]:
    """Return a trunk in which each chain of layers that repeats somewhere is a block.

    >>> from cnnviz.model.load import load_graph
    >>> from cnnviz.report.architecture import architecture
    >>> spec = "DepthwiseConv2D(3, padding='same') Conv2D(4, 1)"
    >>> [c.name for c in architecture(load_graph(spec * 3, input_shape=(8, 8, 4))).columns]
    ['input', 'conv1–6']
    """
    found = list(items)
    signs = [item.signature if isinstance(item, Stage) else None for item in items]
    while chains := _repeating(found, signs):
        # The one that most layers are of; of as many the shorter one, then the first.
        best = max(chains, key=lambda chain: (len(_places(signs, chain)) * len(chain), -len(chain)))
        for place in reversed(_places(signs, best)):
            end = place + len(best)
            stages = tuple(item for item in found[place:end] if isinstance(item, Stage))
            before = found[place - 1]
            source = before.stages[-1] if isinstance(before, Block) else before
            found[place:end], signs[place:end] = [Block(source, stages)], [None]
    return found


def _repeating(items: Sequence[Item], signs: Sequence[Any]) -> list[Chain]:
    """Return the chains that repeat behind each other with maps of one size."""
    found: dict[Chain, None] = {}
    for place in range(1, len(items)):  # behind the input
        for length in range(2, LONGEST + 1):
            end = place + length
            chain = tuple(signs[place:end])
            if place + LEAST * length > len(items) or None in chain or _is_power(chain):
                continue
            ends = range(end, end + LEAST * length, length)  # behind each repetition
            alike = all(tuple(signs[at - length : at]) == chain for at in ends)
            if alike and len({items[at - 1].shape[:-1] for at in ends}) == 1:
                found[chain] = None
    return list(found)


def _is_power(chain: Chain) -> bool:
    """Tell whether a chain is a shorter one several times."""
    whole = len(chain)
    parts = (part for part in range(1, whole) if whole % part == 0)
    return any(chain == chain[:part] * (whole // part) for part in parts)


def _places(signs: Sequence[Any], chain: Chain) -> list[int]:
    """Return where a chain stands, from the left, without overlaps."""
    found, place, length = [], 1, len(chain)
    while place + length <= len(signs):
        if tuple(signs[place : place + length]) == chain:
            found.append(place)
            place += length
        else:
            place += 1
    return found
