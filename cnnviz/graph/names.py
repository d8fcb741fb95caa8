"""Default names of layers: `conv1`, `conv2`, `pool1`, `flatten`, `dense1`."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import fields

from cnnviz.contract import Layer
from cnnviz.graph.graph import check_name


def named(layers: Iterable[tuple[str | None, Layer]]) -> list[tuple[str, Layer]]:
    """Give each layer without a name its default one, which no other layer has.

    A layer without settings is numbered from its second on.

    >>> from cnnviz.layers import find
    >>> conv, flatten = find("Conv2D")(8, 3), find("Flatten")()
    >>> [name for name, _ in named([(None, conv), ("conv2", conv), (None, conv), (None, flatten)])]
    ['conv1', 'conv2', 'conv3', 'flatten']
    """
    pairs = list(layers)
    for name, _ in pairs:
        if name is not None:
            check_name(name, "layer")
    taken = {name for name, _ in pairs if name is not None}
    numbers: dict[str, int] = defaultdict(int)
    result = []
    for given, layer in pairs:
        name, base = given, stem(layer)
        while name is None:
            numbers[base] += 1
            bare = numbers[base] == 1 and not fields(layer)
            free = base if bare else f"{base}{numbers[base]}"
            name = None if free in taken else free
        result.append((name, layer))
    return result


def stem(layer: Layer) -> str:
    """Return the last word of a layer's class name: `pool` for `MaxPooling2D`."""
    name = re.sub(r"\dD", "", type(layer).__name__)
    words = re.search(r"[A-Z][a-z]+$", name)
    word = (words[0] if words else name).lower()
    return {"pooling": "pool", "padding": "pad"}.get(word, word)
