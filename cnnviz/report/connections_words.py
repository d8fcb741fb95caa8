"""What is said of a layer's connections, in plain ASCII."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from cnnviz.geometry import Shape, times
from cnnviz.report.connections_wiring import Wiring


def noun(one: Wiring) -> str:
    """Return what a layer is called."""
    return {
        "dense": "dense layer",
        "conv": f"{len(one.inputs)}-D convolution",
        "local": "locally connected layer",
        "covering": "convolution over the whole input",
    }[one.kind]


def said(one: Wiring) -> str:
    """Return who reads what in a layer, and what is shared."""
    outputs, weights = prod(one.outputs), plural(one.weights, "weight")
    if one.kind == "covering":
        return f"{plural(outputs, 'filter')} as large as the input, at its only place"
    reads = plural(one.reads, "input")
    if one.kind == "dense" and one.reads > 1:
        reads = f"all {reads}"
    if outputs == 1:
        return f"the one output reads {reads}"
    if one.own:
        unshared = " (unshared)" if one.kind == "local" else ""
        return f"each output reads {reads} by weights of its own{unshared}"
    return f"each output reads {reads} by the same {weights}"


def headline(wirings: Sequence[Wiring]) -> str:
    """Return what the layers need, in a sentence."""
    parts = [
        f"{noun(one)} {one.params:,}{' parameters' * (place == 0)}"
        for place, one in enumerate(wirings)
    ]
    return f"{inputs_words(wirings[0].inputs)}: {', '.join(parts)}"


def inputs_words(grid: Shape) -> str:
    """Return how many inputs there are: `4 inputs`, `4x4 inputs`."""
    return f"{times(grid)} input{'s' * (prod(grid) > 1)}"


def plural(count: int, word: str) -> str:
    """Return a count and what is counted.

    >>> plural(1, "weight"), plural(2000, "weight")
    ('1 weight', '2,000 weights')
    """
    return f"{count:,} {word}{'s' * (count != 1)}"
