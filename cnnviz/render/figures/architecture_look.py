"""The colours and the words of a picture of a network."""

from __future__ import annotations

import re

from cnnviz.contract import Unknown
from cnnviz.render.numbers import count, number
from cnnviz.render.theme import Theme, mixed
from cnnviz.report.architecture_groups import Group

MOST_EXACT = 10**12  # parameters up to which every digit is written
KINDS = {
    "convolution": "convolution",
    "block": "block",
    "local": "locally connected",
    "pooling": "pooling",
    "dense": "dense",
    "input": "input",
    "merge": "merging",
    "shape": "reshaping",
    "other": "other",
}


def colour(theme: Theme, kind: str) -> str:
    """Return the colour of a kind of stage, by its role."""
    roles = {
        "convolution": theme.map,
        "block": mixed(theme.map, theme.text, 0.45),
        "local": theme.kernel,
        "pooling": theme.pool,
        "dense": theme.dense,
    }
    return roles.get(kind, theme.input)


def operation(group: Group) -> str:
    """Return what a group does, and how often, with the signs of print."""
    text = typeset(group.operation)
    return f"{text} ×{group.count}" if group.count > 1 else text


def typeset(text: str) -> str:
    """Return words of ours with the sign of multiplication between numbers."""
    return re.sub(r"(?<=\d)x(?=\d)| x(?=\d)", lambda m: m[0].replace("x", "×"), text)


def amount(value: int | Unknown) -> str:
    """Return a number of parameters, nothing where there are none."""
    if isinstance(value, str):
        return value
    if value > MOST_EXACT:
        return number(value)
    return count(value) if value else ""
