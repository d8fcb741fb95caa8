"""The stages of a training step: a layer, or several that work on each channel alone.

Images are innermost, `(C, ..., N)`. Normalisation, activation and pooling between two convolutions
are one stage, which half of the channels go through all the way on each of two threads.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from cnnviz.contract import Layer
from cnnviz.errors import CnnvizError
from cnnviz.graph import Node
from cnnviz.layers.activation import Activation, ReLU
from cnnviz.layers.pooling import MaxPooling2D
from cnnviz.ops.threads import share

if TYPE_CHECKING:
    from cnnviz.contract import Array, ModelWeights

    Named = dict[str, dict[str, Array]]

# Values of an input from which another thread pays. Each then takes half of the channels: a few at
# a time, in the cache of a core, take longer, as threads wait for the interpreter's lock after each
# call.
SHARED = 2**19
_CUTS = (ReLU(), Activation("relu"))


class Link(NamedTuple):
    """A layer of a node, without its activation, or that alone."""

    node: str
    layer: Layer
    inputs: tuple[str, ...]
    name: str  # of its output: the node's own name, if it is the last of the node


class Stage:
    """Links that follow one another.

    Attributes
    ----------
    links : list of Link
        One, or several that each take nothing but the output of the one before.
    inputs : tuple of str
    name : str
        Of the output.
    """

    def __init__(self, link: Link) -> None:
        self.links, self.inputs, self.name = [link], link.inputs, link.name
        self._ways: list[list[Any]] = []

    def add(self, link: Link) -> None:
        """Let one more follow."""
        self.links.append(link)
        self.name = link.name

    def forget(self) -> None:
        """Let go what `forward` has kept for the way back."""
        self._ways = []

    def forward(self, weights: ModelWeights, *xs: Array, **settings: Any) -> tuple[Array, Named]:
        """Return the output and new statistics by node; `settings` are `forward_innermost`'s."""
        self._groups = _groups(xs[0], self.links)

        def work(group: slice) -> tuple[Array, list[Any], Named]:
            taken, ways, statistics = [x[group] for x in xs], [], {}
            for node, layer, *_ in self.links:
                own = {name: of[..., group] for name, of in weights.get(node, {}).items()}
                try:
                    y, way, found = layer.forward_innermost(own, *taken, **settings)
                except CnnvizError as error:
                    raise type(error)(f"{node}: {error.message}", hint=error.hint) from error
                taken = [y]
                ways.append(way)
                if found:
                    statistics[node] = found
            return y, ways, statistics

        ys, self._ways, found = zip(*share(work, self._groups), strict=True)
        return _joined(ys), _beside(found)

    def backward(self, gradient: Array, *, of_inputs: bool) -> tuple[tuple[Array, ...], Named]:
        """Return the gradients of inputs, and of weights by node; once after each `forward`."""
        ways, self._ways = self._ways, []

        def work(index: int) -> tuple[tuple[Array, ...], Named]:
            made, found = (gradient[self._groups[index]],), {}
            for place in range(len(self.links) - 1, -1, -1):
                way = ways[index].pop()
                made, own = way(made[0], of_inputs=of_inputs or place > 0)
                if own:
                    found[self.links[place].node] = own
            return made, found

        inputs, found = zip(*share(work, range(len(self._groups))), strict=True)
        return tuple(map(_joined, zip(*inputs, strict=True))), _beside(found)


def stages(nodes: Sequence[Node]) -> list[Stage]:
    """Return the stages of nodes of a graph, in their order."""
    links = [link for node in nodes for link in _links(node)]
    takers = Counter(name for link in links for name in link.inputs)
    _pool_first(links, takers)
    found: list[Stage] = []
    for link in links:
        last = found[-1] if found else None
        if (
            last is not None
            and link.inputs == (last.name,)
            and takers[last.name] == 1
            and link.layer.apart
            and last.links[-1].layer.apart
        ):
            last.add(link)
        else:
            found.append(Stage(link))
    return found


def _pool_first(links: list[Link], takers: Counter[str]) -> None:
    """Let the largest values be cut off, where it would be the largest of those cut off: the same.

    So are gradients: what is 0 in a window passes none, and of what is above it nothing else wins.
    """
    for at, (cut, pool) in enumerate(pairwise(links)):
        follows = pool.inputs == (cut.name,) and takers[cut.name] == 1
        if follows and cut.layer in _CUTS and isinstance(pool.layer, MaxPooling2D):
            links[at] = pool._replace(inputs=cut.inputs, name=cut.name)
            links[at + 1] = cut._replace(inputs=(cut.name,), name=pool.name)


def _links(node: Node) -> Iterator[Link]:
    """Yield the layer of a node, and its activation as one of its own."""
    layer = node.layer
    name = getattr(layer, "activation", None)
    if name is None or isinstance(layer, Activation):
        yield Link(node.name, layer, node.inputs, node.name)
        return
    before = f"{node.name} before its activation"
    yield Link(node.name, replace(layer, activation=None), node.inputs, before)  # type: ignore[call-arg]
    yield Link(node.name, Activation(name), (before,), node.name)


def _groups(x: Array, links: list[Link]) -> list[slice]:
    """Return the channels that go through together."""
    if not links[0].layer.apart or x.size < SHARED or len(x) < 2:
        return [slice(None)]
    half = len(x) // 2
    return [slice(0, half), slice(half, len(x))]


def _joined(parts: Sequence[Array]) -> Array:
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def _beside(parts: Sequence[Named]) -> Named:
    """Return arrays of some channels each, channels last, side by side."""
    first, *others = parts
    if not others:
        return first
    return {
        node: {name: np.concatenate([part[node][name] for part in parts], axis=-1) for name in own}
        for node, own in first.items()
    }
